"""The grains of models, and which dates of a parent a date of its child reads.

Pure arithmetic of dates: no SQL and no files.
"""

import calendar
import datetime as dt
from collections.abc import Iterable
from enum import StrEnum

# The one date of a model that is always built as a whole.
WHOLE_DATE = dt.date.min
# No time zone is a day or more from UTC, so a local day lies within three UTC dates.
LOCAL_DAY_MARGIN = 1


class Grain(StrEnum):
    """By which date a model's rows are rebuilt; also the name of that column."""

    EVENT_DATE = "event_date"
    LOCAL_DATE = "local_date"
    LOCAL_MONTH = "local_month"
    WHOLE = "whole"


# Which grains a model of a grain can read.
READABLE = {
    Grain.EVENT_DATE: {Grain.EVENT_DATE},
    Grain.LOCAL_DATE: {Grain.EVENT_DATE, Grain.LOCAL_DATE},
    Grain.LOCAL_MONTH: {Grain.LOCAL_DATE, Grain.LOCAL_MONTH},
    Grain.WHOLE: set(Grain),
}


def dates_touched(
    parent: Grain, date: dt.date, child: Grain, context_days: int = 0
) -> Iterable[dt.date]:
    """The child's dates that may have rows because the parent has some on `date`."""
    match parent, child:
        case _, Grain.WHOLE:
            return (WHOLE_DATE,)
        case Grain.EVENT_DATE, Grain.LOCAL_DATE:
            return days_around(date, LOCAL_DAY_MARGIN)
        case Grain.LOCAL_DATE, Grain.LOCAL_MONTH:
            return (date.replace(day=1),)
        case Grain.LOCAL_DATE, Grain.LOCAL_DATE:
            # What is sent late in the evening is received tomorrow, or yesterday, in another zone.
            return days_around(date, context_days)
        case _:
            return (date,)


def dates_read(child: Grain, date: dt.date, parent: Grain, context_days: int) -> list[dt.date]:
    """The dates of a dated parent that a date of a dated child is made from."""
    match parent, child:
        case Grain.EVENT_DATE, Grain.LOCAL_DATE:
            return days_around(date, LOCAL_DAY_MARGIN + context_days)
        case Grain.LOCAL_DATE, Grain.LOCAL_MONTH:
            return days_of_month(date)
        case _:
            return days_around(date, context_days)


def days_of_month(date: dt.date) -> list[dt.date]:
    """All days of the date's month."""
    days = calendar.monthrange(date.year, date.month)[1]
    return [date.replace(day=day) for day in range(1, days + 1)]


def days_around(date: dt.date, days: int) -> list[dt.date]:
    """The date with that many days before and after it."""
    return [date + dt.timedelta(days=offset) for offset in range(-days, days + 1)]


def as_ranges(dates: Iterable[dt.date]) -> list[tuple[dt.date, dt.date]]:
    """The dates as ranges of consecutive days, both ends included."""
    ranges: list[tuple[dt.date, dt.date]] = []
    for date in sorted(set(dates)):
        if ranges and date - ranges[-1][1] == dt.timedelta(days=1):
            ranges[-1] = (ranges[-1][0], date)
        else:
            ranges.append((date, date))
    return ranges
