"""Reads an archive record by record, in bounded memory, trusting nothing in it.

What a record is the dialect says; where records go afterwards is the lake's business.
"""

import datetime as dt
import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import BinaryIO, cast

from lxml import etree

from eur_pipeline.archives.containers import Contents, Readable, documents, in_member
from eur_pipeline.archives.dialect import Dialect
from eur_pipeline.archives.extract import Extractor, FieldError
from eur_pipeline.archives.limits import DEFAULT_LIMITS, Limits
from eur_pipeline.archives.record import Record, Reject
from eur_pipeline.errors import UnreadableArchiveError

RAW_BYTES = 4096
_XINCLUDE = "{http://www.w3.org/2001/XInclude}"
# How far a server's clock or time zone can be ahead of the one that stamps uploads.
_CLOCKS_APART = dt.timedelta(days=1)
_LAST_LINE_COUNTED = 65_535
# Fixed: what a library says of a failure can quote what people wrote.
_EVALUATION_FAILED = (
    "expected a record that the dialect's XPaths can be evaluated on, found one where they fail; "
    "correct the dialect, then read the archive again"
)


def read_archive(
    source: BinaryIO,
    dialect: Dialect,
    *,
    presence_domain: str | None,
    extension_length: int | None = None,
    uploaded: dt.datetime | None = None,
    limits: Limits = DEFAULT_LIMITS,
    contents: Contents | None = None,
) -> Iterator[Record | Reject]:
    """Every record in the archive, in order; UnreadableArchiveError says where that ended early.

    The archive is an XML document, or a container of such; records are numbered through all of
    them, and `contents` counts what there was. Bare numbers of `extension_length` digits (None: of
    any) get the presence domain. Where it is known when the archive was uploaded, a record sent
    over a day later is a reject.
    """
    not_after = None if uploaded is None else uploaded.astimezone(dt.UTC) + _CLOCKS_APART
    extractor = Extractor(dialect, presence_domain, extension_length, not_after)
    ordinal = 0
    try:
        for document in documents(source, partial(_is_of, dialect), limits, contents):
            with in_member(document.member), _explained():
                for element in _record_elements(document.source, dialect, limits):
                    ordinal += 1
                    yield _read(extractor, element, ordinal, document.member)
    except UnreadableArchiveError as error:
        error.records_before = ordinal
        raise


def root_of(source: Readable) -> str:
    """The name of the root element as `{namespace}name`; raises UnreadableArchiveError."""
    with _explained():
        for _, root in _events(source):
            return str(root.tag)
    raise UnreadableArchiveError("expected an XML document, found no element")


def roots_in(source: BinaryIO, limits: Limits = DEFAULT_LIMITS) -> Iterator[str]:
    """The names of the root elements of all documents; raises UnreadableArchiveError."""
    for document in documents(source, _has_root, limits):
        with in_member(document.member):
            yield root_of(document.source)


def _has_root(head: bytes) -> bool:
    try:
        return bool(root_of(io.BytesIO(head)))
    except UnreadableArchiveError:
        return False


def _is_of(dialect: Dialect, head: bytes) -> bool:
    """Whether a document that begins so can be one of the dialect."""
    try:
        return dialect.accepts_root(root_of(io.BytesIO(head)))
    except UnreadableArchiveError:
        return False


class _Bounded:
    """A source that ends with an error where one record takes too many bytes.

    Attributes:
        held: Bytes since the reader last held no record; the reader sets it back.
    """

    def __init__(self, source: Readable, limits: Limits) -> None:
        self._source = source
        self._limits = limits
        self.held = 0

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes."""
        content = self._source.read(size)
        self.held += len(content)
        if self.held > self._limits.record_bytes:
            raise self._limits.exceeded("record_bytes", "bytes in a record")
        return content


def _events(source: Readable) -> Iterator[tuple[str, etree._Element]]:
    events: Iterator[tuple[str, etree._Element]] = etree.iterparse(
        cast(BinaryIO, source),
        events=("start", "end"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    return events


def _record_elements(
    source: Readable, dialect: Dialect, limits: Limits
) -> Iterator[etree._Element]:
    """Every element that is a record, complete; it and all others are forgotten afterwards."""
    bounded = _Bounded(source, limits)
    tags: list[str] = []
    below_root, found = -1, False
    record: etree._Element | None = None
    for event, element in _events(bounded):
        if record is None:
            bounded.held = 0
        if event == "start":
            tags.append(element.tag)
            below_root += 1
            _check_start(element, tags, dialect, limits)
            if record is None and any(path.matches(tags) for path in dialect.record_paths):
                record, found = element, True
            continue
        tags.pop()
        if element is record:
            yield element
            record = None
        if record is None:
            _forget(element)
    _check_found(dialect, below_root, found=found)


def _check_start(
    element: etree._Element, tags: list[str], dialect: Dialect, limits: Limits
) -> None:
    """Refuse what no element may be; `tags` are those around it, and its own."""
    if len(tags) == 1:
        _check_root(element, dialect)
    if len(tags) > limits.element_depth:
        raise limits.exceeded("element_depth", "elements around each other")
    if tags[-1].startswith(_XINCLUDE):
        raise UnreadableArchiveError(
            "expected an archive that includes no other file (XInclude), found an inclusion; "
            "nothing that an archive names is opened"
        )


def _check_root(root: etree._Element, dialect: Dialect) -> None:
    # lxml has one as soon as there is any DOCTYPE, with declarations inside or elsewhere.
    if root.getroottree().docinfo.internalDTD is not None:
        raise UnreadableArchiveError(
            "expected an archive without a document type declaration (DOCTYPE), found one; "
            "it is refused because it can name other files and grow without bound"
        )
    if not dialect.accepts_root(root.tag):
        expected = ", ".join(path.steps[0] for path in dialect.record_paths)
        raise UnreadableArchiveError(
            f"expected the root element {expected} of dialect {dialect.name}, "
            f"found {root.tag:.80}; choose another dialect for it, or write one"
        )


def _check_found(dialect: Dialect, elements: int, *, found: bool) -> None:
    if elements and dialect.records_expected and not found:
        raise UnreadableArchiveError(
            f"expected records at {' or '.join(dialect.records)}; found none among {elements:,} "
            f"elements; correct `records` in dialect {dialect.name} (where archives may well hold "
            f"other things only: `records_expected: false`), then read the archive again"
        )


def _forget(element: etree._Element) -> None:
    # The element itself must stay while lxml parses; it goes when its next sibling ends.
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _read(
    extractor: Extractor, element: etree._Element, ordinal: int, member: str | None
) -> Record | Reject:
    try:
        return extractor.record(element, ordinal)
    except FieldError as error:
        field, reason = error.field, str(error)
    except (ValueError, etree.LxmlError):
        field, reason = "record", _EVALUATION_FAILED
    return Reject(ordinal, _line(element), field, reason, _raw(element), member)


def _raw(element: etree._Element) -> str:
    raw = etree.tostring(element, encoding="utf-8", with_tail=False)[:RAW_BYTES]
    return raw.decode(errors="ignore")


def _line(element: etree._Element) -> int | None:
    """Where the element begins; None where libxml2, which counts no further, does not know."""
    line = cast(int | None, element.sourceline)
    return line if line is not None and line < _LAST_LINE_COUNTED else None


@contextmanager
def _explained() -> Iterator[None]:
    """Turn libxml2's errors into ours."""
    try:
        yield
    except etree.XMLSyntaxError as error:
        raise UnreadableArchiveError(_syntax_reason(error)) from None


def _syntax_reason(error: etree.XMLSyntaxError) -> str:
    """What is wrong where; libxml2's own words are left out, since they can quote the archive."""
    entry = error.error_log.last_error  # type: ignore[attr-defined]
    if not error.lineno or entry is None:
        return "expected an XML document, found no element (the file is empty)"
    name = entry.type_name.removeprefix("ERR_").replace("_", " ").lower()
    return f"not well-formed XML, or cut off, at line {error.lineno} ({name})"
