"""Proves a chunk to be plain records one after the other, and gives out the texts in them.

Plain is a small part of XML: records whose elements hold only text, double quotes around values, no
comments, sections, instructions or namespaces. What is not provably plain is a NotPlainError, and a
parser's work. What a text means is the business of `columns.py`.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa

from eur_pipeline.archives.fast.chunk import Chunk, NotPlainError
from eur_pipeline.archives.fast.tags import Attributes, Names, Tags, read_tags
from eur_pipeline.arrays import Mask, Positions, content_of, spans


@dataclass(frozen=True, slots=True)
class Found:
    """Texts in document order, and the number, from 0, of the record that each stands in."""

    records: Positions
    texts: pa.StringArray


@dataclass(frozen=True, slots=True)
class Markup:
    """The records of a chunk.

    Attributes:
        begins: Where each record's `<` stands.
    """

    begins: Positions
    _chunk: Chunk
    _names: Names
    _tags: Tags
    _attributes: Attributes
    _records: Positions

    @classmethod
    def of(cls, text: bytes, record: str) -> Self:
        """Raises NotPlainError; `record` is the name of elements that are records."""
        chunk = Chunk.of(text)
        names = Names()
        tags, attributes = read_tags(chunk.content, names)
        is_record = tags.elements == names[record]
        _check_records(tags, is_record)
        _check_fields(tags, ~is_record)
        begins = is_record & ~tags.is_end
        return cls(tags.begins[begins], chunk, names, tags, attributes, np.cumsum(begins) - 1)

    def content(self, record: int) -> bytes:
        """The bytes of a record, and what follows it before the next."""
        begins = (*self.begins[record : record + 2].tolist(), None)
        return self._chunk.content[begins[0] : begins[1]].tobytes()

    def elements(self, name: str) -> Found:
        """The texts of the elements of that name."""
        tags = self._tags
        places = np.flatnonzero((tags.elements == self._names[name]) & ~tags.is_end)
        begins = tags.ends[places] + 1
        ends = np.where(tags.is_empty[places], begins, tags.begins[places + 1])
        return self._found(places, spans(self._chunk.content, begins, ends))

    def attributes(self, element: str, name: str) -> Found:
        """The values of the attributes of that name at elements of that name."""
        found = self._attributes
        of_name = np.flatnonzero(found.names == self._names[name])
        places = of_name[self._tags.elements[found.tags[of_name]] == self._names[element]]
        values = spans(self._chunk.content, found.begins[places], found.ends[places])
        # As they stand, a parser turns line ends and tabs there into spaces.
        if (content_of(values) < ord(" ")).any():
            raise NotPlainError
        return self._found(found.tags[places], values)

    def _found(self, tags: Positions, texts: pa.StringArray) -> Found:
        return Found(self._records[tags], self._chunk.unescaped(texts))


def _check_records(tags: Tags, is_record: Mask) -> None:
    """Every record begins where the one before has ended."""
    begins, ends = np.flatnonzero(is_record & ~tags.is_end), np.flatnonzero(is_record & tags.is_end)
    if (
        not len(begins) == len(ends)
        or tags.is_empty[begins].any()
        or (begins >= ends).any()
        or not np.array_equal(begins, np.append(0, ends[:-1] + 1))
        or ends[-1] != len(tags) - 1
    ):
        raise NotPlainError


def _check_fields(tags: Tags, is_field: Mask) -> None:
    """Every element in a record is empty, or ended by the next tag."""
    begins = np.flatnonzero(is_field & ~tags.is_end & ~tags.is_empty)
    ends = np.flatnonzero(is_field & tags.is_end)
    if not np.array_equal(begins + 1, ends):
        raise NotPlainError
    if (tags.elements[begins] != tags.elements[ends]).any():
        raise NotPlainError
