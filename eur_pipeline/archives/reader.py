"""Reads an archive record by record, in bounded memory, trusting nothing in it.

What a record is the dialect says; where records go afterwards is the lake's business.
"""

import datetime as dt
from collections.abc import Iterator
from typing import BinaryIO, cast

from lxml import etree

from eur_pipeline.archives.dialect import Dialect
from eur_pipeline.archives.extract import Extractor, FieldError
from eur_pipeline.archives.record import Record, Reject
from eur_pipeline.errors import UnreadableArchiveError

RAW_BYTES = 4096
# A record's tree is in memory as a whole, and empty elements take many times their size in a file.
RECORD_BYTES = 2 * 1024 * 1024
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
) -> Iterator[Record | Reject]:
    """Every record in the archive, in order; UnreadableArchiveError says where that ended early.

    Bare numbers of `extension_length` digits (None: of any) get the presence domain. Where it is
    known when the archive was uploaded, a record sent over a day later is a reject.
    """
    not_after = None if uploaded is None else uploaded.astimezone(dt.UTC) + _CLOCKS_APART
    extractor = Extractor(dialect, presence_domain, extension_length, not_after)
    ordinal = 0
    try:
        for element in _record_elements(source, dialect):
            ordinal += 1
            yield _read(extractor, element, ordinal)
    except etree.XMLSyntaxError as error:
        raise UnreadableArchiveError(_syntax_reason(error), ordinal) from None
    except UnreadableArchiveError as error:
        error.records_before = ordinal
        raise


def root_of(source: BinaryIO) -> str:
    """The name of the root element as `{namespace}name`; raises UnreadableArchiveError."""
    try:
        for _, root in _events(source):
            return str(root.tag)
    except etree.XMLSyntaxError as error:
        raise UnreadableArchiveError(_syntax_reason(error)) from None
    raise UnreadableArchiveError("expected an XML document, found no element")


class _Bounded:
    """A source that ends with an error where one record takes too many bytes.

    Attributes:
        held: Bytes since the reader last held no record; the reader sets it back.
    """

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self.held = 0

    def read(self, size: int) -> bytes:
        """The next bytes."""
        content = self._source.read(size)
        self.held += len(content)
        if self.held > RECORD_BYTES:
            raise UnreadableArchiveError(
                f"expected records of at most {RECORD_BYTES:,} bytes, found a longer one"
            )
        return content


def _events(source: BinaryIO | _Bounded) -> Iterator[tuple[str, etree._Element]]:
    events: Iterator[tuple[str, etree._Element]] = etree.iterparse(
        source,
        events=("start", "end"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    return events


def _record_elements(source: BinaryIO, dialect: Dialect) -> Iterator[etree._Element]:
    """Every element that is a record, complete; it and all others are forgotten afterwards."""
    bounded = _Bounded(source)
    tags: list[str] = []
    below_root, found = -1, False
    record: etree._Element | None = None
    for event, element in _events(bounded):
        if record is None:
            bounded.held = 0
        if event == "start":
            tags.append(element.tag)
            below_root += 1
            if len(tags) == 1:
                _check_root(element, dialect)
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


def _read(extractor: Extractor, element: etree._Element, ordinal: int) -> Record | Reject:
    try:
        return extractor.record(element, ordinal)
    except FieldError as error:
        return _reject(element, ordinal, error.field, str(error))
    except (ValueError, etree.LxmlError):
        return _reject(element, ordinal, "record", _EVALUATION_FAILED)


def _reject(element: etree._Element, ordinal: int, field: str, reason: str) -> Reject:
    raw = etree.tostring(element, encoding="utf-8", with_tail=False)[:RAW_BYTES]
    return Reject(ordinal, _line(element), field, reason, raw.decode(errors="ignore"))


def _line(element: etree._Element) -> int | None:
    """Where the element begins; None where libxml2, which counts no further, does not know."""
    line = cast(int | None, element.sourceline)
    return line if line is not None and line < _LAST_LINE_COUNTED else None


def _syntax_reason(error: etree.XMLSyntaxError) -> str:
    """What is wrong where; libxml2's own words are left out, since they can quote the archive."""
    entry = error.error_log.last_error  # type: ignore[attr-defined]
    if not error.lineno or entry is None:
        return "expected an XML document, found no element (the file is empty)"
    name = entry.type_name.removeprefix("ERR_").replace("_", " ").lower()
    return f"not well-formed XML, or cut off, at line {error.lineno} ({name})"
