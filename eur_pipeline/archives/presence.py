"""Who was in a conversation at a moment, as the joins and leaves of one archive say.

Joins that lie in earlier archives are the business of the models, which see them all.
"""

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from eur_pipeline.archives.limits import Limits
from eur_pipeline.archives.record import Kind, Record

_EVENTS = (Kind.JOIN, Kind.LEAVE)


@dataclass(frozen=True, slots=True, order=True)
class _Event:
    """Somebody comes or goes; of two in one instant, the first in the archive was first."""

    sent_at: dt.datetime
    ordinal: int
    address: str
    comes: bool


class Presence:
    """All joins and leaves of an archive, by conversation; whoever speaks is there too.

    Some writers tell a conversation's joins first, then its messages, then its leaves: so the
    whole archive must be noted before anyone is asked for. Somebody whose first event is a leave,
    or who speaks before any event, was there from the beginning.
    """

    def __init__(self, records: Iterable[Record], limits: Limits) -> None:
        noted: dict[str, _Noted] = {}
        count = 0
        for record in records:
            count += noted.setdefault(_conversation(record), _Noted({}, [])).add(record)
            if count > limits.joins_and_leaves:
                raise limits.exceeded("joins_and_leaves", "joins and leaves in an archive")
        self._timelines = {name: _Timeline(one) for name, one in noted.items()}

    def others(self, record: Record) -> tuple[str, ...]:
        """Who, other than its sender, was there when the record was sent; in order of arrival."""
        timeline = self._timelines.get(_conversation(record))
        if timeline is None or record.kind in _EVENTS:
            return ()
        present = timeline.present_at(record.sent_at, record.ordinal)
        return tuple(address for address in present if address != record.sender)


@dataclass(frozen=True, slots=True)
class _Noted:
    """What is known of one conversation: when each first spoke, and who came and went."""

    spoke: dict[str, tuple[dt.datetime, int]]
    events: list[_Event]

    def add(self, record: Record) -> int:
        """Note it; gives how many things more are known."""
        known = len(self.spoke) + len(self.events)
        moment = (record.sent_at, record.ordinal)
        if record.kind in _EVENTS:
            self.events.append(_Event(*moment, record.sender, record.kind is Kind.JOIN))
        else:
            self.spoke[record.sender] = min(moment, self.spoke.get(record.sender, moment))
        return len(self.spoke) + len(self.events) - known


class _Timeline:
    """One conversation; questions in order of time are answered fastest."""

    def __init__(self, noted: _Noted) -> None:
        self._events = sorted(noted.events)
        self._moments = [(event.sent_at, event.ordinal) for event in self._events]
        self._at_first = _there_at_first(self._events, noted.spoke)
        self._reached = 0
        self._present = dict.fromkeys(self._at_first)
        self._answer = tuple(self._present)

    def present_at(self, sent_at: dt.datetime, ordinal: int) -> tuple[str, ...]:
        """Who was there."""
        reached = bisect_right(self._moments, (sent_at, ordinal))
        if reached < self._reached:
            self._reached, self._present = 0, dict.fromkeys(self._at_first)
        if reached != self._reached or reached == 0:
            self._go_on(self._events[self._reached : reached])
            self._reached = reached
            self._answer = tuple(self._present)
        return self._answer

    def _go_on(self, events: Sequence[_Event]) -> None:
        for event in events:
            if event.comes:
                self._present[event.address] = None
            else:
                self._present.pop(event.address, None)


def _there_at_first(
    events: Sequence[_Event], spoke: dict[str, tuple[dt.datetime, int]]
) -> list[str]:
    first = {event.address: event for event in reversed(events)}
    came_later = {
        address
        for address, event in first.items()
        if event.comes
        and not (address in spoke and spoke[address] < (event.sent_at, event.ordinal))
    }
    return sorted((first.keys() | spoke.keys()) - came_later)


def _conversation(record: Record) -> str:
    return record.conversation_id or ""
