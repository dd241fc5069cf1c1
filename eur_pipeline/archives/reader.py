"""Reads an archive record by record, in bounded memory, trusting nothing in it.

What a record is the dialect says; where records go afterwards is the lake's business.
"""

import datetime as dt
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import BinaryIO, cast

from lxml import etree

from eur_pipeline.archives import prosody
from eur_pipeline.archives.containers import Contents, Document, Readable, documents, in_member
from eur_pipeline.archives.dialect import Dialect
from eur_pipeline.archives.elements import (
    NotWellFormedError,
    record_elements,
    root_element,
    whole_element,
)
from eur_pipeline.archives.extract import Extractor
from eur_pipeline.archives.limits import DEFAULT_LIMITS, Limits
from eur_pipeline.archives.names import Names
from eur_pipeline.archives.presence import Presence
from eur_pipeline.archives.prosody import Damage
from eur_pipeline.archives.record import RAW_BYTES, Record, Reject
from eur_pipeline.archives.surroundings import ALONE, Surroundings
from eur_pipeline.archives.view import FieldError
from eur_pipeline.errors import UnreadableArchiveError

_LAST_LINE_COUNTED = 65_535
# What libxml2 finds where it takes bytes for other characters than they are.
_OF_ANOTHER_ENCODING = ("ERR_DOCUMENT_EMPTY", "ERR_XMLDECL_NOT_FINISHED")
# Without a prefix, and in UTF-16 once the zeros are gone.
_TAG_NAME = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)")
# Fixed: what a library says of a failure can quote what people wrote.
_EVALUATION_FAILED = (
    "expected a record that the dialect's XPaths can be evaluated on, found one where they fail; "
    "correct the dialect, then read the archive again"
)


@dataclass(frozen=True, slots=True)
class Before:
    """What has been read where a source goes on with an archive.

    Attributes:
        records: Records of the archive.
        around: What belongs to the archive and is not in the source.
        lines: Line ends of the document that are not in the source.
        found: Whether there were records in the document.
        names: The names in the document so far.
    """

    records: int = 0
    lines: int = 0
    found: bool = False
    around: Surroundings = ALONE
    names: Names = field(default_factory=Names)


def read_archive(
    source: BinaryIO,
    dialect: Dialect,
    *,
    presence_domain: str | None,
    extension_length: int | None = None,
    uploaded: dt.datetime | None = None,
    limits: Limits = DEFAULT_LIMITS,
    contents: Contents | None = None,
    surroundings: Surroundings = ALONE,
) -> Iterator[Record | Reject]:
    """Every record in the archive, in order; UnreadableArchiveError says where that ended early.

    The archive is an XML document, or a container of such; records are numbered through all of
    them, and `contents` counts what there was. Bare numbers of `extension_length` digits (None: of
    any) get the presence domain. Where it is known when the archive was uploaded, a record far from
    that is a reject, as the limits say. A dialect with `participants` is read twice: source and
    companion must be seekable.
    """
    extractor = partial(
        extractor_of,
        dialect,
        presence_domain=presence_domain,
        extension_length=extension_length,
        uploaded=uploaded,
        limits=limits,
    )
    presence = None
    if dialect.participants is not None:
        beginning = source.tell()
        items = _items(source, dialect, extractor(), limits, surroundings)
        presence = Presence((item for item in items if isinstance(item, Record)), limits)
        source.seek(beginning)
        surroundings.rewind()
    last = extractor(presence=presence)
    yield from _items(source, dialect, last, limits, surroundings, contents)


def extractor_of(
    dialect: Dialect,
    *,
    presence_domain: str | None,
    extension_length: int | None,
    uploaded: dt.datetime | None,
    limits: Limits,
    presence: Presence | None = None,
) -> Extractor:
    """What makes records of elements, for one archive."""
    times = limits.times(uploaded)
    return Extractor(dialect, presence_domain, extension_length, times, presence)


def _items(
    source: BinaryIO,
    dialect: Dialect,
    extractor: Extractor,
    limits: Limits,
    surroundings: Surroundings,
    contents: Contents | None = None,
) -> Iterator[Record | Reject]:
    ordinal = 0
    try:
        for document in documents(source, partial(is_of, dialect), limits, contents):
            before = Before(ordinal, around=surroundings)
            for item in read_document(document, dialect, extractor, limits, before):
                ordinal = item.ordinal
                yield item
    except UnreadableArchiveError as error:
        error.records_before = ordinal
        raise


def read_document(
    document: Document, dialect: Dialect, extractor: Extractor, limits: Limits, before: Before
) -> Iterator[Record | Reject]:
    """Every record of one document, in order; raises UnreadableArchiveError."""
    ordinal = before.records
    with in_member(document.member), explained(before.lines):
        for found in _found(document.source, dialect, limits, before):
            if not isinstance(found, Damage) and extractor.ignores(found):
                continue
            ordinal += 1
            yield _read(extractor, found, ordinal, document.member, before.lines)


def _found(
    source: Readable, dialect: Dialect, limits: Limits, before: Before
) -> Iterator[etree._Element | Damage]:
    """Everything that is, or ought to be, a record."""
    if dialect.layout is None:
        return record_elements(source, dialect, limits, found=before.found, names=before.names)
    if before.around.companion is None:
        raise UnreadableArchiveError(
            f"expected the file that ends in {dialect.companion_suffix} beside it, found none; "
            f"bring both files"
        )
    parse = partial(whole_element, dialect=dialect, limits=limits, names=before.names)
    index, path = before.around.companion, before.around.path
    return prosody.results(source, index, path, parse, limits.record_bytes)


def root_of(source: Readable) -> str:
    """The name of the root element as `{namespace}name`; raises UnreadableArchiveError."""
    with explained():
        root = root_element(source)
    if root is not None:
        return str(root.tag)
    raise UnreadableArchiveError("expected an XML document, found no element")


def xml_documents(source: BinaryIO, limits: Limits = DEFAULT_LIMITS) -> Iterator[Document]:
    """All documents, of whatever dialect; raises UnreadableArchiveError."""
    return documents(source, _has_root, limits)


def roots_in(source: BinaryIO, limits: Limits = DEFAULT_LIMITS) -> Iterator[str]:
    """The names of the root elements of all documents; raises UnreadableArchiveError."""
    for document in xml_documents(source, limits):
        with in_member(document.member):
            yield root_of(document.source)


def _has_root(head: bytes) -> bool:
    try:
        return bool(root_of(io.BytesIO(head)))
    except UnreadableArchiveError:
        return False


def is_of(dialect: Dialect, head: bytes) -> bool:
    """Whether a document that begins so can be one of the dialect.

    Where no parser understands the beginning, it is a damaged one if it has the tag of such a root.
    """
    try:
        return dialect.accepts_root(root_of(io.BytesIO(head)))
    except UnreadableArchiveError:
        names = {name.decode() for name in _TAG_NAME.findall(head.replace(b"\0", b""))}
        return not names.isdisjoint(dialect.root_names)


def _read(
    extractor: Extractor,
    element: etree._Element | Damage,
    ordinal: int,
    member: str | None,
    lines: int,
) -> Record | Reject:
    if isinstance(element, Damage):
        reason, offset = element.reason, element.offset
        return Reject(ordinal, None, "record", reason, element.raw, member, offset)
    try:
        return extractor.record(element, ordinal)
    except FieldError as error:
        field, reason = error.field, str(error)
    except (ValueError, etree.LxmlError):
        field, reason = "record", _EVALUATION_FAILED
    return Reject(ordinal, _line(element, lines), field, reason, _raw(element), member)


def _raw(element: etree._Element) -> str:
    raw = etree.tostring(element, encoding="utf-8", with_tail=False)[:RAW_BYTES]
    return raw.decode(errors="ignore")


def _line(element: etree._Element, lines_before: int) -> int | None:
    """Where the element begins; None where libxml2, which counts no further, does not know."""
    line = cast(int, element.sourceline or _LAST_LINE_COUNTED) + lines_before
    return line if line < _LAST_LINE_COUNTED else None


@contextmanager
def explained(lines_before: int = 0) -> Iterator[None]:
    """Turn libxml2's errors in the block into UnreadableArchiveError."""
    try:
        yield
    except etree.XMLSyntaxError as error:
        entry = error.error_log.last_error  # type: ignore[attr-defined]
        line = error.lineno or (entry.line if entry else 0)
        raise UnreadableArchiveError(_syntax_reason(entry, line + lines_before)) from None
    except NotWellFormedError as error:
        line = error.entry.line + lines_before
        raise UnreadableArchiveError(_syntax_reason(error.entry, line)) from None


def _syntax_reason(entry: etree._LogEntry | None, line: int) -> str:
    """What is wrong where; libxml2's own words are left out, since they can quote the archive."""
    if entry is None:
        return "expected an XML document, found no element (the file is empty)"
    name = entry.type_name.removeprefix("ERR_").replace("_", " ").lower()
    if entry.type_name in _OF_ANOTHER_ENCODING:
        name += "; perhaps in another encoding than it declares"
    return f"not well-formed XML, or cut off, at line {line} ({name})"
