"""What usage and charges have to be: plain Python over the truth, the directory and the tariff."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from .demo import DemoFiles, Row

CENT = Decimal("0.01")
BILLED = ("message", "file_transfer")
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Use:
    """One billed message, and who pays what for it."""

    local_date: dt.date
    person_id: str
    site: str
    department: str
    cost_centre: str
    kind: str
    destination: str
    recipients: int
    characters: int
    price: Decimal

    @property
    def month(self) -> dt.date:
        return self.local_date.replace(day=1)


@dataclass(frozen=True)
class Oracle:
    """Computes what the marts must say of a demo project."""

    demo: DemoFiles

    @cached_property
    def uses(self) -> list[Use]:
        """Every billed message."""
        return [self._use(row) for row in self.demo.truth if row["kind"] in BILLED]

    def usage_by_person(self) -> dict[tuple[Any, ...], tuple[int, ...]]:
        """By day, person, site, department and cost centre: see `_counts`."""
        return _counts(
            self.uses,
            lambda u: (u.local_date, u.person_id, u.site, u.department, u.cost_centre),
        )

    def usage_by_department(self) -> dict[tuple[Any, ...], tuple[int, ...]]:
        """By day, site and department: people, then as by person."""
        people = defaultdict(set)
        for use in self.uses:
            people[use.local_date, use.site, use.department].add(use.person_id)
        counts = _counts(self.uses, lambda u: (u.local_date, u.site, u.department))
        return {key: (len(people[key]), *count) for key, count in counts.items()}

    def received_by_person(self) -> dict[tuple[dt.date, str], int]:
        """By the recipient's own day, and person: messages and files received."""
        received: Counter[tuple[dt.date, str]] = Counter()
        for row in self.demo.truth:
            if row["kind"] in BILLED:
                received.update(self._receipts(row))
        return dict(received)

    def charges_by_person(self) -> dict[tuple[dt.date, str, str], Decimal]:
        """By month, person and cost centre: the sum of lines, each rounded once, half up."""
        lines: defaultdict[tuple[dt.date, str, str, str, str, str], Decimal] = defaultdict(Decimal)
        for use in self.uses:
            person = (use.month, use.person_id, use.cost_centre)
            lines[*person, use.site, use.department, use.kind] += use.price
        sums: defaultdict[tuple[dt.date, str, str], Decimal] = defaultdict(Decimal)
        for (month, person_id, cost_centre, *_), price in lines.items():
            sums[month, person_id, cost_centre] += price.quantize(CENT, ROUND_HALF_UP)
        return dict(sums)

    def charges_by_cost_centre(self) -> dict[tuple[dt.date, str], Decimal]:
        """By month and cost centre: the sum of what its people are charged."""
        sums: defaultdict[tuple[dt.date, str], Decimal] = defaultdict(Decimal)
        for (month, _, cost_centre), charge in self.charges_by_person().items():
            sums[month, cost_centre] += charge
        return dict(sums)

    def _use(self, row: Row) -> Use:
        sent_at = dt.datetime.fromisoformat(row["sent_at"])
        entry = self._directory_entry(row["sender"], sent_at)
        site = entry["site"] if entry else self._site_of_collection(row["collection"])
        local_date = sent_at.astimezone(self._time_zones[site]).date()
        destination = "internal" if all(map(self._is_ours, row["recipients"])) else "external"
        return Use(
            local_date=local_date,
            person_id=entry["person_id"] if entry else UNKNOWN,
            site=site,
            department=entry["department"] if entry else UNKNOWN,
            cost_centre=entry["cost_centre"] if entry else UNKNOWN,
            kind=row["kind"],
            destination=destination,
            recipients=len(row["recipients"]),
            characters=len(row["body"] or ""),
            price=self._price(row["kind"], destination, local_date),
        )

    def _receipts(self, row: Row) -> Iterator[tuple[dt.date, str]]:
        sent_at = dt.datetime.fromisoformat(row["sent_at"])
        for address in set(row["recipients"]):
            entry = self._directory_entry(address, sent_at)
            if entry or self._is_ours(address):
                site = entry["site"] if entry else self._site_of_collection(row["collection"])
                day = sent_at.astimezone(self._time_zones[site]).date()
                yield day, entry["person_id"] if entry else UNKNOWN

    def _directory_entry(self, address: str, sent_at: dt.datetime) -> Row | None:
        for row in self.demo.directory:
            day = sent_at.astimezone(self._time_zones[row["site"]]).date()
            if row["address"] == address and _valid(row, day):
                return row
        return None

    def _price(self, kind: str, destination: str, day: dt.date) -> Decimal:
        (price,) = (
            Decimal(row["price"])
            for row in self.demo.tariff
            if (row["usage_type"], row["destination"]) == (kind, destination) and _valid(row, day)
        )
        return price

    def _is_ours(self, address: str) -> bool:
        return address.partition("@")[2] in self.demo.configuration["billing"]["company_domains"]

    def _site_of_collection(self, name: str) -> str:
        collections = self.demo.configuration["collections"]
        return next(str(c["site"]) for c in collections if c["name"] == name)

    @cached_property
    def _time_zones(self) -> dict[str, ZoneInfo]:
        sites = self.demo.configuration["sites"]
        return {s["name"]: ZoneInfo(s["time_zone"]) for s in sites if "time_zone" in s}


def _counts(uses: list[Use], key_of: Any) -> dict[tuple[Any, ...], tuple[int, ...]]:
    """Messages, file transfers, internal, external, deliveries and characters of each key."""
    counts: defaultdict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
    for use in uses:
        counts[key_of(use)].update(
            {use.kind: 1, use.destination: 1, "deliveries": use.recipients, "chars": use.characters}
        )
    names = (*BILLED, "internal", "external", "deliveries", "chars")
    return {key: tuple(count[name] for name in names) for key, count in counts.items()}


def _valid(row: Row, day: dt.date) -> bool:
    """Whether an effective-dated line holds on that day; half-open, empty is open."""
    return (row["valid_from"] or "0001-01-01") <= day.isoformat() < (row["valid_to"] or "9999")
