"""Cuts a document into its beginning, regions that end where a record seems to end, and the rest.

Only bytes are looked at here: whether a region is records and nothing else, `markup.py` proves.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from lxml import etree

from eur_pipeline.archives.containers import Damaged, Readable
from eur_pipeline.archives.fast.plan import Plan
from eur_pipeline.errors import UnreadableArchiveError

_DECLARATION = (
    rb"(?:\xef\xbb\xbf)?"
    rb"(?:<\?xml version=(?P<v>['\"])1\.0(?P=v)"
    rb"(?: encoding=(?P<e>['\"])(?i:utf-8)(?P=e))?"
    rb"(?: standalone=(?P<s>['\"])(?:yes|no)(?P=s))? ?\?>)?"
)
# One that is longer is a parser's.
_BEGINNING_BYTES = 16 * 1024
# Small archives of one server begin alike.
_KNOWN_TAGS = 64


@dataclass(frozen=True, slots=True)
class Region:
    """Bytes between two records, or what looks so.

    Attributes:
        lines: Line ends in the document before it, those in the root's start tag left out.
    """

    content: bytes
    lines: int


class Cutting:
    """A document that is being cut up.

    Attributes:
        root: The start tag of the root element; empty where the beginning is a parser's.
        rest: What was read, but belongs to no region yet.
        lines: Line ends before the rest, as of a region.
    """

    def __init__(self, source: Readable, plan: Plan, region_bytes: int) -> None:
        self.source = source
        self._is_all_read = False
        self._plan = plan
        self._region_bytes = region_bytes
        self.rest = b""
        self.lines = 0
        self._fill(_BEGINNING_BYTES)
        self.root = self._cut_root()

    def region(self) -> Region | None:
        """The next one; None where no record ends within its size."""
        if not self.root:
            return None
        self._fill(self._region_bytes)
        end = f"</{self._plan.record}>".encode()
        found = self.rest.rfind(end, 0, self._region_bytes)
        return None if found < 0 else self._cut(found + len(end))

    def is_at_end(self) -> bool:
        """Whether nothing but the end of the root element is left."""
        is_whole = self._is_all_read and not isinstance(self.source, Damaged)
        return is_whole and self.root != b"" and _is_end(self.rest, self._plan.root)

    def _fill(self, size: int) -> None:
        parts, missing = [self.rest], size - len(self.rest)
        while missing > 0 and not self._is_all_read:
            parts.append(self._read(missing))
            missing -= len(parts[-1])
            self._is_all_read = not parts[-1]
        self.rest = b"".join(parts)

    def _read(self, size: int) -> bytes:
        try:
            return self.source.read(size)
        except UnreadableArchiveError as error:
            # To be raised once more, where what stands before the damage has been read.
            self.source = Damaged(error)
            return b""

    def _cut(self, length: int) -> Region:
        region = Region(self.rest[:length], self.lines)
        self.rest = self.rest[length:]
        # Four times as fast as `bytes.count`, which looks for one after the other.
        self.lines += int(np.count_nonzero(np.frombuffer(region.content, np.uint8) == ord("\n")))
        return region

    def _cut_root(self) -> bytes:
        found = _beginning(self.rest, self._plan.root)
        if found is None:
            return b""
        self._cut(found.end())
        self.lines -= found["tag"].count(b"\n")
        return found["tag"]


def records_alone(content: bytes, plan: Plan) -> bytes | None:
    """What stands from the root's start tag until the last record's end, in a whole document.

    None where that is not all that it holds, or its beginning is a parser's.
    """
    found = _beginning(content, plan.root)
    if found is None:
        return None
    record_end = f"</{plan.record}>".encode()
    end = content.rfind(record_end, found.end())
    end = found.end() if end < 0 else end + len(record_end)
    return content[found.end() : end] if _is_end(content[end:], plan.root) else None


def _is_end(content: bytes, root: str) -> bool:
    return re.fullmatch(rf"\s*</{root}>\s*".encode(), content) is not None


def _beginning(content: bytes, root: str) -> re.Match[bytes] | None:
    """Declaration and root's start tag; None where they are a parser's."""
    pattern = _DECLARATION + rf"(?P<before>\s*)(?P<tag><{root}(?:\s[^<>]*)?>)".encode()
    found = re.match(pattern, content)
    return found if found and _is_start_tag(found["tag"], root) else None


@lru_cache(_KNOWN_TAGS)
def _is_start_tag(tag: bytes, name: str) -> bool:
    """Whether it is well-formed and declares no namespace."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(tag + f"</{name}>".encode(), parser)
    except etree.XMLSyntaxError:
        return False
    return root.tag == name and not root.nsmap
