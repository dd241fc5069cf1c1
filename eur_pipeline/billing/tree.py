"""Trees whose branches move: what is above what, and when.

Sites, departments and cost centres are such trees. Reading the files is the business of others.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from eur_pipeline.billing.periods import ALWAYS, Claim, Period, settle

# From a name up to the top of its tree.
Lineage = tuple[str, ...]


class CycleError(ValueError):
    """Somebody is among his own ancestors.

    Attributes:
        lineage: From the name up to where it comes again.
        period: When that is so.
    """

    def __init__(self, lineage: Lineage, period: Period) -> None:
        super().__init__(" -> ".join(lineage))
        self.lineage = lineage
        self.period = period


@dataclass(frozen=True)
class Ancestor:
    """That a name is at or below another one for a while; level 0 is the name itself."""

    name: str
    ancestor: str
    level: int
    period: Period


@dataclass(frozen=True)
class Tree:
    """What is directly above every name, and when.

    Attributes:
        parents: The periods of every name without gap or overlap, with the name above it in
            each; empty at the top.
    """

    parents: Mapping[str, Sequence[tuple[Period, str]]]

    def lineages(self, name: str) -> tuple[tuple[Period, Lineage], ...]:
        """The name and all above it, and when; a name that is in no tree stands alone always.

        Raises:
            CycleError: It is among its own ancestors.
        """
        return self._lineages.setdefault(name, tuple(self._up((name,), ALWAYS)))

    @cached_property
    def _lineages(self) -> dict[str, tuple[tuple[Period, Lineage], ...]]:
        return {}

    def _up(self, below: Lineage, period: Period) -> Iterator[tuple[Period, Lineage]]:
        """The ways from the last of these names to the top within a period."""
        for of_parent, parent in self.parents.get(below[-1], ((ALWAYS, ""),)):
            part = of_parent.overlap(period)
            if part is None:
                continue
            if not parent:
                yield part, below
            elif parent in below:
                raise CycleError((*below, parent), part)
            else:
                yield from self._up((*below, parent), part)

    def ancestors(self, names: Iterable[str]) -> Iterator[Ancestor]:
        """Every name of these with itself and each that is above it."""
        for name in names:
            places: defaultdict[tuple[str, int], list[Period]] = defaultdict(list)
            for period, lineage in self.lineages(name):
                for level, ancestor in enumerate(lineage):
                    places[ancestor, level].append(period)
            for (ancestor, level), periods in places.items():
                for period in joined(periods):
                    yield Ancestor(name, ancestor, level, period)


def joined(periods: Iterable[Period]) -> list[Period]:
    """The same days in as few periods as possible, in order."""
    return [period for period, _ in settle([Claim((), period, None) for period in periods])]
