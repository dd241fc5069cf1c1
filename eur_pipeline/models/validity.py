"""What is valid on a date, as a stamp: it changes only when something valid on that date does.

Rows enter with their attributes, not with the dates since and until when they are valid. So an
export with equal contents touches nothing, and a change from the 10th on nothing before the 10th.
"""

import datetime as dt
import hashlib
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate, groupby
from typing import Protocol
from zoneinfo import ZoneInfo

from eur_pipeline.billing.directory import DirectoryEntry
from eur_pipeline.billing.periods import Period
from eur_pipeline.models.grains import Grain, days_of_month

_ONE_DAY = dt.timedelta(days=1)
_DIGEST_RANGE = 2**256

Instant = dt.datetime | None


class InputStamps(Protocol):
    """What an input contributes to the stamp of a date."""

    def at(self, grain: Grain, date: dt.date) -> str:
        """Equal if and only if nothing that is valid on the date has changed."""


@dataclass(frozen=True)
class AlwaysValid:
    """An input without validity: any change touches every date."""

    content: str

    def at(self, grain: Grain, date: dt.date) -> str:  # noqa: ARG002
        """The whole content."""
        return self.content


class DatedStamps:
    """The sum, per local date, of the digests of the facts that hold on it.

    A sum does not depend on the order of its facts, and is kept as differences between
    neighbouring dates, so that a fact costs the same however long it holds.
    """

    def __init__(self) -> None:
        self._differences: defaultdict[dt.date, int] = defaultdict(int)
        self._dates: list[dt.date] = []
        self._sums: list[int] = []

    def add(self, fact: Iterable[object], first: dt.date, last: dt.date) -> None:
        """Let the fact hold from the first date to the last, both included."""
        if first > last:
            return
        digest = int.from_bytes(hashlib.sha256(repr(tuple(fact)).encode()).digest())
        self._differences[first] += digest
        if last < dt.date.max:
            self._differences[last + _ONE_DAY] -= digest
        self._dates = []

    def at(self, grain: Grain, date: dt.date) -> str:
        """What holds on a local date, or the days of a month; of another grain, all there is."""
        self._sum_up()
        match grain:
            case Grain.LOCAL_DATE:
                return self._on(date)
            case Grain.LOCAL_MONTH:
                return " ".join(self._on(day) for day in days_of_month(date))
        return repr(list(zip(self._dates, self._sums, strict=True)))

    def _on(self, date: dt.date) -> str:
        position = bisect_right(self._dates, date)
        return str(self._sums[position - 1] % _DIGEST_RANGE) if position else "0"

    def _sum_up(self) -> None:
        if not self._dates:
            self._dates = sorted(self._differences)
            self._sums = list(accumulate(self._differences[date] for date in self._dates))


def stamps_of_periods(facts: Iterable[tuple[Period, Iterable[object]]]) -> DatedStamps:
    """Stamps by local dates of facts that each hold in a period."""
    stamps = DatedStamps()
    for period, fact in facts:
        last = period.valid_to - _ONE_DAY if period.valid_to else dt.date.max
        stamps.add(fact, period.start, last)
    return stamps


def directory_validity(
    entries: Iterable[DirectoryEntry], fallback_zones: Collection[str]
) -> DatedStamps:
    """Stamps of the directory, or of all known addresses, by local dates.

    Where an entry begins or ends in the middle of a local day (its neighbour in time has another
    time zone), the instant matters to that day and enters its stamp. While an address has no entry,
    its messages fall on the local dates of their collection, which has one of `fallback_zones`.
    """
    stamps = DatedStamps()
    for (collection, address), group in groupby(entries, key=_place):
        of_address = list(group)
        for entry in of_address:
            _add_entry(stamps, entry)
        for start, end in _gaps(of_address):
            for zone in sorted(fallback_zones):
                for day, bounds in _partial_days(start, end, zone).items():
                    stamps.add(("nobody", collection, address, zone, *bounds), day, day)
    return stamps


def _place(entry: DirectoryEntry) -> tuple[str, str]:
    return entry.collection, entry.address


def _add_entry(stamps: DatedStamps, entry: DirectoryEntry) -> None:
    fact = (
        *(entry.person_id, entry.name, entry.address, entry.site, entry.collection),
        *(entry.department, entry.cost_centre, entry.time_zone),
    )
    first, last = _local_days(entry.start_at, entry.end_at, entry.time_zone)
    partial = _partial_days(entry.start_at, entry.end_at, entry.time_zone)
    for day, bounds in partial.items():
        stamps.add((*fact, *bounds), day, day)
    stamps.add(
        fact,
        first + _ONE_DAY if first in partial else first,
        last - _ONE_DAY if last in partial else last,
    )


def _gaps(entries: list[DirectoryEntry]) -> Iterator[tuple[Instant, Instant]]:
    """The periods in which an address, whose entries these are in order, has none."""
    previous: Instant = None
    for number, entry in enumerate(entries):
        if entry.start_at is not None and (number == 0 or previous != entry.start_at):
            yield previous, entry.start_at
        previous = entry.end_at
    if previous is not None:
        yield previous, None


def _local_days(start: Instant, end: Instant, zone: str) -> tuple[dt.date, dt.date]:
    """The first and last local date that a period touches."""
    tz = ZoneInfo(zone)
    last_instant = end - dt.timedelta(microseconds=1) if end else None
    return (
        start.astimezone(tz).date() if start else dt.date.min,
        last_instant.astimezone(tz).date() if last_instant else dt.date.max,
    )


def _partial_days(start: Instant, end: Instant, zone: str) -> dict[dt.date, list[dt.datetime]]:
    """The local dates that a period covers only in part, with where it begins or ends in them."""
    first, last = _local_days(start, end, zone)
    partial: defaultdict[dt.date, list[dt.datetime]] = defaultdict(list)
    if start is not None and start != _midnight(first, zone):
        partial[first].append(start)
    if end is not None and end != _midnight(last + _ONE_DAY, zone):
        partial[last].append(end)
    return partial


def _midnight(day: dt.date, zone: str) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), ZoneInfo(zone)).astimezone(dt.UTC)
