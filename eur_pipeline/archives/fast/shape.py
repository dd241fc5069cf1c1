"""How records are written: the markup that many of them have in common, around texts that differ.

One record of each shape is proven plain here. Others that have the same markup are plain then, too,
which takes no more than comparing.

Plain is a small part of XML: records whose elements hold only text, double quotes around values, no
comments, sections, instructions or namespaces.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from eur_pipeline.archives.fast.chunk import Chunk, NotPlainError
from eur_pipeline.archives.fast.plan import Place
from eur_pipeline.arrays import Mask, Positions

# XML allows more; other names are a parser's.
_NAME = r"(?!xmlns)[A-Za-z_][A-Za-z0-9_.-]{0,99}"
_TAG = re.compile(
    rf'<(?P<end>/?)(?P<element>{_NAME})(?P<values>(?: {_NAME}="[^"]*")*)(?P<empty>/?)>'
)
_VALUE = re.compile(rf' ({_NAME})="[^"]*"')


@dataclass(frozen=True, slots=True)
class Span:
    """A text, by the delimiters it stands between; where these are the same one there is none."""

    after: int
    before: int


@dataclass(frozen=True, slots=True)
class Shape:
    """What records have in common, by the numbers of their delimiters from 0.

    Attributes:
        count: How many delimiters each has.
        markup: What stands from one to the next, both included, where that is markup.
        texts: Where the texts of elements and the values of attributes stand.
    """

    count: int
    markup: dict[int, bytes]
    texts: dict[Place, list[Span]]

    @classmethod
    def of(cls, record: str, name: str) -> Self:
        """That of one record, an element of the name; raises NotPlainError."""
        tags = [_Tag.of(text) for text in re.findall("<[^<>]*>", record)]
        _check_order(tags, name)
        count, markup = 0, {}
        texts: dict[Place, list[Span]] = defaultdict(list)
        for tag in tags:
            element = None if tag.element == name else tag.element
            for number, piece in enumerate(tag.markup):
                markup[count + 2 * number] = piece.encode()
            for number, attribute in enumerate(tag.attributes):
                value = count + 2 * number + 1
                texts[Place(element, attribute)].append(Span(value, value + 1))
            count += 2 * len(tag.markup)
            if element and not tag.is_end:
                texts[Place(element, None)].append(Span(count - 1, count - tag.is_empty))
        return cls(count, markup, dict(texts))

    def fits(self, chunk: Chunk, delimiters: Positions) -> Mask:
        """Which records have the shape, by as many delimiters: a column for each record."""
        fit = np.ones(delimiters.shape[1], np.bool_)
        for number, markup in self.markup.items():
            fit &= delimiters[number + 1] - delimiters[number] == len(markup) - 1
        places = slice(None) if fit.all() else np.flatnonzero(fit)
        for number, markup in self.markup.items():
            fit[places] &= chunk.holds(delimiters[number, places], markup)
        return fit


@dataclass(frozen=True, slots=True)
class _Tag:
    """A tag.

    Attributes:
        attributes: Their names, in order.
        markup: What stands before, between and after their values, quotes and angles included.
    """

    element: str
    is_end: bool
    is_empty: bool
    attributes: Sequence[str]
    markup: Sequence[str]

    @classmethod
    def of(cls, text: str) -> Self:
        """By how it is written; raises NotPlainError."""
        found = _TAG.fullmatch(text)
        if found is None or (found["end"] and (found["values"] or found["empty"])):
            raise NotPlainError
        attributes = _VALUE.findall(found["values"])
        if len(set(attributes)) < len(attributes):
            raise NotPlainError
        # No document holds the character 0.
        markup = re.sub('"[^"]*"', '"\0"', text).split("\0")
        return cls(found["element"], found["end"] != "", found["empty"] != "", attributes, markup)

    def ends(self, element: str) -> bool:
        """Whether it is the end of such an element."""
        return self.is_end and self.element == element


def _check_order(tags: Sequence[_Tag], name: str) -> None:
    """A record begins and ends; in it every element is empty, or the next tag is its end."""
    if len(tags) < 2:
        raise NotPlainError
    first, *between, last = tags
    if first.element != name or first.is_end or first.is_empty or not last.ends(name):
        raise NotPlainError
    fields = iter(between)
    for tag in fields:
        if tag.element == name or tag.is_end:
            raise NotPlainError
        if not tag.is_empty and not next(fields, last).ends(tag.element):
            raise NotPlainError
