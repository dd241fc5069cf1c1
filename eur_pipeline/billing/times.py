"""`time_bands.csv` and `holidays.csv`: which bands a quarter of an hour of a kind of day is in.

Which day and quarter a message falls into is decided in SQL.
"""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from eur_pipeline.billing.csv_file import Row, read_rows
from eur_pipeline.billing.sites import SiteTree

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_KINDS = (*WEEKDAYS, "holiday")
QUARTERS = 96
BAND_COLUMNS = ("time_band", "days", "from", "to")
HOLIDAY_COLUMNS = ("site", "date", "name")
BAND_NAME = re.compile(r"[a-z][a-z0-9_]*")

Slot = tuple[str, int]


@dataclass(frozen=True)
class TimeBands:
    """All bands, by the slots (kind of day and quarter of an hour) that are in the same ones."""

    names: tuple[str, ...]
    bands_of_slot: Mapping[Slot, frozenset[str]]

    def class_of(self, slot: Slot) -> str:
        """The name of the slots that are in the same bands as this one."""
        return "+".join(sorted(self.bands_of_slot.get(slot, ())))

    def classes(self) -> dict[str, tuple[Slot, frozenset[str]]]:
        """For every such name, the first of its slots and the bands."""
        found: dict[str, tuple[Slot, frozenset[str]]] = {}
        for slot in all_slots():
            found.setdefault(self.class_of(slot), (slot, self.bands_of_slot.get(slot, frozenset())))
        return found


def all_slots() -> Iterator[Slot]:
    """Every quarter of an hour of every kind of day."""
    return ((kind, quarter) for kind in DAY_KINDS for quarter in range(QUARTERS))


def read_time_bands(path: Path) -> TimeBands:
    """The bands of a file that can be missing; a ConfigurationError names line and column."""
    bands: defaultdict[Slot, set[str]] = defaultdict(set)
    names: dict[str, None] = {}
    for row in read_rows(path, BAND_COLUMNS) if path.exists() else ():
        name = row.required("time_band")
        if not BAND_NAME.fullmatch(name):
            raise row.error("time_band", "lower-case letters, digits and _, as off_peak")
        names[name] = None
        start, end = _quarter(row, "from"), _quarter(row, "to")
        if end <= start:
            raise row.error("to", "a time after `from`; past midnight, write a row for each day")
        for kind in _days(row):
            for quarter in range(start, end):
                bands[kind, quarter].add(name)
    return TimeBands(tuple(names), {slot: frozenset(of) for slot, of in bands.items()})


def read_holidays(path: Path, sites: SiteTree) -> list[tuple[str, dt.date]]:
    """Site and date of every holiday; a site has those of the sites above it on that day."""
    holidays: set[tuple[str, dt.date]] = set()
    for row in read_rows(path, HOLIDAY_COLUMNS) if path.exists() else ():
        site = row.text("site")
        if site:
            row.one_of("site", [s.name for s in sites.config.sites])
        date = row.date("date")
        if date is None:
            raise row.error("date", "a date such as 2026-08-01")
        holidays |= {(name, date) for name in sites.names if site in sites.lineage_on(name, date)}
    return sorted(holidays)


def _quarter(row: Row, column: str) -> int:
    found = re.fullmatch(r"(\d\d):(00|15|30|45)", row.text(column), re.ASCII)
    quarter = int(found[1]) * 4 + int(found[2]) // 15 if found else QUARTERS + 1
    if quarter > QUARTERS:
        raise row.error(column, "a quarter of an hour, from 00:00 to 24:00")
    return quarter


def _days(row: Row) -> set[str]:
    days: set[str] = set()
    for word in row.required("days").replace(",", " ").split():
        of_word = _days_of(word)
        if not of_word:
            raise row.error("days", "days such as mon-fri, or sat sun holiday")
        days.update(of_word)
    return days


def _days_of(word: str) -> tuple[str, ...]:
    """The days that `sat` or `mon-fri` means; none where it means nothing."""
    first, dash, last = word.partition("-")
    if not dash:
        return (word,) if word in DAY_KINDS else ()
    if first not in WEEKDAYS or last not in WEEKDAYS:
        return ()
    return WEEKDAYS[WEEKDAYS.index(first) : WEEKDAYS.index(last) + 1]
