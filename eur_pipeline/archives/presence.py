"""Who was in a conversation at a moment, as the joins and leaves of one archive say.

Joins that lie in other archives are the business of the models, which see them all and follow the
same rules.
"""

import datetime as dt
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from eur_pipeline.archives.limits import Limits
from eur_pipeline.archives.record import Kind, Record

_EVENTS = (Kind.JOIN, Kind.LEAVE)

# Of two in one instant, the first in the archive was first.
_Moment = tuple[dt.datetime, int]


@dataclass(slots=True)
class _Event:
    """Somebody comes, goes or speaks; `address` where it is shown."""

    moment: _Moment
    occupant: str
    address: str | None
    kind: Kind


@dataclass(slots=True)
class _Stay:
    """How long somebody was there under one name; without `came`, from the beginning."""

    occupant: str
    first: _Moment
    came: _Moment | None = None
    left: _Moment | None = None
    address: str | None = None

    @property
    def person(self) -> str:
        """Who it was, as far as the archive shows."""
        return self.address or self.occupant


class Presence:
    """All joins and leaves of an archive, by conversation; whoever speaks is there too.

    Some writers tell a conversation's joins first, then its messages, then its leaves: so the
    whole archive must be noted before anyone is asked for. Whoever leaves or speaks without having
    come was there since they left last (a new nickname can be told as a leave alone), else since
    somebody unknown left, else from the beginning.
    """

    def __init__(self, records: Iterable[Record], limits: Limits) -> None:
        noted: defaultdict[str, _Noted] = defaultdict(_Noted)
        count = 0
        for record in records:
            if record.occupant is not None:
                count += noted[_conversation(record)].add(record, record.occupant)
            if count > limits.joins_and_leaves:
                raise limits.exceeded("joins_and_leaves", "joins and leaves in an archive")
        self._timelines = {name: _Timeline(one.events) for name, one in noted.items()}

    def others(self, record: Record) -> tuple[str, ...]:
        """Who, other than its sender, was there when the record was sent; in order of arrival."""
        timeline = self._timelines.get(_conversation(record))
        if timeline is None or record.kind in _EVENTS:
            return ()
        present = timeline.present_at((record.sent_at, record.ordinal))
        found = (
            stay.person
            for stay in present
            if stay.occupant != record.occupant and stay.person != record.sender
        )
        return tuple(dict.fromkeys(found))


@dataclass(slots=True)
class _Noted:
    """What happened in one conversation; of what one says until something else, the earliest."""

    events: list[_Event] = field(default_factory=list)
    last: dict[str, _Event] = field(default_factory=dict)

    def add(self, record: Record, occupant: str) -> int:
        """Note it; gives how many events more there are."""
        address = None if "/" in record.sender else record.sender
        kind = record.kind if record.kind in _EVENTS else Kind.MESSAGE
        event = _Event((record.sent_at, record.ordinal), occupant, address, kind)
        before = self.last.get(occupant)
        if before and (before.kind, before.address, event.kind) == (kind, address, Kind.MESSAGE):
            before.moment = min(before.moment, event.moment)
            return 0
        self.last[occupant] = event
        self.events.append(event)
        return 1


class _Timeline:
    """The stays of one conversation; questions in order of time are answered fastest."""

    def __init__(self, events: list[_Event]) -> None:
        stays = _stays(sorted(events, key=lambda event: event.moment))
        self._at_first = {id(s): s for s in sorted(stays, key=lambda s: s.person) if not s.came}
        changes = [(stay.came, True, stay) for stay in stays if stay.came]
        changes += [(stay.left, False, stay) for stay in stays if stay.left]
        self._changes = sorted(changes, key=lambda change: change[:2])
        self._moments = [moment for moment, _, _ in self._changes]
        self._reached = 0
        self._present = dict(self._at_first)

    def present_at(self, moment: _Moment) -> Sequence[_Stay]:
        """Who was there."""
        reached = bisect_right(self._moments, moment)
        if reached < self._reached:
            self._reached, self._present = 0, dict(self._at_first)
        for _, comes, stay in self._changes[self._reached : reached]:
            if comes:
                self._present[id(stay)] = stay
            else:
                self._present.pop(id(stay), None)
        self._reached = reached
        return tuple(self._present.values())


def _stays(events: Sequence[_Event]) -> list[_Stay]:
    """All stays that the events, in order of time, tell of."""
    stays: list[_Stay] = []
    unjoined: list[_Stay] = []
    under_way: dict[str, _Stay] = {}
    for event in events:
        stay = under_way.get(event.occupant)
        if stay is None or _is_somebody_else(stay, event):
            if stay is not None:
                stay.left = event.moment
            begun = stay is not None or event.kind is Kind.JOIN
            stay = _Stay(event.occupant, event.moment, event.moment if begun else None)
            stays.append(stay)
            unjoined += [] if begun else [stay]
            under_way[event.occupant] = stay
        stay.address = stay.address or event.address
        if event.kind is Kind.LEAVE:
            stay.left = event.moment
            del under_way[event.occupant]
    _find_beginnings(stays, unjoined)
    return stays


def _is_somebody_else(stay: _Stay, event: _Event) -> bool:
    """Whether a nickname shows another address: its leave and join are in no archive."""
    return None not in (stay.address, event.address) and stay.address != event.address


def _find_beginnings(stays: Sequence[_Stay], unjoined: Sequence[_Stay]) -> None:
    left: defaultdict[str, list[_Moment]] = defaultdict(list)
    for moment, person in sorted(_leaves(stays)):
        left[person].append(moment)
    for stay in unjoined:
        before = (_last_before(left[person], stay.first) for person in (stay.person, _UNKNOWN))
        stay.came = max((moment for moment in before if moment), default=None)


# No occupant has an empty name.
_UNKNOWN = ""


def _leaves(stays: Iterable[_Stay]) -> Iterator[tuple[_Moment, str]]:
    for stay in stays:
        if stay.left is not None:
            yield stay.left, stay.person if stay.address else _UNKNOWN


def _last_before(moments: Sequence[_Moment], moment: _Moment) -> _Moment | None:
    position = bisect_left(moments, moment)
    return moments[position - 1] if position else None


def _conversation(record: Record) -> str:
    return record.conversation_id or ""
