"""A piece of an archive as bytes: which of them no document may hold, and where its markup stands.

Whether that markup is in order is the business of `shape.py`.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from eur_pipeline.arrays import Bytes, Mask, Numbers, Positions, content_of

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
# So many bytes are compared at once, as one number.
_WINDOW = 8


class NotPlainError(Exception):
    """It may well be good XML, but that is for a parser to say."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Characters that a document may hold, in UTF-8, with known escapes only.

    Attributes:
        content: The bytes.
        delimiters: Where each `<`, each `>` and, between these two, each `"` stands. The angles
            take turns.
        marks: Which of the three each is.
        escapes: Those that stand in it, in the order in which to take them back.
    """

    content: Bytes
    delimiters: Positions
    marks: Bytes
    escapes: tuple[str, ...]
    _windows: Numbers

    @classmethod
    def of(cls, text: bytes) -> Self:
        """Raises NotPlainError, as everything here does."""
        content = np.frombuffer(text, np.uint8)
        _check_characters(text, content)
        # From each byte on, and from the end, where nothing follows.
        windows: Numbers = np.ndarray(len(text) + 1, "<u8", text + bytes(_WINDOW), strides=(1,))
        places = _marks(content)
        marks = content[places]
        is_escape = marks == ord("&")
        escapes = _escapes(windows[places[is_escape]])
        if escapes:
            places, marks = places[~is_escape], marks[~is_escape]
        delimiters, marks = _delimiters(places, marks)
        return cls(content, delimiters, marks, tuple(escapes), windows)

    def holds(self, places: Positions, text: bytes) -> Mask:
        """At which of the places the text stands."""
        held = _begin(self._windows[places], text[:_WINDOW])
        for at in range(_WINDOW, len(text), _WINDOW):
            later = np.minimum(places + at, len(self.content))
            held &= _begin(self._windows[later], text[at : at + _WINDOW])
        return held

    def unescaped(self, texts: pa.StringArray) -> pa.StringArray:
        """The texts with their escapes taken back."""
        if not self.escapes or not (content_of(texts) == ord("&")).any():
            return texts
        for escape in self.escapes:
            texts = pc.replace_substring(texts, escape, _ESCAPES[escape])
        return texts


def _check_characters(text: bytes, content: Bytes) -> None:
    is_one = np.empty(len(content), np.bool_)
    controls = np.count_nonzero(np.less(content, _FIRST_PRINTABLE, out=is_one))
    for blank in "\n\t":
        controls -= np.count_nonzero(np.equal(content, ord(blank), out=is_one))
    if controls:
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


def _marks(content: Bytes) -> Positions:
    """Where each character stands that means something in XML, but for single quotes."""
    is_mark = content == ord("<")
    # One mask for all others: new memory takes longer than what is done in it.
    is_one = np.empty_like(is_mark)
    for mark in '>"&':
        is_mark |= np.equal(content, ord(mark), out=is_one)
    return np.flatnonzero(is_mark)


def _delimiters(places: Positions, marks: Bytes) -> tuple[Positions, Bytes]:
    """The angles, which must take turns, and the quotes in tags."""
    is_angle = marks != ord('"')
    angles = marks[is_angle]
    begins, ends = angles[0::2], angles[1::2]
    if len(begins) != len(ends) or (begins != ord("<")).any() or (ends != ord(">")).any():
        raise NotPlainError
    # Before a quote in a tag stands an odd number of angles.
    keep = is_angle | np.logical_xor.accumulate(is_angle)
    return (places, marks) if keep.all() else (places[keep], marks[keep])


def _escapes(windows: Numbers) -> list[str]:
    """The escapes that begin there; each must be one of those known."""
    if not len(windows):
        return []
    counts = {escape: np.count_nonzero(_begin(windows, escape.encode())) for escape in _ESCAPES}
    if sum(counts.values()) != len(windows):
        raise NotPlainError
    return [escape for escape, count in counts.items() if count]


def _begin(windows: Numbers, text: bytes) -> Mask:
    """Which windows begin with the text, which is no longer than they."""
    mask = np.uint64((1 << 8 * len(text)) - 1)
    begin: Mask = windows & mask == np.uint64(int.from_bytes(text, "little"))
    return begin
