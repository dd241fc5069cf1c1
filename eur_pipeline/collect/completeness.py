"""Whether an archive ends as it began: a file without its closing root tag is still being written.

A look at both ends, not a parser: what is complete here can still turn out to be damaged.
"""

import re
from enum import Enum

# Enough for declarations and comments before the root, and for white space after it.
END_BYTES = 4096

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_PROLOGUE = re.compile(rb"(?:\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>]*>)*+", re.S)
_ROOT = re.compile(rb"<([^\s<>/!?]+)[^<>]*>")


class Ending(Enum):
    """How a file ends: with its root closed, without, or in a way that cannot be told."""

    CLOSED = "closed"
    OPEN = "open"
    UNKNOWN = "unknown"


def ending(head: bytes, tail: bytes) -> Ending:
    """How a file with these first and last END_BYTES ends.

    An empty file is open. What does not begin as XML in ASCII's bytes cannot be told.
    """
    if not head.strip():
        return Ending.OPEN
    head = head.removeprefix(_BYTE_ORDER_MARK)
    if not head.lstrip().startswith(b"<") or b"\x00" in head:
        return Ending.UNKNOWN
    prologue = _PROLOGUE.match(head)
    root = _ROOT.match(head, prologue.end() if prologue else 0)
    return Ending.CLOSED if root and _closes(root, tail) else Ending.OPEN


def _closes(root: re.Match[bytes], tail: bytes) -> bool:
    end = _without_epilogue(tail)
    if root[0].endswith(b"/>"):
        return end.endswith(root[0])
    return re.search(rb"</" + re.escape(root[1]) + rb"\s*>$", end) is not None


def _without_epilogue(tail: bytes) -> bytes:
    """Drop the white space, comments and processing instructions that may follow the root."""
    end = tail.rstrip()
    while end.endswith((b"-->", b"?>")):
        start = end.rfind(b"<!--" if end.endswith(b"-->") else b"<?")
        if start < 0:
            return end
        end = end[:start].rstrip()
    return end
