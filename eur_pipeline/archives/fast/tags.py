"""Finds the tags of a chunk and their attributes, and proves each of them well-formed.

How tags must follow each other is the business of `markup.py`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from eur_pipeline.archives.fast.chunk import NotPlainError
from eur_pipeline.arrays import Bytes, Mask, Numbers, Positions, numbers_of, spans

_Match = re.Match[str]

# XML allows more; other names are a parser's.
_NAME = r"(?!xmlns)[A-Za-z_][A-Za-z0-9_.-]{0,99}"
_BARE = re.compile(rf"(?P<end>/?)(?P<element>{_NAME})(?P<empty>/?)")
# What stands in a tag before, between and after the quoted values.
_HEAD = re.compile(rf"(?P<element>{_NAME}) (?P<attribute>{_NAME})=")
_BETWEEN = re.compile(rf" (?P<attribute>{_NAME})=")
_TAIL = re.compile(r"(?P<empty>/?)")
# Software that writes archives uses few names. Each is looked at in Python, and the attributes of
# a tag are told apart as bits of a number.
_MOST_NAMES = 62


@dataclass(frozen=True, slots=True)
class Names:
    """Numbers for names."""

    known: dict[str, int] = field(default_factory=dict)

    def __getitem__(self, name: str) -> int:
        return self.known.setdefault(name, len(self.known))


@dataclass(frozen=True, slots=True)
class Tags:
    """Tags in order.

    Attributes:
        begins: Where each `<` stands.
        ends: Where each `>` stands.
        elements: The numbers of their names.
        is_end: Whether it ends an element.
        is_empty: Whether it is an empty element.
    """

    begins: Positions
    ends: Positions
    elements: Numbers
    is_end: Mask
    is_empty: Mask

    def __len__(self) -> int:
        return len(self.begins)


@dataclass(frozen=True, slots=True)
class Attributes:
    """Attributes in order.

    Attributes:
        tags: The place among the tags of the one it stands in.
        names: The numbers of their names.
        begins: Where the value begins.
        ends: Where its closing quote stands.
    """

    tags: Positions
    names: Numbers
    begins: Positions
    ends: Positions


def read_tags(content: Bytes, names: Names) -> tuple[Tags, Attributes]:
    """All tags with their attributes; raises NotPlainError."""
    begins, ends = _angles(content)
    is_quoted = _is_quoted(content, ends)
    tags = Tags(
        begins,
        ends,
        elements=np.empty(len(begins), np.int32),
        is_end=np.zeros(len(begins), np.bool_),
        is_empty=np.empty(len(begins), np.bool_),
    )
    _read_bare(content, tags, np.flatnonzero(~is_quoted), names)
    return tags, _read_quoted(content, tags, np.flatnonzero(is_quoted), names)


def _angles(content: Bytes) -> tuple[Positions, Positions]:
    """Where each < and its > stand; no other < or > is anywhere."""
    begins, ends = np.flatnonzero(content == ord("<")), np.flatnonzero(content == ord(">"))
    if (
        not 0 < len(begins) == len(ends)
        or not (begins < ends).all()
        or not (ends[:-1] < begins[1:]).all()
    ):
        raise NotPlainError
    return begins, ends


def _is_quoted(content: Bytes, ends: Positions) -> Mask:
    """Which tags end with a quoted value; where others hold one, they match no pattern."""
    last, before = content[ends - 1], content[ends - 2]
    quoted: Mask = (last == ord('"')) | ((last == ord("/")) & (before == ord('"')))
    return quoted


def _read_bare(content: Bytes, tags: Tags, places: Positions, names: Names) -> None:
    """Fill in the tags without attributes."""
    texts = _Texts.of(content, tags.begins[places] + 1, tags.ends[places], _BARE)
    tags.elements[places] = texts.each(lambda match: names[match["element"]], np.int32)
    tags.is_end[places] = texts.each(lambda match: match["end"] == "/", np.bool_)
    tags.is_empty[places] = texts.each(lambda match: match["empty"] == "/", np.bool_)
    if (tags.is_end & tags.is_empty)[places].any():
        raise NotPlainError


def _read_quoted(content: Bytes, tags: Tags, places: Positions, names: Names) -> Attributes:
    """Fill in the tags with attributes, and find these."""
    openings, closings, counts = _values(content, tags.begins[places], tags.ends[places])
    last = np.cumsum(counts) - 1
    first = last + 1 - counts
    later = np.delete(np.arange(len(openings)), first)
    heads = _Texts.of(content, tags.begins[places] + 1, openings[first], _HEAD)
    betweens = _Texts.of(content, closings[later - 1] + 1, openings[later], _BETWEEN)
    tails = _Texts.of(content, closings[last] + 1, tags.ends[places], _TAIL)
    tags.elements[places] = heads.each(lambda match: names[match["element"]], np.int32)
    tags.is_empty[places] = tails.each(lambda match: match["empty"] == "/", np.bool_)
    attributes = np.empty(len(openings), np.int32)
    attributes[first] = heads.each(lambda match: names[match["attribute"]], np.int32)
    attributes[later] = betweens.each(lambda match: names[match["attribute"]], np.int32)
    _check_distinct(attributes, first)
    return Attributes(np.repeat(places, counts), attributes, openings + 1, closings)


def _values(
    content: Bytes, begins: Positions, ends: Positions
) -> tuple[Positions, Positions, Numbers]:
    """Where the quotes around values stand, and how many values each tag has."""
    quotes = np.flatnonzero(content == ord('"'))
    first = np.searchsorted(quotes, begins)
    counts = np.searchsorted(quotes, ends) - first
    if (counts % 2).any():
        raise NotPlainError
    skipped = first - (np.cumsum(counts) - counts)
    inside = quotes[np.arange(counts.sum()) + np.repeat(skipped, counts)]
    return inside[0::2], inside[1::2], counts // 2


def _check_distinct(attributes: Numbers, first: Positions) -> None:
    """No tag has two attributes of one name."""
    if not len(attributes):
        return
    if attributes.max() > _MOST_NAMES:
        raise NotPlainError
    bits = np.int64(1) << attributes.astype(np.int64)
    if (np.add.reduceat(bits, first) != np.bitwise_or.reduceat(bits, first)).any():
        raise NotPlainError


@dataclass(frozen=True, slots=True)
class _Texts:
    """Texts that all match a pattern; equal ones are looked at once."""

    matches: list[_Match]
    codes: Numbers

    @classmethod
    def of(
        cls, content: Bytes, begins: Positions, ends: Positions, pattern: re.Pattern[str]
    ) -> "_Texts":
        texts = spans(content, begins, ends).dictionary_encode()
        if len(texts.dictionary) > _MOST_NAMES:
            raise NotPlainError
        matches = [pattern.fullmatch(text) for text in texts.dictionary.to_pylist()]
        found = [match for match in matches if match]
        if len(found) < len(matches):
            raise NotPlainError
        return cls(found, numbers_of(texts.indices, np.int32))

    def each(self, value: Callable[[_Match], Any], kind: Any) -> npt.NDArray[Any]:
        """The value of every text."""
        return np.array([value(match) for match in self.matches], kind)[self.codes]
