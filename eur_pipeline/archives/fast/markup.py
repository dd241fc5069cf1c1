"""Proves a chunk to be plain records one after the other, and gives out the texts in them.

What is plain is said in `shape.py`; what is not provably so is a NotPlainError, and a parser's
work. What a text means is the business of `columns.py`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa

from eur_pipeline.archives.fast.chunk import Chunk, NotPlainError
from eur_pipeline.archives.fast.plan import Place
from eur_pipeline.archives.fast.shape import Shape, Span
from eur_pipeline.arrays import Positions, content_of, spans

# Software that writes archives writes few. Each takes as long as hundreds of records.
_MOST_SHAPES = 100


@dataclass(frozen=True, slots=True)
class Found:
    """Texts in document order, and the number, from 0, of the record that each stands in."""

    records: Positions
    texts: pa.StringArray


@dataclass(frozen=True, slots=True)
class _Alike:
    """Records of one shape.

    Attributes:
        records: Their numbers.
        delimiters: Where theirs stand; a column for each.
    """

    shape: Shape
    records: Positions
    delimiters: Positions

    def spans(self, span: Span) -> tuple[Positions, Positions, Positions]:
        """The records, and where in each the text begins and ends."""
        begins = self.delimiters[span.after] + 1
        return self.records, begins, np.maximum(begins, self.delimiters[span.before])


@dataclass(frozen=True, slots=True)
class Markup:
    """The records of a chunk.

    Attributes:
        begins: Where each record's `<` stands.
    """

    begins: Positions
    _chunk: Chunk
    _alike: tuple[_Alike, ...]

    @classmethod
    def of(cls, text: bytes, record: str) -> Self:
        """Raises NotPlainError; `record` is the name of elements that are records."""
        chunk = Chunk.of(text)
        begins = _begins(chunk, record)
        return cls(chunk.delimiters[begins], chunk, tuple(_by_shape(chunk, begins, record)))

    def found(self, place: Place) -> Found:
        """The texts there; raises NotPlainError."""
        records, begins, ends = self._spans(place)
        texts = spans(self._chunk.content, begins, ends)
        # As they stand, a parser turns line ends and tabs in values into spaces.
        if place.attribute and (content_of(texts) < ord(" ")).any():
            raise NotPlainError
        return Found(records, self._chunk.unescaped(texts))

    def having(self, attribute: str, value: str) -> Positions:
        """The records with that value, which needs no escapes, in an attribute of theirs."""
        records, begins, _ = self._spans(Place(None, attribute))
        having: Positions = records[self._chunk.holds(begins, f'{value}"'.encode())]
        return having

    def _spans(self, place: Place) -> tuple[Positions, Positions, Positions]:
        """The records that have a text there, and where in the chunk it begins and ends."""
        parts = [
            alike.spans(span) for alike in self._alike for span in alike.shape.texts.get(place, ())
        ]
        if len(parts) == 1:
            return parts[0]
        nothing = np.empty(0, np.int64)
        records, begins, ends = map(np.concatenate, zip((nothing,) * 3, *parts, strict=True))
        order = np.argsort(begins)
        return records[order], begins[order], ends[order]


def _begins(chunk: Chunk, record: str) -> Positions:
    """Which delimiters begin a record."""
    angles = np.flatnonzero(chunk.marks == ord("<"))
    named = angles[chunk.holds(chunk.delimiters[angles], f"<{record}".encode())]
    follows = chunk.content[chunk.delimiters[named] + 1 + len(record)]
    begins: Positions = named[(follows == ord(" ")) | (follows == ord(">"))]
    if not len(begins) or begins[0] != 0:
        raise NotPlainError
    return begins


def _by_shape(chunk: Chunk, begins: Positions, record: str) -> Iterator[_Alike]:
    """All records, those of each shape together."""
    shapes = 0
    for records, delimiters in _by_count(chunk, begins):
        while len(records):
            if (shapes := shapes + 1) > _MOST_SHAPES:
                raise NotPlainError
            first, last = delimiters[[0, -1], 0]
            shape = Shape.of(chunk.content[first : last + 1].tobytes().decode(), record)
            fit = shape.fits(chunk, delimiters)
            if fit.all():
                yield _Alike(shape, records, delimiters)
                break
            yield _Alike(shape, records[fit], delimiters[:, fit])
            records, delimiters = records[~fit], delimiters[:, ~fit]


def _by_count(chunk: Chunk, begins: Positions) -> Iterator[tuple[Positions, Positions]]:
    """The records that have as many delimiters as each other, and these, a column for each."""
    counts = np.diff(begins, append=len(chunk.delimiters))
    for count in np.flatnonzero(np.bincount(counts)):
        records = np.flatnonzero(counts == count)
        yield records, chunk.delimiters[begins[records] + np.arange(count)[:, None]]
