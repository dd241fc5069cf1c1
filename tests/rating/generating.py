"""Worlds made from a seed: plans of every kind, people who move, and messages at awkward moments.

A world holds many combinations of tariff, directory and usage that share a calendar; a combination
is a plan with its terms, rates, allowances, people, assignments and messages. Building the models
once for many of them is what makes a hundred thousand affordable.
"""

import datetime as dt
import random
from dataclasses import dataclass
from itertools import pairwise
from zoneinfo import ZoneInfo

from tests.models.lake_project import Record, record
from tests.rating.world import World

SITES = (
    {"name": "group", "time_zone": "UTC"},
    {"name": "zurich", "parent": "group", "time_zone": "Europe/Zurich"},
    {"name": "geneva", "parent": "zurich"},
    {"name": "boston", "parent": "group", "time_zone": "America/New_York"},
    {"name": "kolkata", "parent": "group", "time_zone": "Asia/Kolkata"},
    {"name": "lord_howe", "parent": "group", "time_zone": "Australia/Lord_Howe"},
    {"name": "tokyo", "parent": "group", "time_zone": "Asia/Tokyo"},
    {"name": "manama", "parent": "group", "time_zone": "Asia/Bahrain"},
)
ENTITIES = (
    {"name": "alpine", "currency": "CHF", "sites": ["zurich"]},
    {"name": "nippon", "currency": "JPY", "sites": ["tokyo"]},
    {"name": "gulf", "currency": "BHD", "sites": ["manama"]},
)
SITES_OF_CURRENCY = {
    "CHF": ("group", "zurich", "geneva", "boston", "kolkata", "lord_howe"),
    "JPY": ("tokyo",),
    "BHD": ("manama",),
}
# What they are moved between changes plans, taxes, holidays and legal entity, but no currency.
MOVING = {"geneva": ("", "group", "zurich", "boston"), "kolkata": ("group", "zurich", "geneva")}
# Both changes of the clock in either hemisphere, a leap day, an ordinary month's end.
MONTHS = ((2026, 3), (2026, 4), (2026, 10), (2026, 11), (2028, 2), (2026, 12))
BANDS = (
    ("peak", "mon tue wed thu fri", "08:00", "18:00"),
    ("night", "mon tue wed thu fri sat sun holiday", "00:00", "02:30"),
    ("night", "mon tue wed thu fri sat sun holiday", "22:45", "24:00"),
    ("weekend", "sat sun", "02:30", "22:45"),
    ("feast", "holiday", "02:30", "12:15"),
)
BAND_NAMES = ("peak", "night", "weekend", "feast")
PREFIXES = (
    *("@p", "@partner", "@partner.example", "a", "ann@", "ann@partner.example", "p1_"),
    # Names of classes, and what stands for a rate without one.
    *("all", "internal"),
)
OUTSIDERS = (
    "ann@partner.example",
    "bob@partners.example",
    "ann@else.example",
    "room@p.example/n",
    "x@chat.presence.example",
    "room@chat.presence.example/n",
    "all@else.example",
    "internal_desk@partner.example",
)
PRICES = ("0", "0.005", "0.0125", "0.1", "0.333333", "1", "7.5", "120")
SIZES = (0, 1, 499, 500, 501, 999, 1000, 1001, 1500, 12_345, 1_000_000, 1_500_001)


@dataclass
class Maker:
    """Makes one world.

    Attributes:
        chance: Decides everything.
        month: The month around which everything happens.
    """

    chance: random.Random
    combinations: int

    def __post_init__(self) -> None:
        self.year, self.number = self.chance.choice(MONTHS)
        self.month = dt.date(self.year, self.number, 1)
        self.next_month = (self.month + dt.timedelta(days=32)).replace(day=1)
        self.last_month = (self.month - dt.timedelta(days=1)).replace(day=1)
        self.world = World(
            [dict(site) for site in SITES], legal_entities=[dict(entity) for entity in ENTITIES]
        )
        self.limits = [self.month, self.next_month, self.month.replace(day=10)]
        self.limits += 3 * clock_changes(self.month, self.next_month)
        self.people: list[str] = []
        self.instants: list[dt.datetime] = []
        self.currencies: list[str] = []

    def make(self) -> World:
        """The whole world."""
        self.calendar()
        for number in range(self.combinations):
            self.combination(number)
        self.assignments_of_sites()
        for file in self.world.files.values():
            if file and "tier_from" not in file[0]:
                self.chance.shuffle(file)
        return self.world

    def day(self) -> dt.date:
        """A day near the month, often a limit of it, or one on which a clock changes."""
        other = self.month + dt.timedelta(days=self.chance.randrange(-3, 34))
        return self.chance.choice([*self.limits, other, other])

    def maybe(self, share: float) -> bool:
        return self.chance.random() < share

    def calendar(self) -> None:
        """What all combinations have in common."""
        self.sites()
        for band in BANDS:
            columns = ("time_band", "days", "from", "to")
            self.world.add("tariff/time_bands.csv", **dict(zip(columns, band, strict=True)))
        for _ in range(4):
            site = self.chance.choice(["", *(site["name"] for site in SITES)])
            self.world.add("tariff/holidays.csv", site=site, date=self.day().isoformat())
        for usage_type in ("message", "file_transfer"):
            for destination in ("internal", "external"):
                for start, end in self.versions():
                    self.world.add(
                        "tariff.csv",
                        usage_type=usage_type,
                        destination=destination,
                        currency="CHF",
                        price=self.chance.choice(PRICES),
                        **dates(start, end),
                    )
        what = {("", ""), ("", "message"), ("zurich", ""), ("geneva", "minimum"), ("boston", "")}
        for site, usage_type in sorted(what):
            for start, end in self.versions() if self.maybe(0.6) else ():
                percent = self.chance.choice(("0", "7.7", "8.1", "2.55", "19"))
                row = dates(start, end)
                self.world.add(
                    "tariff/taxes.csv", site=site, usage_type=usage_type, percent=percent, **row
                )

    def sites(self) -> None:
        """Some move; before its first row a site is where eur.yaml has it."""
        for site, parents in MOVING.items():
            for start, end in self.versions(0.7)[self.chance.randrange(2) :]:
                row = {"site": site, "parent": self.chance.choice(parents), **dates(start, end)}
                self.world.add("organisation/sites.csv", **row)

    def versions(self, share: float = 0.4) -> list[tuple[dt.date | None, dt.date | None]]:
        """For ever, in one piece or several."""
        splits = {self.day() for _ in range(2)} if self.maybe(share) else set()
        return list(pairwise([None, *sorted(splits), None]))

    # --- One combination.

    def combination(self, number: int) -> None:
        plan, currency = f"p{number}", self.chance.choice(("CHF", "CHF", "CHF", "JPY", "BHD"))
        self.currencies.append(currency)
        self.terms(plan, currency)
        for usage_type in self.usage_types():
            self.rates(plan, usage_type)
            if usage_type != "monthly_fee" and self.maybe(0.4):
                self.allowances(plan, usage_type)
        people = self.directory(number, currency)
        self.aliases(number, people)
        self.assignments(number, people)
        self.messages(people, currency)

    def usage_types(self) -> list[str]:
        others = ("delivery", "kilobyte", "file_megabyte", "conversation", "active_person")
        chosen = [name for name in (*others, "monthly_fee") if self.maybe(0.25)]
        return ["message", "file_transfer", *chosen]

    def terms(self, plan: str, currency: str) -> None:
        splits = [self.month] if self.maybe(0.3) else []
        for start, end in pairwise([None, *splits, None]):
            minimum = self.chance.choice(("", "", "5", "0.335", "100"))
            maximum = self.chance.choice(("", "", "100", "250.005"))
            self.world.add(
                "tariff/plans.csv",
                plan=plan,
                currency=currency,
                scope=self.chance.choice(("person", "cost_centre")),
                minimum=minimum,
                maximum=maximum,
                prorate=self.chance.choice(("", "daily")),
                **dates(start, end),
            )

    def rates(self, plan: str, usage_type: str) -> None:
        unit = self.unit(usage_type)
        if usage_type in ("active_person", "monthly_fee"):
            self.rate(plan, usage_type, {}, unit)
            return
        classes = self.chance.choice(
            ([""], ["internal", "external"], ["", "external"], ["", "between_sites"])
        )
        targets = [{"destination": name} for name in classes]
        if self.maybe(0.3):
            targets += [{"prefix": p} for p in self.chance.sample(PREFIXES, 2)]
        for target in targets:
            self.rate(plan, usage_type, target, unit)
            for band in BAND_NAMES:
                if self.maybe(0.2):
                    self.rate(plan, usage_type, {**target, "time_band": band}, unit)

    def unit(self, usage_type: str) -> dict[str, str]:
        if usage_type not in ("kilobyte", "file_megabyte"):
            return {}
        rounding = self.chance.choice(("", "up", "down", "half_up", "exact"))
        size = "1" if rounding == "exact" else self.chance.choice(("", "0.5", "1", "10"))
        return {"rounding": rounding, "unit_size": size}

    def rate(
        self, plan: str, usage_type: str, target: dict[str, str], unit: dict[str, str]
    ) -> None:
        """All versions of one rate; one under a band may be there for a while only."""
        versions = self.versions(0.3)
        if target.get("time_band") and "prefix" not in target and self.maybe(0.3):
            versions = versions[:1]
        tiering, size = "", ""
        for start, end in versions:
            known, (tiering, size) = (tiering, size), self.tiering(usage_type)
            # Packages of one month have one size.
            if start and start.day != 1 and "package" in (known[0], tiering):
                tiering, size = known
            starts = [0]
            if tiering not in ("flat", ""):
                starts += sorted(self.chance.sample((1, 2, 3, 5, 10), self.chance.randrange(3)))
            for tier_from in starts:
                self.world.add(
                    "tariff/rates.csv",
                    plan=plan,
                    usage_type=usage_type,
                    tiering=tiering,
                    tier_from=str(tier_from or self.chance.choice(("", "0"))),
                    package_size=size,
                    price=self.chance.choice(PRICES),
                    markup_percent=self.chance.choice(("", "0", "10", "33.33")),
                    markup_fixed=self.chance.choice(("", "", "0.0001", "0.25")),
                    **target,
                    **unit,
                    **dates(start, end),
                )

    def tiering(self, usage_type: str) -> tuple[str, str]:
        """How a rate is tiered, and the size of its packages."""
        if usage_type == "monthly_fee":
            return "flat", ""
        tiering = self.chance.choice(("flat", "", "graduated", "volume", "package"))
        return tiering, self.chance.choice(("1", "2", "3", "7")) if tiering == "package" else ""

    def allowances(self, plan: str, usage_type: str) -> None:
        names = [""] if usage_type == "active_person" else ["", "internal", "external"]
        for destination in self.chance.sample(names, self.chance.randint(1, len(names))):
            splits = [self.chance.choice((self.month, self.next_month))] if self.maybe(0.3) else []
            for start, end in pairwise([None, *splits, None]):
                self.world.add(
                    "tariff/allowances.csv",
                    plan=plan,
                    usage_type=usage_type,
                    destination=destination,
                    units=self.chance.choice(("0", "1", "2", "4", "25")),
                    **dates(start, end),
                )

    def directory(self, number: int, currency: str) -> list[str]:
        """One to three people who may move once, some with a second address."""
        people = []
        for n in range(self.chance.randint(1, 3)):
            person = f"p{number}_{n}"
            people.append(person)
            address = f"{person}@presence.example"
            splits = [self.day()] if self.maybe(0.4) else []
            # Nobody is unknown where tariff.csv is in another currency.
            lasting = 0.8 if currency == "CHF" else 1
            limits = [None if self.maybe(lasting) else self.last_month, *splits]
            limits.append(None if self.maybe(lasting) else self.next_month)
            for start, end in pairwise(limits):
                if start is None or end is None or start < end:
                    self.entry(number, person, address, currency, start, end)
            if self.maybe(0.1):
                self.entry(number, person, f"also_{address}", currency, None, None)
        self.people += [f"{person}@presence.example" for person in people]
        return people

    def entry(
        self,
        number: int,
        person: str,
        address: str,
        currency: str,
        start: dt.date | None,
        end: dt.date | None,
    ) -> None:
        self.world.add(
            "directory.csv",
            person_id=person,
            name=person.title(),
            address=address,
            extension=self.extension(person),
            site=self.chance.choice(SITES_OF_CURRENCY[currency]),
            department=self.chance.choice(("Sales", "Research")),
            cost_centre=f"c{number}{self.chance.choice('ab')}",
            **dates(start, end),
        )

    def extension(self, person: str) -> str:
        """Five digits of the person's own."""
        return f"{int(person[1:].replace('_', '')) % 90_000 + 10_000}"

    def aliases(self, number: int, people: list[str]) -> None:
        """One that goes from one person to another, or is there for a while only."""
        day = self.month + dt.timedelta(days=self.chance.randrange(12))
        for person, (start, end) in zip(people, ((None, day), (day, None)), strict=False):
            self.world.add(
                "organisation/aliases.csv",
                alias=f"Alias_{number}@presence.example",
                person_id=person,
                **dates(start, end),
            )

    def assignments(self, number: int, people: list[str]) -> None:
        """By cost centre or person; now and then another plan for a while."""
        plan = f"p{number}"
        for suffix in "ab":
            self.world.add(
                "tariff/assignments.csv", scope="cost_centre", name=f"c{number}{suffix}", plan=plan
            )
        others = [n for n, c in enumerate(self.currencies[:-1]) if c == self.currencies[-1]]
        for person in people:
            if others and self.maybe(0.3):
                start = self.day()
                end = self.chance.choice((None, start + dt.timedelta(days=5)))
                self.world.add(
                    "tariff/assignments.csv",
                    scope="person",
                    name=person,
                    plan=f"p{self.chance.choice(others[-3:])}",
                    **dates(start, end),
                )

    def assignments_of_sites(self) -> None:
        """For those whom no assignment of their own covers: unknown senders, here."""
        ours = [f"p{n}" for n, currency in enumerate(self.currencies) if currency == "CHF"]
        for scope, name in (("default", ""), ("site", "zurich"), ("site", "boston")):
            for start, end in self.versions() if ours and self.maybe(0.5) else ():
                plan = self.chance.choice(ours)
                row = dates(start, end)
                self.world.add("tariff/assignments.csv", scope=scope, name=name, plan=plan, **row)

    def messages(self, people: list[str], currency: str) -> None:
        senders = [f"{person}@presence.example" for person in people]
        sites = SITES_OF_CURRENCY[currency]
        for _ in range(self.chance.randint(1, 20)):
            collection = f"{self.chance.choice(sites)}_im"
            strange = currency == "CHF" and self.maybe(0.05)
            sender = "stranger@presence.example" if strange else self.chance.choice(senders)
            if currency == "CHF" and not strange and self.maybe(0.1):
                sender = self.chance.choice(self.other_addresses(sender))
            self.world.messages.setdefault(collection, []).append(self.message(sender))

    def other_addresses(self, address: str) -> list[str]:
        """Where the same person may be reached too: a second address, an alias, an extension."""
        person = address.partition("@")[0]
        alias = f"alias_{person[1:].partition('_')[0]}@presence.example"
        return [f"also_{address}", alias, f"{self.extension(person)}@presence.example"]

    def message(self, sender: str) -> Record:
        pool = [*self.people[-6:], *OUTSIDERS, "nobody@presence.example"]
        pool += self.other_addresses(self.people[-1])
        kind = self.chance.choice(("message", "message", "message", "file_transfer", "receipt"))
        body = None if self.maybe(0.1) else "x"
        one = record(
            self.instant(),
            sender,
            recipients=self.recipients(pool),
            kind=kind,
            body=body,
            conversation_id=self.chance.choice((None, None, "c1", "c2")),
            native_id=str(self.chance.random()),
        )
        if body is not None:
            one["body_bytes"] = self.chance.choice(SIZES)
        if kind == "file_transfer" and self.maybe(0.9):
            one["file_bytes"] = self.chance.choice((*SIZES, 2**40))
        return one

    def recipients(self, pool: list[str]) -> list[str]:
        """None to three; an occupant alone, for beside an address a nickname is the same one."""
        chosen = self.chance.sample(pool, self.chance.choice((0, 1, 1, 1, 2, 3)))
        return [r for r in chosen if "/" not in r] or chosen[:1]

    def instant(self) -> dt.datetime:
        """Near the limit of a quarter of an hour, more often than not; or that of another."""
        if self.instants and self.maybe(0.25):
            return self.chance.choice(self.instants[-8:])
        midnight = dt.datetime.combine(self.day(), dt.time(), dt.UTC)
        quarter = midnight + dt.timedelta(minutes=15 * self.chance.randrange(-96, 96))
        nudge = self.chance.choice((-1, 0, 0, 1, 1_000_000, 899_999_999))
        self.instants.append(quarter + dt.timedelta(microseconds=nudge))
        return self.instants[-1]


def clock_changes(start: dt.date, end: dt.date) -> list[dt.date]:
    """The days from start to end that are not of 24 hours at some site."""
    zones = [ZoneInfo(site["time_zone"]) for site in SITES if "time_zone" in site]
    days = [start + dt.timedelta(days=n) for n in range((end - start).days)]
    return [day for day in days if any(_offset(day, z) != _offset(day, z, 1) for z in zones)]


def _offset(day: dt.date, zone: ZoneInfo, days_later: int = 0) -> dt.timedelta | None:
    midnight = dt.datetime.combine(day + dt.timedelta(days=days_later), dt.time(), zone)
    return midnight.utcoffset()


def dates(start: dt.date | None, end: dt.date | None) -> dict[str, str]:
    """The cells of a half-open period."""
    return {
        "valid_from": start.isoformat() if start else "",
        "valid_to": end.isoformat() if end else "",
    }


def make_world(seed: int, combinations: int) -> World:
    """The world of that seed; always the same."""
    return Maker(random.Random(seed), combinations).make()
