"""Half-open periods of local days, and what holds on each when several things claim them.

Pure arithmetic of dates; None is open at either end.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Period:
    """From a first day to the day after the last."""

    valid_from: dt.date | None = None
    valid_to: dt.date | None = None

    @property
    def start(self) -> dt.date:
        """The first day."""
        return self.valid_from or dt.date.min

    @property
    def end(self) -> dt.date:
        """The day after the last; the last day there is where it is open."""
        return self.valid_to or dt.date.max

    def has(self, day: dt.date) -> bool:
        """Whether it is one of its days."""
        return self.start <= day < self.end

    def contains(self, other: "Period") -> bool:
        """Whether every day of the other is one of this."""
        return self.start <= other.start and other.end <= self.end

    def overlaps(self, other: "Period") -> bool:
        """Whether they have a day in common."""
        return self.start < other.end and other.start < self.end

    def overlap(self, other: "Period") -> "Period | None":
        """The days in common; None where there are none."""
        if not self.overlaps(other):
            return None
        return _period(max(self.start, other.start), min(self.end, other.end))

    def has_whole_month(self) -> bool:
        """Whether all days of some month are among its own."""
        first = self.start if self.start.day == 1 else _next_month(self.start)
        return _next_month(first) <= self.end

    def __str__(self) -> str:
        return f"{self.valid_from or 'always'} to {self.valid_to or 'for ever'}"


ALWAYS = Period()


@dataclass(frozen=True)
class Claim(Generic[T]):
    """A value that wants to hold in a period; of several, the lowest rank has it."""

    rank: tuple[int, ...]
    period: Period
    value: T


def hull(periods: Iterable[Period]) -> Period:
    """From the first day of any to the last of any."""
    periods = list(periods)
    return _period(min(p.start for p in periods), max(p.end for p in periods))


def settle(claims: Sequence[Claim[T]]) -> list[tuple[Period, T]]:
    """What holds when, in order; days that nothing claims are left out."""
    limits = sorted({limit for c in claims for limit in (c.period.start, c.period.end)})
    settled: list[tuple[Period, T]] = []
    for start, end in pairwise(limits):
        part = _period(start, end)
        holding = [claim for claim in claims if claim.period.contains(part)]
        if not holding:
            continue
        value = min(holding, key=lambda claim: claim.rank).value
        if settled and settled[-1][1] == value and settled[-1][0].end == start:
            part = _period(settled.pop()[0].start, end)
        settled.append((part, value))
    return settled


def first_gap(covered: Sequence[Period], wanted: Period) -> Period | None:
    """The first days of `wanted` that no period covers; None where there are none."""
    day = wanted.start
    for period in sorted(covered, key=lambda p: p.start):
        if period.start > day:
            break
        day = max(day, period.end)
    if day >= wanted.end:
        return None
    later = [p.start for p in covered if p.start > day]
    return _period(day, min([*later, wanted.end]))


def gaps(periods: Iterable[Period]) -> Iterator[Period]:
    """The days between periods that none of them covers."""
    covered = sorted(periods, key=lambda p: p.start)
    day = covered[0].end if covered else dt.date.max
    for period in covered:
        if period.start > day:
            yield _period(day, period.start)
        day = max(day, period.end)


def _next_month(day: dt.date) -> dt.date:
    if (day.year, day.month) == (dt.date.max.year, dt.date.max.month):
        return dt.date.max
    return (day.replace(day=1) + dt.timedelta(days=32)).replace(day=1)


def _period(start: dt.date, end: dt.date) -> Period:
    return Period(None if start == dt.date.min else start, None if end == dt.date.max else end)
