"""What the marts of usage have to say: plain Python over records and directory lines.

Nothing of the product is used, and no SQL; the rules are those of docs/usage.md.
"""

import calendar
import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from tests.models.lake_project import Record
from tests.models.usage_people import UNKNOWN, Clock, Party, PeopleByAddress
from tests.models.usage_world import (
    COLLECTION_SITES,
    COMPANY_DOMAIN,
    LEGAL_ENTITIES,
    PARENTS,
    UsageWorld,
)

KINDS = ("message", "file_transfer")
LARGEST_FILE = 10**15
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

PLACE = ("site", "department")
ACCOUNT = ("legal_entity", "cost_centre")
COMPARED = ("active_people", "sent", "received")

Values = dict[str, Any]
Table = dict[tuple[Any, ...], Values]


@dataclass(frozen=True)
class Event:
    """A message on its sender's clock (`sent`), or one delivery of it on its recipient's.

    Attributes:
        keys: Everything that a mart may group by, by the column's name.
        recipients: Addresses in lower case.
    """

    sent: bool
    sent_at: dt.datetime
    kind: str
    destination: str
    conversation: str
    characters: int
    body_bytes: int
    file_bytes: int
    sender: str
    recipients: tuple[str, ...]
    keys: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Delivery:
    """One recipient of a sent message."""

    message: Event
    recipient: str
    destination: str
    party: Party | None


class UsageOracle:
    """Counts a world's usage."""

    def __init__(self, world: UsageWorld) -> None:
        self.people = world.people()
        self._directory = PeopleByAddress(self.people)
        self._world = world
        self.sent: list[Event] = []
        self.received: list[Event] = []
        self.deliveries: list[Delivery] = []
        for collection, records in world.records.items():
            for one in records:
                if one["kind"] in KINDS:
                    self._count(one, COLLECTION_SITES[collection])

    @property
    def events(self) -> list[Event]:
        return self.sent + self.received

    def table(self, *keys: str, events: Iterable[Event] | None = None) -> Table:
        """The measures of all usage, by these keys."""
        groups = _grouped(self.events if events is None else events, keys)
        return {key: measures(group) for key, group in groups.items()}

    def by_site(self, date: str) -> Table:
        """By site with all sites below it; beside it what the site has of its own."""
        rolled = [
            replace(event, keys={**event.keys, "site": site})
            for event in self.events
            for site in _with_ancestors(event.keys["site"])
        ]
        own = self.table(date, "site")
        table = self.table(date, "site", events=rolled)
        for key, values in table.items():
            of_site = own.get(key, {})
            for name in ("messages", "file_transfers", "received"):
                values[f"own_{name}"] = of_site.get(name, 0)
        return table

    def by_pair(self) -> Table:
        """By the addresses of senders and recipients, and who they are."""
        groups: defaultdict[tuple[Any, ...], list[Event]] = defaultdict(list)
        for one in self.deliveries:
            keys = one.message.keys
            party = (one.party.person_id, one.party.site) if one.party else (None, None)
            sender = (keys["local_date"], keys["person_id"], one.message.sender, keys["site"])
            key = (*sender, party[0], one.recipient, party[1], one.destination)
            groups[key].append(one.message)
        return {key: measures(group) for key, group in groups.items()}

    def by_conversation(self, date: str) -> Table:
        """By conversation; participants are addresses."""
        table: Table = {}
        for key, events in _grouped(self.sent, (date, "conversation")).items():
            parties = {address for e in events for address in (e.sender, *e.recipients)}
            table[key] = {**measures(events), "participants": len(parties)}
        return table

    def by_domain(self) -> Table:
        """By day, site and domain outside the company: what went there and what came."""
        going: defaultdict[tuple[Any, ...], list[Event]] = defaultdict(list)
        for event in self.sent:
            for domain, number in _foreign_domains(event.recipients).items():
                at_domain = replace(event, recipients=event.recipients[:number])
                going[event.keys["local_date"], event.keys["site"], domain].append(at_domain)
        coming: defaultdict[tuple[Any, ...], list[Event]] = defaultdict(list)
        for event in self.received:
            for domain in _foreign_domains([event.sender]):
                coming[event.keys["local_date"], event.keys["site"], domain].append(event)
        return {
            key: measures([*going.get(key, []), *coming.get(key, [])])
            for key in going.keys() | coming.keys()
        }

    def by_weekday(self) -> Table:
        """By month, site and weekday, beside how many such days the month has."""
        table = self.table("local_month", "site", "weekday")
        for (month, _, weekday), values in table.items():
            days = [day for day in _days(month) if day.isoweekday() == weekday]
            values["weekday_name"] = WEEKDAYS[weekday - 1]
            values["days"] = len(days)
            values["average_per_day"] = _rounded(values["sent"], len(days), "0.001")
        return table

    def busy_hours(self) -> Table:
        """By month, site and hour of the local clock, ranked within month and site."""
        hours = self.table("local_month", "site", "local_hour", "hour_start")
        table = self.table("local_month", "site", "local_hour")
        for (month, site, hour), values in table.items():
            sent = {k[3]: v["sent"] for k, v in hours.items() if k[:3] == (month, site, hour)}
            peak = max(sent.values())
            values["peak"] = peak
            values["peak_hour_start"] = min(s for s, n in sent.items() if n == peak)
            if peak == 0:
                values["peak_hour_start"] = None
            values["average_per_day"] = _rounded(values["sent"], len(_days(month)), "0.001")
        _rank(table, "busy_rank", lambda key, values: (key[:2], -values["sent"]))
        return table

    def by_person_monthly(self) -> Table:
        """By month and person, beside the month before, with places."""
        table = self.table("local_month", "person_id")
        months = {month for month, _ in table}
        for month, person in list(table):
            if (following := _next_month(month)) in months:
                table.setdefault((following, person), measures([]))
        for (month, person), values in table.items():
            before = _previous_month(month)
            events = self._of_person(month, person) or self._of_person(before, person)
            values.update(_place(events))
            earlier = table.get((before, person), {}).get("sent", 0) if before in months else None
            values["previous_sent"] = earlier
            values.update({} if earlier is None else _change(values["sent"], earlier))
        known = {key: values for key, values in table.items() if key[1] != UNKNOWN}
        _rank(known, "top_rank", lambda key, values: (key[0], -values["sent"]))
        _rank(known, "bottom_rank", lambda key, values: (key[0], values["sent"]))
        _rank(
            known,
            "top_rank_at_site",
            lambda key, values: ((key[0], values["site"]), -values["sent"]),
        )
        return table

    def changes(self) -> Table:
        """Sites, departments and billing accounts by month, beside the month before."""
        tables = (
            ("site", self.by_site("local_month"), ("site",)),
            ("department", self.table("local_month", "site", "department"), PLACE),
            ("cost_centre", self.table("local_month", *ACCOUNT), ACCOUNT),
        )
        months = {event.keys["local_month"] for event in self.events}
        found: Table = {}
        for dimension, table, names in tables:
            for month, *member in table:
                named = dict(zip(names, member, strict=True))
                place = (dimension, *(named.get(name) for name in (*ACCOUNT, *PLACE)))
                for shown in {month, _next_month(month)} & months:
                    now = table.get((shown, *member), measures([]))
                    before = table.get((_previous_month(shown), *member), measures([]))
                    values = found[shown, *place] = {n: now[n] for n in COMPARED}
                    if _previous_month(shown) in months:
                        values.update({f"previous_{n}": before[n] for n in COMPARED})
                        values.update(_change(now["sent"], before["sent"]))
        return found

    def people_without_usage(self) -> Table:
        """By month and person: everybody of the directory who sent nothing."""
        table: Table = {}
        usage = self.table("local_month", "person_id")
        for month in {month for month, _ in usage}:
            last = (_next_month(month) - dt.timedelta(days=1)).isoformat()
            listed = [
                line
                for line in self.people
                if (line["valid_from"] or "0000") <= last
                and (line["valid_to"] or "9999") > month.isoformat()
            ]
            for line in sorted(listed, key=lambda line: line["valid_to"] or "9999"):
                values = usage.get((month, line["person_id"]), {"sent": 0, "received": 0})
                if values["sent"] == 0:
                    place = {n: line[n] for n in ("name", "site", "department", "cost_centre")}
                    table[month, line["person_id"]] = {**place, "received": values["received"]}
        return table

    def _of_person(self, month: dt.date, person: str) -> list[Event]:
        keys = (month, person)
        return [e for e in self.events if (e.keys["local_month"], e.keys["person_id"]) == keys]

    def _count(self, one: Record, site: str) -> None:
        sender, zone = self._directory.party(one["sender"], one["sent_at"], site)
        recipients = self._world.recipients(one)
        deliveries = [self._delivery(r, one["sent_at"], site, sender) for r in recipients]
        classes = {destination for _, destination, _ in deliveries}
        farthest = next((c for c in ("external", "between_sites") if c in classes), "internal")
        conversation = one["conversation_id"] or " ".join(sorted({*recipients, one["sender"]}))
        message = Event(
            sent=True,
            sent_at=one["sent_at"],
            kind=one["kind"],
            destination=farthest,
            conversation=conversation,
            characters=len(one["body"] or ""),
            body_bytes=len((one["body"] or "").encode()),
            file_bytes=one["file_bytes"] or 0,
            sender=one["sender"].lower(),
            recipients=tuple(r.lower() for r in recipients),
            keys={**_keys(sender, Clock(one["sent_at"], zone)), "conversation": conversation},
        )
        self.sent.append(message)
        for recipient, destination, receiver in deliveries:
            party = receiver[0] if receiver else None
            self.deliveries.append(Delivery(message, recipient.lower(), destination, party))
            if receiver:
                keys = _keys(receiver[0], Clock(one["sent_at"], receiver[1]))
                self.received.append(replace(message, sent=False, keys=keys))

    def _delivery(
        self, recipient: str, sent_at: dt.datetime, site: str, sender: Party
    ) -> tuple[str, str, tuple[Party, str] | None]:
        party, zone = self._directory.party(recipient, sent_at, site)
        if _foreign_domains([recipient]):
            known = party.person_id != UNKNOWN
            return recipient, "external", (party, zone) if known else None
        elsewhere = party.person_id != UNKNOWN and party.site != sender.site
        return recipient, "between_sites" if elsewhere else "internal", (party, zone)


def measures(events: Sequence[Event]) -> Values:
    """Every measure of a group of events."""
    sent = [event for event in events if event.sent]
    received = [event for event in events if not event.sent]
    files = [event for event in sent if event.kind == "file_transfer"]
    classes = Counter(event.destination for event in sent)
    instants = [event.sent_at for event in sent]
    return {
        "messages": len(sent) - len(files),
        "file_transfers": len(files),
        "sent": len(sent),
        "internal": classes["internal"] + classes["between_sites"],
        "between_sites": classes["between_sites"],
        "external": classes["external"],
        "deliveries": sum(len(event.recipients) for event in sent),
        "characters": sum(event.characters for event in sent),
        "kilobytes": Decimal(sum(event.body_bytes for event in sent)) / 1000,
        "file_bytes": sum(event.file_bytes for event in sent),
        "file_megabytes": Decimal(sum(min(e.file_bytes, LARGEST_FILE) for e in files)) / 10**6,
        "conversations": len({event.conversation for event in sent}),
        "people": len({event.keys["person_id"] for event in sent}),
        "active_people": len({event.keys["person_id"] for event in sent}),
        "active_days": len({event.keys["local_date"] for event in sent}),
        "participants": len({event.keys["person_id"] for event in events}),
        "received": len(received),
        "received_kilobytes": Decimal(sum(event.body_bytes for event in received)) / 1000,
        "first_sent_at": min(instants, default=None),
        "last_sent_at": max(instants, default=None),
    }


def _change(now: int, before: int) -> Values:
    percent = _rounded(100 * (now - before), before, "0.1") if before else None
    return {"change": now - before, "change_percent": percent}


def _keys(party: Party, clock: Clock) -> Values:
    local = clock.local
    return {
        "local_date": local.date(),
        "local_month": local.date().replace(day=1),
        "weekday": local.isoweekday(),
        "local_hour": local.hour,
        "utc_offset_minutes": clock.offset_minutes,
        "hour_start": clock.hour_start,
        "legal_entity": LEGAL_ENTITIES.get(party.site, "company"),
        **vars(party),
    }


def _grouped(events: Iterable[Event], keys: Sequence[str]) -> dict[tuple[Any, ...], list[Event]]:
    groups: defaultdict[tuple[Any, ...], list[Event]] = defaultdict(list)
    for event in events:
        groups[tuple(event.keys[key] for key in keys)].append(event)
    return groups


def _place(events: Sequence[Event]) -> Values:
    """Where a person was in the last hour of usage; the first by name where that is several."""
    names = ("site", "department", "cost_centre", "name")
    last = max((e.keys["local_date"], e.keys["local_hour"]) for e in events)
    of_last = [e for e in events if (e.keys["local_date"], e.keys["local_hour"]) == last]
    place = dict(zip(names, min(tuple(e.keys[n] for n in names) for e in of_last), strict=True))
    if place["name"] == UNKNOWN:
        place["site"] = UNKNOWN
    return place


def _rank(table: Table, name: str, order: Callable[[tuple[Any, ...], Values], Any]) -> None:
    """One more than how many of the same group come before."""
    orders = {key: order(key, values) for key, values in table.items()}
    for key, (group, value) in orders.items():
        table[key][name] = 1 + sum(g == group and v < value for g, v in orders.values())


def _foreign_domains(addresses: Iterable[str]) -> Counter[str]:
    """How many of the addresses are at each domain that is not the company's."""
    domains: Counter[str] = Counter()
    for address in addresses:
        bare, _, nick = address.partition("/")
        domain = bare.partition("@")[2]
        ours = domain == COMPANY_DOMAIN or (nick and domain.endswith("." + COMPANY_DOMAIN))
        if not ours:
            domains[domain] += 1
    return domains


def _with_ancestors(site: str) -> Iterator[str]:
    yield site
    while site in PARENTS:
        site = PARENTS[site]
        yield site


def _days(month: dt.date) -> list[dt.date]:
    count = calendar.monthrange(month.year, month.month)[1]
    return [month.replace(day=day) for day in range(1, count + 1)]


def _next_month(month: dt.date) -> dt.date:
    return (month + dt.timedelta(days=31)).replace(day=1)


def _previous_month(month: dt.date) -> dt.date:
    return (month - dt.timedelta(days=1)).replace(day=1)


def _rounded(part: int, whole: int, digits: str) -> Decimal:
    """Half up, towards the greater number."""
    step = Fraction(digits)
    steps = (Fraction(part, whole) / step + Fraction(1, 2)).__floor__()
    return (Decimal(steps) * Decimal(digits)).quantize(Decimal(digits), ROUND_HALF_UP)
