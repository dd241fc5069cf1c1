"""Which elements samples hold, and which of them is the record: what repeats and tells a time.

The fields inside a record are the business of `slots.py` and `choice.py`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import BinaryIO

from lxml import etree

from eur_pipeline.archives.containers import in_member
from eur_pipeline.archives.elements import every_element
from eur_pipeline.archives.infer import shapes
from eur_pipeline.archives.limits import Limits
from eur_pipeline.archives.reader import explained, xml_documents
from eur_pipeline.errors import UnreadableArchiveError

Tags = tuple[str, ...]
# Enough to know a layout by; what comes after is not looked at.
_ELEMENTS = 200_000
_TEXTS = 50
LONGEST = 200
# Archives have dozens of them.
_PLACES = 2_000
_MANY = 1.2


@dataclass(slots=True)
class Place:
    """One place where text stands: an element's own text, or an attribute of it.

    Attributes:
        count: How often it is there.
        texts: The first of its texts, shortened.
    """

    count: int = 0
    texts: list[str] = field(default_factory=list)

    def add(self, text: str) -> None:
        """One more text."""
        self.count += 1
        if len(self.texts) < _TEXTS:
            self.texts.append(text[:LONGEST])

    @property
    def tells_times(self) -> bool:
        """Whether most of the texts are times."""
        times = sum(1 for text in self.texts if shapes.time_ways(text))
        return shapes.share(self.texts, of=times) > 1 / 2

    def tells_addresses(self, name: str) -> bool:
        """Whether most of the texts are addresses, or numbers where the name suggests parties."""
        named = not shapes.PARTIES.isdisjoint(shapes.words(name))
        if named and not self.tells_times and any(map(shapes.is_extension, self.texts)):
            return True
        addresses = sum(1 for text in self.texts if shapes.is_address(text))
        return shapes.share(self.texts, of=addresses) > 1 / 2


@dataclass(slots=True)
class Survey:
    """The elements of samples, counted by the names from the root to them.

    Attributes:
        places: By the same names, and the attribute's name ("" for the element's own text).
    """

    elements: Counter[Tags] = field(default_factory=Counter)
    places: dict[tuple[Tags, str], Place] = field(default_factory=dict)

    def add(self, source: BinaryIO, limits: Limits) -> None:
        """Look at a sample; raises UnreadableArchiveError."""
        for document in xml_documents(source, limits):
            with in_member(document.member), explained():
                for element, tags in islice(every_element(document.source, limits), _ELEMENTS):
                    self._count(element, tags)

    def _count(self, element: etree._Element, tags: Tags) -> None:
        self.elements[tags] += 1
        for name, text in texts_of(element):
            self.places.setdefault((tags, name), Place()).add(text)
        if len(self.places) > _PLACES or len(self.elements) > _PLACES:
            raise UnreadableArchiveError(
                f"expected elements whose names repeat, found over {_PLACES:,} different ones; "
                f"this is no archive of messages"
            )

    def record(self) -> list[Tags]:
        """Where records stand: the likeliest element, and others beside it that look the same.

        Raises UnreadableArchiveError where no element looks like a record.
        """
        scored = {tags: score for tags in self.elements if (score := self._score(tags))}
        if not scored:
            raise UnreadableArchiveError(self._nothing_found())
        best = max(scored, key=lambda tags: (scored[tags], self.elements[tags], len(tags)))
        beside = [
            tags
            for tags, score in scored.items()
            if tags[:-1] == best[:-1] and score == scored[best] and len(tags) == len(best)
        ]
        return [best, *(tags for tags in beside if tags != best)]

    def _score(self, tags: Tags) -> int:
        """How much of a record it has; 0 where there is no time or no address in it."""
        number = self.elements[tags]
        inside = [
            (name or at[-1], place)
            for (at, name), place in self.places.items()
            if at[: len(tags)] == tags and place.count >= number / 2
        ]
        once = [place for _, place in inside if place.count <= number * _MANY]
        times = sum(1 for place in once if place.tells_times)
        addresses = sum(1 for name, place in inside if place.tells_addresses(name))
        if not times or not addresses:
            return 0
        return 2 + (len(tags) > 1) + min(addresses, 2)

    def _nothing_found(self) -> str:
        times = [at for at, place in self.places.items() if place.tells_times]
        addresses = [
            (at, name)
            for (at, name), place in self.places.items()
            if place.tells_addresses(name or at[-1])
        ]
        return (
            f"expected an element that repeats and holds a time and an address, found none among "
            f"{self.elements.total():,} elements; times stand at {_listed(times)}, addresses at "
            f"{_listed(addresses)}; give a sample with several messages, or write the dialect by "
            f"hand (docs/dialects/README.md)"
        )


def texts_of(element: etree._Element) -> Iterator[tuple[str, str]]:
    """Each attribute, and the element's own text as "" where it has some or no children."""
    for name, text in element.attrib.items():
        yield str(name), str(text)
    own = element.text or ""
    if own.strip() or not len(element):
        yield "", own


def _listed(places: Sequence[tuple[Tags, str]]) -> str:
    shown = [
        "/".join(tag.rpartition("}")[2] for tag in tags) + (f"/@{name}" if name else "")
        for tags, name in places[:3]
    ]
    return ", ".join(text[:LONGEST] for text in shown) or "no place"
