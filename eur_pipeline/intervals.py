"""Upload hours, the intervals that partition them, and ranges of intervals.

Pure arithmetic on UTC hours: what lies in an interval is known elsewhere.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from eur_pipeline.lake.schema import HOUR_FORMAT

# The longest range that one run takes; longer backlogs become several runs.
MOST_INTERVALS_A_RUN = 50


@dataclass(frozen=True, order=True)
class Window:
    """Upload hours from `start` (inclusive) to `end` (exclusive), both full hours in UTC."""

    start: dt.datetime
    end: dt.datetime

    def __contains__(self, hour: dt.datetime) -> bool:
        return self.start <= hour < self.end

    def hours(self) -> Iterator[dt.datetime]:
        """Every hour of the window."""
        yield from _steps(self, 1)

    def intervals(self, interval_hours: int) -> Iterator["Window"]:
        """The window cut into intervals; it has to begin where one does."""
        for start in _steps(self, interval_hours):
            yield Window(start, start + dt.timedelta(hours=interval_hours))

    def key(self) -> str:
        """The partition key of the interval that begins here, as `2026-03-09T01Z`."""
        return self.start.strftime(HOUR_FORMAT)


def hour_of(instant: dt.datetime) -> dt.datetime:
    """The UTC hour that the instant lies in."""
    return instant.astimezone(dt.UTC).replace(minute=0, second=0, microsecond=0)


def interval_of(hour: dt.datetime, interval_hours: int) -> Window:
    """The interval that the hour lies in; intervals are counted from midnight UTC."""
    start = hour.replace(hour=hour.hour - hour.hour % interval_hours)
    return Window(start, start + dt.timedelta(hours=interval_hours))


def ranges(hours: Iterable[dt.datetime], interval_hours: int) -> list[Window]:
    """The fewest runs for these hours: contiguous intervals, MOST_INTERVALS_A_RUN at the most."""
    longest = dt.timedelta(hours=interval_hours * MOST_INTERVALS_A_RUN)
    found: list[Window] = []
    for interval in sorted({interval_of(hour, interval_hours) for hour in hours}):
        last = found[-1] if found else None
        if last and last.end == interval.start and interval.end - last.start <= longest:
            found[-1] = Window(last.start, interval.end)
        else:
            found.append(interval)
    return found


def _steps(window: Window, hours: int) -> Iterator[dt.datetime]:
    at = window.start
    while at < window.end:
        yield at
        at += dt.timedelta(hours=hours)
