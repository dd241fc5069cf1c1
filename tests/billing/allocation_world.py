"""Usage and bills made from a seed, and the parts of every bill by an independent computation.

What is shared with the product are the files alone: who was where, which day it was, what he used
and who gets the last coin is found here once more, with fractions.
"""

import csv
import datetime as dt
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from eur_pipeline.project import Project
from tests.models.lake_project import Record, record
from tests.rating.world import World

BILL_COLUMNS = (
    *("bill", "local_month", "legal_entity", "site", "currency", "amount", "basis", "dimension"),
)
ZONES = {"group": "UTC", "zurich": "Europe/Zurich", "geneva": "Europe/Zurich"}
ZONES |= {"boston": "America/New_York", "tokyo": "Asia/Tokyo"}
# Geneva leaves Zurich, and with it the legal entity, in the middle of March.
MOVE = dt.date(2026, 3, 15)
DIGITS = {"CHF": 2, "USD": 2, "JPY": 0, "BHD": 3}
PRICES = {"message": Fraction("0.013"), "file_transfer": Fraction("0.105")}
BASES = (
    *("message", "file_transfer", "delivery", "kilobyte", "file_megabyte", "active_person"),
    "charge",
)
STEPS = {"kilobyte": 1000, "file_megabyte": 1_000_000}
LARGEST_FILE = 10**15

Bill = dict[str, str]
# Month, bill, legal entity, cost centre, member, whether allocated, used, amount.
Part = tuple[Any, ...]


@dataclass(frozen=True)
class Stay:
    """Where one person was, from one local day to another."""

    person: str
    site: str
    department: str
    cost_centre: str
    first: dt.date = dt.date.min
    end: dt.date = dt.date.max


@dataclass(frozen=True)
class Use:
    """One message, where its sender was."""

    day: dt.date
    entity: str
    stay: Stay
    record: Record = field(compare=False)

    @property
    def month(self) -> dt.date:
        return self.day.replace(day=1)


@dataclass
class AllocationWorld:
    """Everything that a seed gives."""

    stays: list[Stay]
    records: list[Record]
    bills: list[Bill]

    def write(self, path: Path) -> Project:
        """The project, with its lake and its bills."""
        project = self._world().write(path)
        write_bills(project, self.bills)
        return project

    def _world(self) -> World:
        world = World(
            sites=[
                {"name": "group", "time_zone": "UTC"},
                {"name": "zurich", "parent": "group", "time_zone": "Europe/Zurich"},
                {"name": "geneva", "parent": "zurich"},
                {"name": "boston", "parent": "group", "time_zone": "America/New_York"},
                {"name": "tokyo", "parent": "group", "time_zone": "Asia/Tokyo"},
            ],
            legal_entities=[
                {"name": "swiss", "currency": "CHF", "sites": ["zurich"]},
                {"name": "nippon", "currency": "JPY", "sites": ["tokyo"]},
            ],
            messages={"group_im": self.records},
        )
        world.add("organisation/sites.csv", site="geneva", parent="group", valid_from=str(MOVE))
        self._add_tariff(world)
        for stay in self.stays:
            world.add(
                "directory.csv",
                person_id=stay.person,
                name=stay.person,
                site=stay.site,
                address=f"{stay.person}@presence.example",
                department=stay.department,
                cost_centre=stay.cost_centre,
                valid_from="" if stay.first == dt.date.min else str(stay.first),
                valid_to="" if stay.end == dt.date.max else str(stay.end),
            )
        return world

    def _add_tariff(self, world: World) -> None:
        world.add("tariff/plans.csv", plan="nihon", currency="JPY", scope="person")
        world.add("tariff/assignments.csv", scope="site", name="tokyo", plan="nihon")
        for usage_type, price in PRICES.items():
            exact = {"usage_type": usage_type, "price": str(float(price))}
            world.add("tariff/rates.csv", plan="nihon", **exact)
            for destination in ("internal", "external"):
                world.add("tariff.csv", destination=destination, currency="CHF", **exact)

    def parts(self) -> Iterator[Part]:
        """The parts of all bills."""
        uses = [self._use(one) for one in self.records]
        for bill in self.bills:
            yield from _parts(bill, [use for use in uses if _counts(use, bill)])

    def _use(self, one: Record) -> Use:
        person = one["sender"].partition("@")[0]
        for stay in self.stays:
            day = one["sent_at"].astimezone(ZoneInfo(ZONES[stay.site])).date()
            if stay.person == person and stay.first <= day < stay.end:
                return Use(day, _entity(stay.site, day), stay, one)
        nobody = Stay("unknown", "group", "unknown", "unknown")
        return Use(one["sent_at"].date(), "company", nobody, one)


def _lineage(site: str, day: dt.date) -> list[str]:
    parent = "group" if site == "geneva" and day >= MOVE else {"geneva": "zurich"}.get(site)
    above = parent or ("" if site == "group" else "group")
    return [site, *(_lineage(above, day) if above else [])]


def _entity(site: str, day: dt.date) -> str:
    lineage = _lineage(site, day)
    return "swiss" if "zurich" in lineage else "nippon" if "tokyo" in lineage else "company"


def _counts(use: Use, bill: Bill) -> bool:
    day = use.day
    if bill["basis"] == "charge":
        day = (use.month + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
    return (
        f"{use.month:%Y-%m}" == bill["local_month"]
        and bill["legal_entity"] in ("", use.entity)
        and (not bill["site"] or bill["site"] in _lineage(use.stay.site, day))
    )


def _member(use: Use, dimension: str) -> tuple[str, str | None, str]:
    stay = use.stay
    match dimension:
        case "cost_centre":
            return use.entity, stay.cost_centre, stay.cost_centre
        case "department":
            return use.entity, None, stay.department
        case "site":
            return use.entity, None, stay.site
    return use.entity, stay.cost_centre, stay.person


def _parts(bill: Bill, uses: list[Use]) -> Iterator[Part]:
    used = {member: amount for member, amount in _used(bill, uses).items() if amount > 0}
    month, digits = dt.date.fromisoformat(f"{bill['local_month']}-01"), DIGITS[bill["currency"]]
    amount = Fraction(bill["amount"])
    if not used:
        entity = bill["legal_entity"]
        yield month, bill["bill"], entity, None, "unallocated", False, Fraction(0), amount
        return
    coins = abs(amount) * 10**digits
    exact = {member: coins * use / sum(used.values()) for member, use in used.items()}
    parts = {member: floor(share) for member, share in exact.items()}
    by_loss = sorted(used, key=lambda m: (parts[m] - exact[m], -used[m], m[0], m[1] or "", m[2]))
    for member in by_loss[: int(coins) - sum(parts.values())]:
        parts[member] += 1
    sign = -1 if amount < 0 else 1
    for member, part in parts.items():
        units = used[member] / STEPS.get(bill["basis"], 1)
        yield month, bill["bill"], *member, True, units, sign * Fraction(part, 10**digits)


def _used(bill: Bill, uses: list[Use]) -> dict[tuple[str, str | None, str], Fraction]:
    used: defaultdict[tuple[str, str | None, str], Fraction] = defaultdict(Fraction)
    dimension = bill["dimension"]
    match bill["basis"]:
        case "charge":
            for (member, *_, kind), count in _lines(uses, dimension).items():
                digits = 0 if member[0] == "nippon" else 2
                coins = floor(PRICES[kind] * count * 10**digits + Fraction(1, 2))
                used[member] += Fraction(coins, 10**digits)
        case "active_person":
            firsts: dict[str, tuple[Any, ...]] = {}
            for use in uses:
                stay = use.stay
                place = (use.record["sent_at"], use.entity, stay.cost_centre, stay.department)
                first = (*place, stay.site, _member(use, dimension))
                firsts[stay.person] = min(firsts.get(stay.person, first), first)
            for *_, member in firsts.values():
                used[member] += 1
        case basis:
            for use in uses:
                used[_member(use, dimension)] += _quantity(use.record, basis)
    return used


def _lines(uses: list[Use], dimension: str) -> dict[tuple[Any, ...], int]:
    """How many uses every line of the bills has."""
    counts: defaultdict[tuple[Any, ...], int] = defaultdict(int)
    for use in uses:
        counts[_member(use, dimension), use.stay.person, use.stay.site, use.stay.department,
               use.stay.cost_centre, use.entity, use.record["kind"]] += 1  # fmt: skip
    return counts


def _quantity(one: Record, basis: str) -> int:
    match basis:
        case "delivery":
            return len(one["recipients"])
        case "kilobyte":
            return int(one["body_bytes"] or 0)
        case "file_megabyte":
            size = one["file_bytes"] if one["kind"] == "file_transfer" else 0
            return min(size or 0, LARGEST_FILE)
    return int(one["kind"] == basis)


def write_bills(project: Project, bills: list[Bill]) -> None:
    with project.bills_path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, BILL_COLUMNS)
        writer.writeheader()
        writer.writerows(bills)


def make_allocation_world(seed: int, bills: int) -> AllocationWorld:
    """People who move, messages of two months, and so many bills of three."""
    rng = random.Random(seed)
    stays = [stay for number in range(7) for stay in _stays(rng, f"p{number}")]
    records = [_message(rng) for _ in range(rng.choice((3, 40, 120)))]
    return AllocationWorld(stays, records, [_bill(rng, number) for number in range(bills)])


def _stays(rng: random.Random, person: str) -> Iterator[Stay]:
    site = rng.choice(list(ZONES))
    places = [(rng.choice(("Sales", "Ops")), rng.choice(("C1", "C2", "C3"))) for _ in range(2)]
    if rng.random() < 0.5:
        yield Stay(person, site, *places[0])
        return
    day = rng.choice((dt.date(2026, 3, 10), dt.date(2026, 3, 29), dt.date(2026, 4, 1)))
    yield Stay(person, site, *places[0], end=day)
    yield Stay(person, site, *places[1], first=day)


def _message(rng: random.Random) -> Record:
    day = rng.choice((9, 10, 14, 15, 28, 29, 31, 32, 40))
    hour = rng.choice((0, 4, 12, 14, 15, 22, 23))
    sent = dt.datetime(2026, 3, 1, hour, tzinfo=dt.UTC) + dt.timedelta(days=day - 1)
    kind = rng.choice(("message", "message", "file_transfer"))
    return record(
        sent + dt.timedelta(seconds=rng.randrange(3600)),
        rng.choice([*(f"p{n}@presence.example" for n in range(7)), "who@presence.example"]),
        kind=kind,
        recipients=[f"r{n}@presence.example" for n in range(rng.randrange(4))],
        body=rng.choice((None, "", "é", "x" * rng.randrange(3000))),
        file_bytes=rng.choice((None, 0, 1, 12_345_678, 2 * LARGEST_FILE)),
    )


def _bill(rng: random.Random, number: int) -> Bill:
    basis, currency = rng.choice(BASES), rng.choice(list(DIGITS))
    entities = ["swiss", "nippon", "company"]
    size = rng.choice((0, 1, 2, 99, 100, 12_345, 10**9, 10**12 - 1))
    amount = Fraction(rng.choice((1, 1, -1)) * size, 10 ** DIGITS[currency])
    return {
        "bill": f"bill {number:03}",
        "local_month": rng.choice(("2026-03", "2026-03", "2026-04", "2026-05")),
        "legal_entity": rng.choice(entities if basis == "charge" else ["", "", *entities]),
        "site": rng.choice(("", "", "", *ZONES)),
        "currency": currency,
        "amount": _written(amount, DIGITS[currency]),
        "basis": basis,
        "dimension": rng.choice(("cost_centre", "department", "site", "person")),
    }


def _written(amount: Fraction, digits: int) -> str:
    coins = abs(int(amount * 10**digits))
    whole, part = divmod(coins, 10**digits)
    return f"{'-' if amount < 0 else ''}{whole}" + (f".{part:0{digits}}" if digits else "")
