"""Prosody's day files (mod_storage_xmlarchive): stanzas one after another, without a root element.

The index beside a day file says where each stanza lies and when it was archived; the names of file
and folder say whose archive it is. Each stanza is given as the XEP-0313 result that it stands for.
What it says is the dialect's business.
"""

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from pathlib import PurePosixPath
from typing import Protocol

from lxml import etree

from eur_pipeline.archives import values
from eur_pipeline.archives.containers import Readable
from eur_pipeline.archives.lua_index import Entry, IndexDamagedError, entries
from eur_pipeline.archives.record import RAW_BYTES

_RESULT = "{urn:xmpp:mam:2}result"
_FORWARDED = "{urn:xmpp:forward:0}forwarded"
_DELAY = "{urn:xmpp:delay}delay"

_DAY_FILE = re.compile(r"(.+)@[0-9]{4}-[0-9]{2}-[0-9]{2}", re.S)
# Archives of the host itself have no user.
_NO_USER = "@"
# Prosody writes every byte of a name but letters and digits as %xx: a domain shows it by its dot.
_ENCODED_DOT = "%2e"
_OF_A_ROOM = re.compile(r"(message|presence|iq)(<[a-z]+)?")
_PLAIN_TEXT = re.compile(r"[ -~]{1,64}")
_EPOCH_SECONDS = re.compile(r"[0-9]{9,10}(\.[0-9]{1,9})?")
# So many stanzas that were put in the place of others are kept in mind; others are out of order.
_MOST_MOVED = 100_000
_CHUNK = 64 * 1024


class Parse(Protocol):
    """Turns the bytes of one stanza into an element; raises ValueError where they are none."""

    def __call__(self, content: bytes) -> etree._Element:
        """The stanza."""


@dataclass(frozen=True, slots=True)
class Damage:
    """A part of the archive that ought to be a record, and is none.

    Attributes:
        raw: Its first bytes as text.
        offset: The first of these bytes, where that is known.
    """

    reason: str
    raw: str
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """What a day file's path says: the user or room, and the domain where a folder shows it."""

    user: str
    domain: str

    @classmethod
    def of(cls, path: str) -> "_Place":
        *folders, name = PurePosixPath(path).parts or ("",)
        day_file = _DAY_FILE.fullmatch(values.percent_decoded(PurePosixPath(name).stem))
        host = folders[-2] if len(folders) > 1 else ""
        return cls(
            user=day_file[1] if day_file and day_file[1] != _NO_USER else "",
            domain=values.percent_decoded(host) if _ENCODED_DOT in host.lower() else "",
        )

    def owner(self, stanza: etree._Element, entry: Entry) -> str:
        """Whose archive it is; empty where nothing says it."""
        if self.domain and self.user:
            return f"{self.user}@{self.domain}"
        sides = [values.bare_address(stanza.get(side, "")) for side in ("to", "from")]
        sides.sort(key=lambda address: address == entry.with_)
        of_user = (side for side in sides if side.partition("@")[0] == self.user)
        return next(of_user, self.user or self.domain)


def results(
    source: Readable,
    index: Readable,
    path: str,
    parse: Parse,
    longest: int,
) -> Iterator[etree._Element | Damage]:
    """Every stanza that the index tells of, in order, and what is damaged.

    A stanza stands in `result/forwarded` beside `delay`, as in XEP-0313; the result's attributes
    `owner` and, unless it is a room's archive, `account` say whose archive it is. A stanza of over
    `longest` bytes counts as damage.
    """
    place = _Place.of(path)
    day = _DayFile(source, longest)
    try:
        for entry, is_replaced in _in_order(entries(index)):
            gap = day.skip_to(entry.offset)
            if gap is not None:
                yield gap
            stanza = day.stanza(entry, parse, blank=is_replaced)
            if isinstance(stanza, Damage):
                yield stanza
            elif stanza is not None:
                yield _result(stanza, entry, place)
        rest = day.rest("expected an entry of the index for these bytes, found none")
    except IndexDamagedError as error:
        rest = Damage(f"{error}, found something else: what follows is not read", "")
    if rest is not None:
        yield rest


def _in_order(found: Iterable[Entry]) -> Iterator[tuple[Entry, bool]]:
    """All entries as their stanzas lie in the file, and whether another stanza replaces it.

    A stanza that replaces one is written at the file's end, and its entry stays where it was.
    """
    moved: list[tuple[int, int, Entry, bool]] = []
    number = count()
    for entry in found:
        *newer, first = _versions(entry)
        for version, replacing in enumerate(newer):
            heappush(moved, (replacing.offset or 0, next(number), replacing, version > 0))
        while moved and (len(moved) > _MOST_MOVED or moved[0][0] < (first.offset or 0)):
            yield heappop(moved)[2:]
        yield first, bool(newer)
    while moved:
        yield heappop(moved)[2:]


def _versions(entry: Entry) -> Iterator[Entry]:
    """The newest first."""
    version: Entry | None = entry
    while version is not None:
        yield version
        version = version.replaces


class _DayFile:
    """The stanzas' file, read once and forwards."""

    def __init__(self, source: Readable, longest: int) -> None:
        self._source = source
        self._longest = longest
        self._position = 0

    def skip_to(self, offset: int | None) -> Damage | None:
        """Go there; what lies between and is not white space is damage."""
        if offset is None or offset <= self._position:
            return None
        return self._skip(offset, "expected an entry of the index for these bytes, found none")

    def rest(self, reason: str) -> Damage | None:
        """Go to the end, likewise."""
        return self._skip(None, reason)

    def stanza(self, entry: Entry, parse: Parse, *, blank: bool) -> etree._Element | Damage | None:
        """The stanza of that entry; None where it may be blanked out, and is."""
        offset, length = entry.offset, entry.length
        if offset is None or length is None:
            return Damage("expected an offset and a length in the index, found none", "")
        if offset < self._position:
            return Damage(
                f"expected a stanza from byte {self._position:,} on, found the offset {offset:,} "
                f"in the index, within the stanza before",
                "",
            )
        if length > self._longest:
            return Damage(
                f"expected stanzas of at most {self._longest:,} bytes, found a longer one in the "
                f"index, at byte {offset:,}",
                "",
            )
        content = self._read(length)
        if blank and content.isspace():
            return None
        return self._parsed(content, offset, length, parse)

    def _parsed(
        self, content: bytes, offset: int, length: int, parse: Parse
    ) -> etree._Element | Damage:
        where = f"at byte {offset:,}"
        if len(content) < length:
            reason = f"expected {length:,} bytes {where}, found the file cut off"
            return _damage(reason, content, offset)
        try:
            return parse(content)
        except ValueError as error:
            reason = f"expected one stanza {where}, found none: {error}"
            return _damage(reason, content, offset)

    def _read(self, size: int) -> bytes:
        content = b""
        while len(content) < size and (part := self._source.read(size - len(content))):
            content += part
        self._position += len(content)
        return content

    def _skip(self, end: int | None, reason: str) -> Damage | None:
        begin, lost = self._position, b""
        while end is None or self._position < end:
            content = self._read(_CHUNK if end is None else min(_CHUNK, end - self._position))
            if not content:
                break
            lost = lost or content.lstrip()[:RAW_BYTES]
        return _damage(f"{reason}, from byte {begin:,} on", lost, begin) if lost else None


def _damage(reason: str, content: bytes, offset: int) -> Damage:
    return Damage(reason, content[:RAW_BYTES].decode(errors="replace"), offset)


def _result(stanza: etree._Element, entry: Entry, place: _Place) -> etree._Element:
    owner = place.owner(stanza, entry)
    result = etree.Element(_RESULT, owner=owner)
    if not _OF_A_ROOM.fullmatch(entry.with_ or ""):
        result.set("account", owner)
    forwarded = etree.SubElement(result, _FORWARDED)
    delay = etree.SubElement(forwarded, _DELAY)
    if entry.when and _PLAIN_TEXT.fullmatch(entry.when):
        delay.set("stamp", _stamp(entry.when))
    forwarded.append(stanza)
    return result


def _stamp(when: str) -> str:
    """The time of an entry as XEP-0313 writes it; older versions and conversions count seconds."""
    if not _EPOCH_SECONDS.fullmatch(when):
        return when
    return dt.datetime.fromtimestamp(float(when), dt.UTC).isoformat()
