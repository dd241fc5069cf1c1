"""Finds the elements of an XML document that are records, in bounded memory.

What is read from such an element is the extractor's business, how many there are the reader's.
"""

import io
from collections.abc import Iterator
from enum import Enum
from typing import Any

from lxml import etree

from eur_pipeline.archives.containers import Readable
from eur_pipeline.archives.dialect import Dialect
from eur_pipeline.archives.limits import Limits
from eur_pipeline.archives.names import Names
from eur_pipeline.errors import UnreadableArchiveError

_XINCLUDE = "{http://www.w3.org/2001/XInclude}"
_CHUNK_BYTES = 32 * 1024


class NotWellFormedError(Exception):
    """What lxml does not raise: after an unknown entity it takes what follows for a new document.

    Attributes:
        entry: What libxml2 says of it.
    """

    def __init__(self, entry: etree._LogEntry) -> None:
        super().__init__(entry.type_name)
        self.entry = entry


def record_elements(
    source: Readable,
    dialect: Dialect,
    limits: Limits,
    *,
    found: bool = False,
    names: Names | None = None,
) -> Iterator[etree._Element]:
    """Every element that is a record, complete; it and all others are forgotten afterwards.

    `found` says that there were records before, in what the source leaves out, and `names` which
    names. Raises UnreadableArchiveError, NotWellFormedError, and libxml2's XMLSyntaxError.
    """
    bounded = _Bounded(source, limits)
    way, passed = _Way(dialect, limits, found=found), _Passed()
    held, role = None, _Role.OTHER
    for event, element in _bounded_events(bounded, limits, names or Names()):
        if held is None:
            bounded.held = 0
        if event == "start":
            way.enter(element)
            if held is None and (role := way.role()) is not _Role.OTHER:
                held = element
            continue
        way.leave()
        if element is held:
            held = None
            if role is _Role.RECORD:
                yield element
            passed.leave(element, keep=role is _Role.ENVELOPE)
        elif held is None:
            passed.leave(element)
    way.check_found()


def every_element(
    source: Readable, limits: Limits
) -> Iterator[tuple[etree._Element, tuple[str, ...]]]:
    """Every element as it ends, with the names from the root to it; forgotten afterwards.

    Its children are forgotten before. Raises as `record_elements` does.
    """
    bounded, passed = _Bounded(source, limits), _Passed()
    tags: list[str] = []
    for event, element in _bounded_events(bounded, limits, Names()):
        bounded.held = 0
        if event == "end":
            yield element, tuple(tags)
            tags.pop()
            passed.leave(element)
            continue
        tags.append(element.tag)
        if len(tags) == 1:
            _refuse_doctype(element)
        _check_element(element, len(tags), limits)


def whole_element(content: bytes, dialect: Dialect, limits: Limits, names: Names) -> etree._Element:
    """The one record that the bytes are; raises ValueError where they are none, or more.

    `names` are those of the whole document. What no archive may have raises UnreadableArchiveError
    here too.
    """
    root, depth = None, 0
    try:
        for event, element in _bounded_events(io.BytesIO(content), limits, names):
            depth += 1 if event == "start" else -1
            if root is None:
                root = element
                _refuse_doctype(root)
            _check_element(element, depth, limits)
    except (etree.XMLSyntaxError, NotWellFormedError):
        raise ValueError("not well-formed XML, or more than one element") from None
    if root is None or not dialect.accepts_root(root.tag):
        raise ValueError("another element")
    return root


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


def root_element(source: Readable) -> etree._Element | None:
    """The root, as its start tag has it, or None; raises as `record_elements` does."""
    return next((element for event, element in _events(source) if event == "start"), None)


def _bounded_events(
    source: Readable, limits: Limits, names: Names
) -> Iterator[tuple[str, etree._Element]]:
    """Starts and ends of elements, while there are not too many names."""
    for event, found in _events(source):
        if event == "start-ns":
            prefix, uri = found
            names.meet_namespace(prefix, uri, limits)
            continue
        if event == "start":
            names.meet(found, limits)
        yield event, found


def _events(source: Readable) -> Iterator[tuple[str, Any]]:
    """Starts and ends of elements, and namespaces as prefix and URI.

    Nothing that the document names is opened or expanded.
    """
    # Some errors come without a place, and with the last that this thread saw.
    etree.clear_error_log()
    parser: etree.XMLPullParser = etree.XMLPullParser(
        events=("start", "end", "start-ns"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    fault: Exception | None = None
    while fault is None and (content := source.read(_CHUNK_BYTES)):
        fault = _fault_after(parser, content)
        yield from parser.read_events()
    if fault is not None:
        raise fault
    parser.close()
    yield from parser.read_events()


def _fault_after(parser: etree.XMLPullParser, content: bytes) -> Exception | None:
    """What is wrong with what was fed, as far as that shows."""
    try:
        parser.feed(content)
    except etree.XMLSyntaxError as error:
        return error
    fatal = parser.feed_error_log.filter_from_fatals()
    return NotWellFormedError(fatal[0]) if fatal else None


class _Role(Enum):
    RECORD = 1
    ENVELOPE = 2
    OTHER = 3


class _Way:
    """The elements from the root to where the reader is."""

    def __init__(self, dialect: Dialect, limits: Limits, *, found: bool) -> None:
        self._dialect = dialect
        self._limits = limits
        self._tags: list[str] = []
        self._below_root = -1
        self._found = found

    def enter(self, element: etree._Element) -> None:
        """One further; raises UnreadableArchiveError on what no archive may have."""
        self._tags.append(element.tag)
        self._below_root += 1
        _check_start(element, self._tags, self._dialect, self._limits)

    def role(self) -> _Role:
        """What the element is that was entered."""
        if any(path.matches(self._tags) for path in self._dialect.envelope_paths):
            return _Role.ENVELOPE
        if any(path.matches(self._tags) for path in self._dialect.record_paths):
            self._found = True
            return _Role.RECORD
        return _Role.OTHER

    def leave(self) -> None:
        """One back."""
        self._tags.pop()

    def check_found(self) -> None:
        """Raise UnreadableArchiveError where there was something, but no record."""
        dialect = self._dialect
        if self._below_root and dialect.records_expected and not self._found:
            raise UnreadableArchiveError(
                f"expected records at {' or '.join(dialect.records)}; found none among "
                f"{self._below_root:,} elements; correct `records` in dialect {dialect.name} "
                f"(where archives may well hold other things only: `records_expected: false`), "
                f"then read the archive again"
            )


class _Passed:
    """What has been read is forgotten, but for envelopes while the element around them lasts."""

    def __init__(self) -> None:
        self._kept: dict[etree._Element, dict[str, etree._Element]] = {}

    def leave(self, element: etree._Element, *, keep: bool = False) -> None:
        """Forget it and what is before it, or let those after it see it: of each name the last."""
        around = element.getparent()
        if keep and around is not None:
            self._kept.setdefault(around, {})[element.tag] = element
        else:
            self._kept.pop(element, None)
            # The element itself must stay while lxml parses; it goes when its next sibling ends.
            element.clear()
        if around is not None:
            self._forget_before(element, around)

    def _forget_before(self, element: etree._Element, around: etree._Element) -> None:
        kept = self._kept.get(around)
        if kept is None:
            while element.getprevious() is not None:
                del around[0]
            return
        for before in list(element.itersiblings(preceding=True)):
            if kept.get(before.tag) is not before:
                around.remove(before)


def _check_start(
    element: etree._Element, tags: list[str], dialect: Dialect, limits: Limits
) -> None:
    """Refuse what no element may be; `tags` are those around it, and its own."""
    if len(tags) == 1:
        _check_root(element, dialect)
    _check_element(element, len(tags), limits)


def _check_element(element: etree._Element, depth: int, limits: Limits) -> None:
    if depth > limits.element_depth:
        raise limits.exceeded("element_depth", "elements around each other")
    if element.tag.startswith(_XINCLUDE):
        raise UnreadableArchiveError(
            "expected an archive that includes no other file (XInclude), found an inclusion; "
            "nothing that an archive names is opened"
        )


def _check_root(root: etree._Element, dialect: Dialect) -> None:
    _refuse_doctype(root)
    if not dialect.accepts_root(root.tag):
        expected = ", ".join(path.steps[0] for path in dialect.record_paths)
        raise UnreadableArchiveError(
            f"expected the root element {expected} of dialect {dialect.name}, "
            f"found {root.tag:.80}; choose another dialect for it, or write one"
        )


def _refuse_doctype(root: etree._Element) -> None:
    # lxml has one as soon as there is any DOCTYPE, with declarations inside or elsewhere.
    if root.getroottree().docinfo.internalDTD is not None:
        raise UnreadableArchiveError(
            "expected an archive without a document type declaration (DOCTYPE), found one; "
            "it is refused because it can name other files and grow without bound"
        )
