"""Who had an address at an instant, and what the clock of a site showed: plain Python."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from tests.models.usage_world import ZONES

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Party:
    """A person at an instant, by the directory or, unknown to it, by the collection."""

    person_id: str
    name: str
    site: str
    department: str
    cost_centre: str


@dataclass(frozen=True)
class Clock:
    """An instant on a site's own clock."""

    instant: dt.datetime
    zone: str

    @property
    def local(self) -> dt.datetime:
        return self.instant.astimezone(ZoneInfo(self.zone))

    @property
    def offset_minutes(self) -> int:
        offset = self.local.utcoffset()
        assert offset is not None
        return int(offset / dt.timedelta(minutes=1))

    @property
    def hour_start(self) -> dt.datetime:
        local = self.local
        into = dt.timedelta(
            minutes=local.minute, seconds=local.second, microseconds=local.microsecond
        )
        return self.instant - into


class PeopleByAddress:
    """The directory's lines, by address and in order of time."""

    def __init__(self, lines: Iterable[dict[str, str]]) -> None:
        self._lines: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
        for line in sorted(lines, key=lambda line: line["valid_from"]):
            self._lines[line["address"]].append(line)

    def party(self, address: str, sent_at: dt.datetime, site: str) -> tuple[Party, str]:
        """Who it is, and in which time zone."""
        line = self._line(address.lower(), sent_at)
        if line is None:
            return Party(UNKNOWN, UNKNOWN, site, UNKNOWN, UNKNOWN), ZONES[site]
        names = ("person_id", "name", "site", "department", "cost_centre")
        return Party(*(line[name] for name in names)), ZONES[line["site"]]

    def _line(self, address: str, sent_at: dt.datetime) -> dict[str, str] | None:
        """The address's last line to have begun, unless it has ended with nothing to follow."""
        lines = self._lines.get(address, [])
        begun = [n for n, line in enumerate(lines) if _midnight(line, "valid_from") <= sent_at]
        if not begun:
            return None
        line, following = lines[begun[-1]], lines[begun[-1] + 1 :]
        followed = bool(following) and following[0]["valid_from"] == line["valid_to"]
        ended = line["valid_to"] and not followed and sent_at >= _midnight(line, "valid_to")
        return None if ended else line


def _midnight(line: Mapping[str, str], column: str) -> dt.datetime:
    zone = ZoneInfo(ZONES[line["site"]])
    day = dt.date.fromisoformat(line[column] or "0002-01-01")
    return dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC)
