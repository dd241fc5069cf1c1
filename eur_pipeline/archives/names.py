"""Counts the names in a document that differ, because libxml2 forgets none of them.

How many there may be is `limits.py`'s; what they are the names of is the reader's business.
"""

from dataclasses import dataclass, field

from lxml import etree

from eur_pipeline.archives.limits import Limits


@dataclass(slots=True)
class Names:
    """The names of one document's elements, attributes and namespaces so far."""

    seen: set[str | bytes] = field(default_factory=set)

    def meet(self, element: etree._Element, limits: Limits) -> None:
        """Note its and its attributes' names; UnreadableArchiveError where they are too many."""
        before = len(self.seen)
        self.seen.add(element.tag)
        self.seen.update(element.keys())
        if len(self.seen) > before:
            self._check(limits)

    def meet_namespace(self, prefix: str, uri: str, limits: Limits) -> None:
        """Note a declared namespace, likewise."""
        self.seen.update((prefix, uri))
        self._check(limits)

    def copy(self) -> "Names":
        """As many, for a part of the document that may have to be read again."""
        return Names(set(self.seen))

    def _check(self, limits: Limits) -> None:
        if len(self.seen) > limits.distinct_names:
            raise limits.exceeded(
                "distinct_names", "names of elements, attributes and namespaces that differ"
            )
