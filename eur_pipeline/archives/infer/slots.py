"""Where in the records texts stand: the same places in every record, seen from the record.

Which of them is which field is the business of `choice.py`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import BinaryIO

from lxml import etree

from eur_pipeline.archives.containers import documents, in_member
from eur_pipeline.archives.dialect import Dialect
from eur_pipeline.archives.elements import record_elements
from eur_pipeline.archives.infer import shapes
from eur_pipeline.archives.infer.survey import LONGEST, Tags, texts_of
from eur_pipeline.archives.limits import Limits
from eur_pipeline.archives.reader import explained, is_of

# Enough to know a layout by, whichever comes first.
_RECORDS = 500
_TEXTS = 20_000
_XML = "http://www.w3.org/XML/1998/namespace"


@dataclass(frozen=True, slots=True)
class Slot:
    """One place, seen from the record: elements on the way, and the attribute ("": the text)."""

    steps: Tags
    attribute: str

    @property
    def words(self) -> tuple[str, ...]:
        """The words in its own name; those of the record itself where it is its text."""
        return shapes.words(self.attribute or (self.steps[-1] if self.steps else ""))

    @property
    def around(self) -> tuple[str, ...]:
        """The words in the name of the element that it belongs to."""
        steps = self.steps if self.attribute else self.steps[:-1]
        return shapes.words(steps[-1]) if steps else ()

    @property
    def element(self) -> Tags:
        """The element that it belongs to, or stands beside."""
        return self.steps if self.attribute else self.steps[:-1]


@dataclass(slots=True)
class Slots:
    """The texts of the first records, by slot; of one record there can be several.

    Attributes:
        rows: A record each.
    """

    rows: list[dict[Slot, list[str]]] = field(default_factory=list)
    _size: int = 0

    def add(self, source: BinaryIO, probe: Dialect, limits: Limits) -> None:
        """Take the first records of a sample; what lies in a zip can be of others."""
        for document in documents(source, partial(is_of, probe), limits):
            with in_member(document.member), explained():
                for element in islice(record_elements(document.source, probe, limits), _RECORDS):
                    if not self._is_full:
                        self._append(_row(element))

    @property
    def _is_full(self) -> bool:
        return len(self.rows) >= _RECORDS or self._size >= _TEXTS

    def _append(self, row: dict[Slot, list[str]]) -> None:
        self.rows.append(row)
        self._size += sum(map(len, row.values()))

    def all(self) -> list[Slot]:
        """Every slot, in the order in which they come."""
        return list(dict.fromkeys(slot for row in self.rows for slot in row))

    def texts(self, slot: Slot) -> list[str]:
        """The texts there that are not blank."""
        return [text for row in self.rows for text in row.get(slot, ()) if text.strip()]

    def coverage(self, slot: Slot) -> float:
        """The part of the records that have a text there."""
        filled = sum(1 for row in self.rows if any(text.strip() for text in row.get(slot, ())))
        return filled / len(self.rows) if self.rows else 0.0


class Prefixes:
    """Prefixes for the namespaces that are used, in their order.

    Attributes:
        namespaces: As a dialect has them.
    """

    def __init__(self) -> None:
        self.namespaces: dict[str, str] = {}

    def path(self, tags: Iterable[str]) -> str:
        """The names with prefixes, as steps."""
        return "/".join(map(self._name, tags))

    def xpath(self, slot: Slot) -> str:
        """The slot, seen from the record."""
        attribute = [f"@{self._name(slot.attribute)}"] if slot.attribute else []
        return "/".join([*map(self._name, slot.steps), *attribute]) or "."

    def _name(self, tag: str) -> str:
        uri, _, local = tag.removeprefix("{").rpartition("}")
        if not uri:
            return local
        known = {known: prefix for prefix, known in self.namespaces.items()}
        prefix = known.get(uri) or ("xml" if uri == _XML else f"n{len(known) + 1}")
        self.namespaces[prefix] = uri
        return f"{prefix}:{local}"


def probe_of(records: Sequence[str], namespaces: dict[str, str]) -> Dialect:
    """A dialect that finds the records, and nothing in them yet."""
    return Dialect.model_validate(
        {
            "name": "proposed",
            "description": "",
            "namespaces": namespaces,
            "records": list(records),
            "records_expected": False,
            "fields": {"sent_at": {"xpath": ".", "format": "iso"}, "sender": "."},
        }
    )


def _row(record: etree._Element) -> dict[Slot, list[str]]:
    row: dict[Slot, list[str]] = {}
    for slot, text in _texts(record, ()):
        row.setdefault(slot, []).append(text[:LONGEST])
    return row


def _texts(element: etree._Element, steps: Tags) -> Iterator[tuple[Slot, str]]:
    for name, text in texts_of(element):
        yield Slot(steps, name), text
    for child in element:
        yield from _texts(child, (*steps, str(child.tag)))
