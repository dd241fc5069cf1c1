"""Whether an archive ends as it began: a file without its closing root tag is still being written.

A look at both ends, not a parser: what is complete here can still turn out to be damaged. Only gzip
says nowhere but at its end whether that is one, so it is unpacked, and what is in it not looked at.
"""

import re
import struct
import zlib
from enum import Enum
from typing import BinaryIO

# Enough for declarations and comments before the root, and for white space after it.
END_BYTES = 4096

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_UTF_16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
# The end of a zip's directory: its signature, then size and place of the directory, and the length
# of the comment that ends the file. A directory too large for it is named by what stands before.
_DIRECTORY_END = b"PK\x05\x06"
_DIRECTORY = struct.Struct("<8xIIH")
_LARGE_DIRECTORY = b"PK\x06\x07"
_LARGE_DIRECTORY_BYTES = 20
_GZIP = b"\x1f\x8b"
_PACKED_BYTES = 1 << 16
_UNPACKED_BYTES = 1 << 20
# What is unpacked at most to find the end of a gzip file: 12 s of archives, 20 s of a bomb.
_MOST_UNPACKED_BYTES = 4 << 30
_PROLOGUE = re.compile(rb"(?:\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>]*>)*+", re.S)
_ROOT = re.compile(rb"<([^\s<>/!?]+)[^<>]*>")


class Ending(Enum):
    """How a file ends: with its root closed, without, or in a way that cannot be told."""

    CLOSED = "closed"
    OPEN = "open"
    UNKNOWN = "unknown"


def ending(head: bytes, tail: bytes, size: int) -> Ending:
    """How a file of that size with these first and last END_BYTES ends.

    An empty file is open. What begins neither as XML in ASCII's bytes or UTF-16 nor as a zip cannot
    be told, gzip among it, of which two ends are not enough.
    """
    if head.startswith(_ZIP):
        return Ending.CLOSED if _ends_as_zip(tail, size) else Ending.OPEN
    if encoding := _UTF_16.get(head[:2]):
        return _ending_of_text(_in_ascii(head[2:], encoding), _in_ascii(tail, encoding))
    return _ending_of_text(head, tail)


def is_gzip(head: bytes) -> bool:
    """Whether a file that begins so is `ending_of_gzip`'s."""
    return head.startswith(_GZIP)


def ending_of_gzip(file: BinaryIO) -> Ending:
    """How a gzip file ends: open where it breaks off within a part.

    Where it does not, it cannot be told: another part may follow. Nor of what is damaged or huge.
    """
    try:
        return _ending_of_parts(file)
    except zlib.error:
        return Ending.UNKNOWN


def _ending_of_parts(file: BinaryIO) -> Ending:
    decoder, packed, left = _gunzip(), file.read(_PACKED_BYTES), _MOST_UNPACKED_BYTES
    while left > 0:
        content = decoder.decompress(packed, _UNPACKED_BYTES)
        left -= len(packed) + len(content)
        packed = decoder.unconsumed_tail or decoder.unused_data or file.read(_PACKED_BYTES)
        if decoder.eof:
            # Zeros may fill the file up.
            packed = packed.lstrip(b"\0")
            if not packed:
                break
            decoder = _gunzip()
        elif not (packed or content):
            return Ending.OPEN
    return Ending.UNKNOWN


def _gunzip() -> "zlib._Decompress":
    return zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)


def _ending_of_text(head: bytes, tail: bytes) -> Ending:
    if not head.strip():
        return Ending.OPEN
    head = head.removeprefix(_BYTE_ORDER_MARK)
    if not head.lstrip().startswith(b"<") or b"\x00" in head:
        return Ending.UNKNOWN
    prologue = _PROLOGUE.match(head)
    root = _ROOT.match(head, prologue.end() if prologue else 0)
    return Ending.CLOSED if root and _closes(root, tail) else Ending.OPEN


def _in_ascii(content: bytes, encoding: str) -> bytes:
    """The same in UTF-8; half a character at the end stays one that nothing ends with."""
    return content.decode(encoding, "replace").encode()


def _ends_as_zip(tail: bytes, size: int) -> bool:
    """Whether the end of a directory stands there; a zip within may bring another one."""
    ends = (match.start() for match in re.finditer(_DIRECTORY_END, tail))
    return any(_is_directory_end(tail, at, size) for at in ends)


def _is_directory_end(tail: bytes, at: int, size: int) -> bool:
    after = tail[at + len(_DIRECTORY_END) :]
    if len(after) < _DIRECTORY.size:
        return False
    directory_bytes, begin, comment_bytes = _DIRECTORY.unpack_from(after)
    if len(after) != _DIRECTORY.size + comment_bytes:
        return False
    before = tail[max(at - _LARGE_DIRECTORY_BYTES, 0) : at]
    if before.startswith(_LARGE_DIRECTORY):
        return True
    return bool(begin + directory_bytes == size - len(tail) + at)


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
