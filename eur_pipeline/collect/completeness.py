"""Whether an archive ends as it began: a file without its closing root tag is still being written.

A look at both ends, not a parser: what is complete here can still turn out to be damaged.
"""

import re

# Enough for declarations and comments before the root, and for white space after it.
END_BYTES = 4096

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_PROLOGUE = re.compile(rb"(?:\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>]*>)*+", re.S)
_ROOT = re.compile(rb"<([^\s<>/!?]+)[^<>]*>")


def is_complete(head: bytes, tail: bytes) -> bool:
    """Whether the first and last END_BYTES of a file are those of a closed XML document.

    What does not begin as XML cannot be judged and counts as complete; an empty file does not.
    """
    if not head.strip():
        return False
    head = head.removeprefix(_BYTE_ORDER_MARK)
    prologue = _PROLOGUE.match(head)
    root = _ROOT.match(head, prologue.end() if prologue else 0)
    if root is None:
        return not head.lstrip().startswith(b"<")
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
