"""A piece of an archive as bytes: which of them no document may hold, and what is escaped in it.

Which of the characters are markup, and whether that is in order, is the business of `tags.py`.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from eur_pipeline.arrays import Bytes, Numbers, content_of

# U+FFFE and U+FFFF, which no document may hold, are these bytes in UTF-8 and BE or BF.
_NONCHARACTER = (0xEF, 0xBF, 0xBE)
_FIRST_PRINTABLE = 0x20
# All that serializers escape; & comes last, so that nothing is unescaped twice.
_ESCAPES = {
    "&lt;": "<",
    "&gt;": ">",
    "&quot;": '"',
    "&apos;": "'",
    "&#9;": "\t",
    "&#10;": "\n",
    "&#13;": "\r",
    "&amp;": "&",
}
# So many bytes from each & on are compared, as one number.
_WINDOW = 8


class NotPlainError(Exception):
    """It may well be good XML, but that is for a parser to say."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Characters that a document may hold, in UTF-8, with known escapes only.

    Attributes:
        content: The bytes.
        escapes: Those that stand in it, in the order in which to take them back.
    """

    content: Bytes
    escapes: tuple[str, ...]

    @classmethod
    def of(cls, text: bytes) -> Self:
        """Raises NotPlainError, as everything here does."""
        content = np.frombuffer(text, np.uint8)
        _check_characters(text, content)
        return cls(content, tuple(_escapes(content)))

    def unescaped(self, texts: pa.StringArray) -> pa.StringArray:
        """The texts with their escapes taken back."""
        if not (content_of(texts) == ord("&")).any():
            return texts
        for escape in self.escapes:
            texts = pc.replace_substring(texts, escape, _ESCAPES[escape])
        return texts


def _check_characters(text: bytes, content: Bytes) -> None:
    blanks = np.count_nonzero(content == ord("\n")) + np.count_nonzero(content == ord("\t"))
    if np.count_nonzero(content < _FIRST_PRINTABLE) != blanks:
        raise NotPlainError
    if text.isascii():
        return
    offsets = pa.py_buffer(np.array([0, len(text)], np.int32))
    try:
        pa.StringArray.from_buffers(1, offsets, pa.py_buffer(text)).validate(full=True)
    except pa.ArrowInvalid:
        raise NotPlainError from None
    _check_no_noncharacter(content)


def _check_no_noncharacter(content: Bytes) -> None:
    first, second, third = _NONCHARACTER
    places = np.flatnonzero(content == first)
    places = places[content[places + 1] == second]
    if (content[places + 2] >= third).any():
        raise NotPlainError


def _escapes(content: Bytes) -> list[str]:
    """The escapes in it; every & must begin one of those known."""
    places = np.flatnonzero(content == ord("&"))
    if not len(places):
        return []
    if places[-1] + _WINDOW > len(content):
        raise NotPlainError
    windows = content[places[:, None] + np.arange(_WINDOW)].view("<u8")[:, 0]
    counts = {escape: _count(windows, escape.encode()) for escape in _ESCAPES}
    if sum(counts.values()) != len(places):
        raise NotPlainError
    return [escape for escape, count in counts.items() if count]


def _count(windows: Numbers, escape: bytes) -> int:
    mask = np.uint64((1 << 8 * len(escape)) - 1)
    wanted = np.uint64(int.from_bytes(escape, "little"))
    return int(np.count_nonzero(windows & mask == wanted))
