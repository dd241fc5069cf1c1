"""Between numpy and Arrow, without a copy.

Not by pyarrow's own conversions: these load pandas, which costs half a second and 40 MB.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Bytes = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[Any]
Positions = npt.NDArray[np.int64]


def array_of(numbers: Numbers, kind: pa.DataType, known: Mask | None = None) -> pa.Array:
    """The numbers as an array of a type of the same width, null where not known; no copy."""
    mask = None if known is None else pa.py_buffer(np.packbits(known, bitorder="little"))
    return pa.Array.from_buffers(kind, len(numbers), [mask, pa.py_buffer(numbers)])


def numbers_of(array: pa.Array, kind: npt.DTypeLike) -> Numbers:
    """The values of an array without nulls, of a type of the same width."""
    values = np.frombuffer(array.buffers()[1], kind)
    return values[array.offset : array.offset + len(array)]


def texts_of(texts: Sequence[str]) -> pa.StringArray:
    """The texts as an array."""
    content = "".join(texts)
    # Only then does each have to be encoded to know its length, which takes long.
    encoded = texts if content.isascii() else [text.encode() for text in texts]
    offsets = np.zeros(len(texts) + 1, np.int32)
    np.cumsum([len(text) for text in encoded], out=offsets[1:])
    return pa.StringArray.from_buffers(
        len(texts), pa.py_buffer(offsets), pa.py_buffer(content.encode())
    )


def spans(content: Bytes, begins: Positions, ends: Positions) -> pa.StringArray:
    """What stands from each begin until before its end; these must be in order."""
    if not len(begins):
        return texts_of([])
    offsets = np.empty(2 * len(begins), np.int32)
    offsets[0::2], offsets[1::2] = begins, ends
    # Every second one is a gap between two that are wanted.
    with_gaps = pa.StringArray.from_buffers(
        len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(content)
    )
    return with_gaps.take(array_of(np.arange(0, len(offsets), 2), pa.int64()))


def picked(array: pa.Array, places: Positions) -> pa.Array:
    """The values at those places; null where a place is below 0."""
    return array.take(array_of(places, pa.int64(), places >= 0))


def offsets_of(texts: pa.StringArray) -> Numbers:
    """Where in `content_of` each of the texts begins, and where the last ends."""
    first = texts.offset
    return np.frombuffer(texts.buffers()[1], np.int32)[first : first + len(texts) + 1]


def content_of(texts: pa.StringArray) -> Bytes:
    """The bytes that the texts stand in."""
    data = texts.buffers()[2]
    return np.frombuffer(data if data is not None else b"", np.uint8)[: offsets_of(texts)[-1]]


def repeated(text: str, count: int) -> pa.StringArray:
    """The text so many times."""
    return picked(texts_of([text]), np.zeros(count, np.int64))
