"""The rules of docs/rating.md in plain Python: message by message, in fractions.

It shares no code with the models, nor with what reads the files for them. It is slow, and looks
everything up anew for every message, so that nothing in it is clever.
"""

import calendar
import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from math import ceil, floor
from typing import Any
from zoneinfo import ZoneInfo

from tests.rating.world import TextRow, World

Date = dt.date
LARGEST_FILE = 10**15
DIGITS = {"JPY": 0, "BHD": 3}
PER_UNIT = {"kilobyte": 1000, "file_megabyte": 1_000_000}
COUNTED = ("conversation", "active_person")
UNKNOWN = "unknown"


def half_up(value: Fraction, digits: int) -> Fraction:
    """Rounded, halves away from zero."""
    scaled = abs(value) * 10**digits
    rounded = Fraction(floor(scaled + Fraction(1, 2)), 10**digits)
    return rounded if value >= 0 else -rounded


def number(text: str, otherwise: str = "0") -> Fraction:
    return Fraction(text or otherwise)


def holds(row: TextRow, day: Date) -> bool:
    """Half-open; empty is open."""
    text = day.isoformat()
    return (row["valid_from"] or "0000") <= text and (not row["valid_to"] or text < row["valid_to"])


def inside(piece: TextRow, row: TextRow) -> bool:
    """Whether all days of the piece are days of the row."""
    begins = row["valid_from"] <= piece["valid_from"]
    return begins and (piece["valid_to"] or "9999") <= (row["valid_to"] or "9999")


@dataclass(frozen=True)
class Place:
    """Who sent, or owes, something, and where that belongs."""

    person: str
    site: str
    department: str
    cost_centre: str


@dataclass
class Use:
    """One use, and in the end what it costs and which tiers said so."""

    at: tuple[Any, ...]
    day: Date
    place: Place
    plan: str
    usage_type: str
    destination: str
    rate: TextRow
    units: Fraction
    to: str = ""
    free: Fraction = Fraction(0)
    zero: Fraction = Fraction(0)
    cost: Fraction = Fraction(0)
    charge: Fraction = Fraction(0)
    conversation: str = ""
    priced_by: list[TextRow] = field(default_factory=list)
    message: int = 0
    known_by: str = "address"

    @property
    def month(self) -> Date:
        return self.day.replace(day=1)


@dataclass
class Line:
    """What is billed of equal place, plan, usage type, tax and month."""

    uses: int = 0
    quantity: Fraction = Fraction(0)
    free: Fraction = Fraction(0)
    cost: Fraction = Fraction(0)
    charge: Fraction = Fraction(0)
    rounded: Fraction = Fraction(0)


LineKey = tuple[Date, Place, str, str, Fraction, str]


@dataclass
class Rater:
    """Rates a world."""

    world: World
    uses: list[Use] = field(default_factory=list)
    sent: list[tuple[Date, Place, str]] = field(default_factory=list)

    # --- What the files say.

    def rows(self, file: str) -> list[TextRow]:
        if file not in self._rows:
            self._rows[file] = self.world.rows(file)
        return self._rows[file]

    @cached_property
    def _rows(self) -> dict[str, list[TextRow]]:
        return {}

    def lineage(self, site: str, day: Date) -> list[str]:
        """The site and all that are above it on a day; the empty name is above all."""
        found = []
        while site:
            found.append(site)
            site = self.parent(site, day)
        return [*found, ""]

    def parent(self, site: str, day: Date) -> str:
        for row in self.rows("organisation/sites.csv"):
            if row["site"] == site and holds(row, day):
                return row["parent"]
        return self.parents.get(site, "")

    @cached_property
    def parents(self) -> dict[str, str]:
        """As eur.yaml has them."""
        return {s["name"]: s.get("parent", "") for s in self.world.sites}

    def zone(self, site: str) -> ZoneInfo:
        if site not in self._zones:
            zones = {s["name"]: s["time_zone"] for s in self.world.sites if "time_zone" in s}
            above = site
            while above and above not in zones:
                above = self.parents.get(above, "")
            self._zones[site] = ZoneInfo(zones.get(above, "UTC"))
        return self._zones[site]

    @cached_property
    def _zones(self) -> dict[str, ZoneInfo]:
        return {}

    def entity(self, site: str, day: Date) -> tuple[str, str]:
        """Name and currency."""
        for above in self.lineage(site, day):
            for entity in self.world.legal_entities:
                if above in entity["sites"]:
                    return entity["name"], entity["currency"]
        return "company", self.world.currency

    def digits(self, entity: str) -> int:
        currencies = {e["name"]: e["currency"] for e in self.world.legal_entities}
        return DIGITS.get(currencies.get(entity, self.world.currency), 2)

    @cached_property
    def people(self) -> dict[str, list[TextRow]]:
        """The directory's rows by address, in order of time."""
        found = defaultdict(list)
        for row in sorted(self.rows("directory.csv"), key=lambda r: r["valid_from"]):
            found[row["address"].lower()].append(row)
        return found

    def person(self, address: str, at: dt.datetime, collection: str) -> TextRow | None:
        """By full address or alias, else by the extension at the collection's site."""
        address = address.lower()
        known = [*self.people.get(address, ()), *self.aliases.get(address, ())]
        row = self.at(known, at)
        extension, _, domain = address.partition("@")
        if row is None and domain in self.world.company_domains and len(extension) == 5:
            site = self.world.collections()[collection]
            row = self.at(self.extensions.get((site, extension), []), at)
        return row

    @cached_property
    def aliases(self) -> dict[str, list[TextRow]]:
        """What the directory says of the person behind an alias, in short pieces of time."""
        found: defaultdict[str, list[TextRow]] = defaultdict(list)
        for row in self.rows("organisation/aliases.csv"):
            homes = self.pieces(self.rows_of_person[row["person_id"]], row)
            found[row["alias"].lower()] += [
                p | {"known_by": "alias"} for p in homes if inside(p, row)
            ]
        return found

    @cached_property
    def extensions(self) -> dict[tuple[str, str], list[TextRow]]:
        """The same for the person who has an extension at a site."""
        rows = defaultdict(list)
        for row in self.rows("directory.csv"):
            rows[row["site"], row["extension"]].append(row)
        known = {"known_by": "extension"}
        return {place: [p | known for p in self.pieces(of)] for place, of in rows.items()}

    def pieces(self, rows: list[TextRow], *others: TextRow) -> list[TextRow]:
        """Between any two limits of these rows, the one by the first address that holds."""
        limits = sorted({r[c] for r in (*rows, *others) for c in ("valid_from", "valid_to")} - {""})
        found = []
        for start, end in pairwise(["", *limits, ""]):
            piece = {"valid_from": start, "valid_to": end}
            holding = [row for row in rows if inside(piece, row)]
            if holding:
                found.append(min(holding, key=lambda r: r["address"].lower()) | piece)
        return found

    def at(self, rows: list[TextRow], at: dt.datetime) -> TextRow | None:
        """The last row that has begun, unless it has ended and no other follows at once."""
        rows = sorted(rows, key=lambda row: row["valid_from"])
        begun = [r for r in rows if self.midnight(r["valid_from"], r["site"]) <= at]
        if not begun:
            return None
        last = begun[-1]
        follows = any(r["valid_from"] == last["valid_to"] for r in rows if r["valid_from"])
        ended = last["valid_to"] and at >= self.midnight(last["valid_to"], last["site"])
        return None if ended and not follows else last

    def midnight(self, day: str, site: str) -> dt.datetime:
        if not day:
            return dt.datetime.min.replace(tzinfo=dt.UTC)
        return dt.datetime.fromisoformat(day).replace(tzinfo=self.zone(site))

    def plan(self, place: Place, day: Date) -> str:
        names = [("person", place.person), ("cost_centre", place.cost_centre)]
        names += [("site", s) for s in self.lineage(place.site, day) if s]
        for named in (*names, ("default", "")):
            for row in self.assignments.get(named, ()):
                if holds(row, day):
                    return row["plan"]
        return "tariff"

    @cached_property
    def assignments(self) -> dict[tuple[str, str], list[TextRow]]:
        """By scope and name."""
        found = defaultdict(list)
        for row in self.rows("tariff/assignments.csv"):
            found[row["scope"], row["name"]].append(row)
        return found

    def terms(self, plan: str, day: Date) -> TextRow:
        for row in self.plans.get(plan, ()):
            if holds(row, day):
                return row
        return {"scope": "person", "minimum": "", "maximum": "", "prorate": ""}

    @cached_property
    def plans(self) -> dict[str, list[TextRow]]:
        """The rows of every plan."""
        found = defaultdict(list)
        for row in self.rows("tariff/plans.csv"):
            found[row["plan"]].append(row)
        return found

    def holder(self, plan: str, place: Place, day: Date) -> str:
        by_person = self.terms(plan, day)["scope"] == "person"
        return place.person if by_person else place.cost_centre

    def tax(self, site: str, usage_type: str, day: Date) -> Fraction:
        for above in self.lineage(site, day):
            for wanted in (usage_type, ""):
                for row in self.rows("tariff/taxes.csv"):
                    if (row["site"], row["usage_type"]) == (above, wanted) and holds(row, day):
                        return number(row["percent"])
        return Fraction(0)

    @cached_property
    def rates(self) -> dict[tuple[str, str], list[TextRow]]:
        """All rows of rates by plan and usage type."""
        found = defaultdict(list)
        blank = dict.fromkeys(("prefix", "time_band", "tiering", "rounding", "unit_size"), "")
        blank |= dict.fromkeys(("tier_from", "package_size", "markup_percent", "markup_fixed"), "")
        for row in self.rows("tariff.csv"):
            found["tariff", row["usage_type"]].append({**blank, **row, "plan": "tariff"})
        for row in self.rows("tariff/rates.csv"):
            found[row["plan"], row["usage_type"]].append(row)
        return found

    def rate(
        self, plan: str, usage_type: str, to: tuple[str, str], site: str, local: dt.datetime
    ) -> TextRow | None:
        """The most specific rate (its first tier), None where the plan has none.

        `to` is the class of destination and the address; the class is empty where there is none.
        """
        bands = self.bands(site, local)
        fitting = [
            row
            for row in self.rates.get((plan, usage_type), ())
            if holds(row, local.date())
            and row["tier_from"] in ("", "0")
            and row["time_band"] in ("", *bands)
            and fits(row, *to)
        ]
        return min(fitting, key=lambda row: specificity(row, to[0]), default=None)

    def bands(self, site: str, local: dt.datetime) -> list[str]:
        kind, time = self.kind_of_day(site, local.date()), f"{local:%H:%M}"
        return [
            row["time_band"]
            for row in self.rows("tariff/time_bands.csv")
            if kind in row["days"].split() and row["from"] <= time < row["to"]
        ]

    def kind_of_day(self, site: str, day: Date) -> str:
        for row in self.rows("tariff/holidays.csv"):
            if row["date"] == day.isoformat() and row["site"] in self.lineage(site, day):
                return "holiday"
        return ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[day.weekday()]

    # --- What was used.

    def rate_everything(self) -> dict[LineKey, Line]:
        """All lines of all months."""
        for collection, messages in self.world.messages.items():
            for message in messages:
                place, local = self.place(collection, message)
                self.sent.append((local.date(), place, message["kind"]))
                if message["kind"] in ("message", "file_transfer"):
                    self.use(collection, message, place, local)
        self.uses.sort(key=lambda use: use.at)
        self.keep_the_first_of_each_month()
        self.spend_allowances()
        self.price()
        lines = self.lines()
        self.add_fees(lines)
        self.round(lines)
        self.add_limits(lines)
        return lines

    def place(self, collection: str, message: dict[str, Any]) -> tuple[Place, dt.datetime]:
        """Whose it is, and the time there."""
        row = self.person(message["sender"], message["sent_at"], collection)
        site = row["site"] if row else self.world.collections()[collection]
        local = message["sent_at"].astimezone(self.zone(site))
        if row:
            return Place(row["person_id"], site, row["department"], row["cost_centre"]), local
        return Place(UNKNOWN, site, UNKNOWN, UNKNOWN), local

    def use(
        self, collection: str, message: dict[str, Any], place: Place, local: dt.datetime
    ) -> None:
        """All that one message uses."""
        sent_at, site = message["sent_at"], place.site
        sender = self.person(message["sender"], sent_at, collection) or {}
        plan = self.plan(place, local.date())
        addresses = [
            (self.destination(r, site, sent_at, collection), r.lower(), r)
            for r in recipients(message)
        ]
        far = min(addresses, key=lambda a: (FARTHEST.index(a[0]), *a[1:]), default=None)
        to = (far[0], far[1]) if far else ("internal", "")
        wanted = [(t, to, "") for t in (*USES_OF[message["kind"]], "conversation")]
        wanted += [("delivery", (d, a), r) for d, a, r in addresses]
        wanted.append(("active_person", ("", ""), ""))
        for usage_type, (destination, address), recipient in wanted:
            rate = self.rate(plan, usage_type, (destination, address), site, local)
            if rate is None:
                assert usage_type not in ("message", "file_transfer"), (plan, usage_type, to)
                continue
            use = Use(
                at=(sent_at, local.date(), *sent(message), site, recipient),
                day=local.date(),
                place=place,
                plan=plan,
                usage_type=usage_type,
                destination=destination,
                rate=rate,
                units=units(usage_type, message, rate),
                to=address,
                conversation=conversation(message),
                message=len(self.sent) - 1,
                known_by=sender.get("known_by", "address"),
            )
            self.uses.append(use)

    def destination(self, recipient: str, site: str, at: dt.datetime, collection: str) -> str:
        domain = (recipient.partition("@")[2] or recipient).partition("/")[0]
        ours = self.world.company_domains
        in_our_room = "/" in recipient and any(domain.endswith("." + d) for d in ours)
        if domain not in ours and not in_our_room:
            return "external"
        row = self.person(recipient, at, collection)
        return "between_sites" if row and row["site"] != site else "internal"

    def keep_the_first_of_each_month(self) -> None:
        seen = set()
        kept = []
        for use in self.uses:
            if use.usage_type in COUNTED:
                who = use.conversation if use.usage_type == "conversation" else use.place.person
                plan = use.plan if use.usage_type == "active_person" else ""
                key = (use.month, use.usage_type, plan, who)
                if key in seen:
                    continue
                seen.add(key)
            kept.append(use)
        self.uses = kept

    # --- What it costs.

    def spend_allowances(self) -> None:
        spent: defaultdict[tuple[Any, ...], Fraction] = defaultdict(Fraction)
        for use in self.uses:
            row = self.allowance(use)
            if row is None:
                continue
            holder = self.holder(use.plan, use.place, use.day)
            key = (use.month, holder, use.plan, use.usage_type, row["destination"])
            left = max(Fraction(0), number(row["units"]) - spent[key])
            use.free = min(left, use.units)
            spent[key] += use.units

    def allowance(self, use: Use) -> TextRow | None:
        order = {"between_sites": ("between_sites", "internal", "")}
        for destination in order.get(use.destination, (use.destination, "")):
            for row in self.allowances.get((use.plan, use.usage_type, destination), ()):
                if holds(row, use.month):
                    return row
        return None

    @cached_property
    def allowances(self) -> dict[tuple[str, str, str], list[TextRow]]:
        """By plan, usage type and destination."""
        found = defaultdict(list)
        for row in self.rows("tariff/allowances.csv"):
            found[row["plan"], row["usage_type"], row["destination"]].append(row)
        return found

    def price(self) -> None:
        """Unit by unit in order; a volume's price is that of the whole month."""
        counted: defaultdict[tuple[Any, ...], Fraction] = defaultdict(Fraction)
        totals: defaultdict[tuple[Any, ...], Fraction] = defaultdict(Fraction)
        sizes: defaultdict[tuple[Any, ...], set[str]] = defaultdict(set)
        for use in self.uses:
            totals[self.counter(use)] += use.units - use.free
            sizes[self.counter(use)].add(use.rate["package_size"])
        assert all(len(of_month) == 1 for of_month in sizes.values())
        for use in self.uses:
            key, left = self.counter(use), use.units - use.free
            before = counted[key]
            counted[key] += left
            for tier, amount in self.parts(use, before, before + left, totals[key]):
                cost = amount * number(tier["price"])
                fixed = amount * number(tier["markup_fixed"])
                use.priced_by.append(tier)
                use.cost += cost
                use.charge += cost * (1 + number(tier["markup_percent"]) / 100) + fixed
                if use.rate["tiering"] != "package" and not number(tier["price"]) and not fixed:
                    use.zero += amount

    def counter(self, use: Use) -> tuple[Any, ...]:
        rate = use.rate
        holder = self.holder(use.plan, use.place, use.day)
        return (
            *(use.month, holder, use.plan, use.usage_type),
            *(rate["destination"], rate["prefix"], rate["time_band"]),
        )

    def parts(
        self, use: Use, start: Fraction, end: Fraction, total: Fraction
    ) -> Iterator[tuple[TextRow, Fraction]]:
        """How much of what lies between start and end has the price of which tier."""
        tiers = self.tiers(use)
        tiering = use.rate["tiering"] or "flat"
        if tiering == "volume":
            reached = [t for t in tiers if number(t["tier_from"]) < total]
            if reached and end > start:
                yield reached[-1], end - start
            return
        if tiering == "package":
            size = number(use.rate["package_size"])
            start, end = Fraction(ceil(start / size)), Fraction(ceil(end / size))
        limits = [number(t["tier_from"]) for t in tiers]
        for tier, low, high in zip(tiers, limits, [*limits[1:], end], strict=True):
            inside = min(end, max(high, low)) - max(start, low)
            if inside > 0:
                yield tier, inside

    def tiers(self, use: Use) -> list[TextRow]:
        same = ("destination", "prefix", "time_band", "valid_from", "valid_to")
        rows = self.rates[use.plan, use.usage_type]
        found = [r for r in rows if all(r[c] == use.rate[c] for c in same)]
        return sorted(found, key=lambda r: number(r["tier_from"]))

    def states(self) -> Counter[tuple[Date, Place, str, str]]:
        """How many messages of a day, place and kind are billed, free, both, or neither."""
        quantities: defaultdict[int, set[str]] = defaultdict(set)
        for use in self.uses:
            free = use.free + use.zero
            quantities[use.message] |= {"free"} if free else set()
            quantities[use.message] |= {"billed"} if free < use.units else set()
        names = {"": "not_billable", "billed": "billed", "free": "free", "billed free": "in_part"}
        return Counter(
            (*sent, names[" ".join(sorted(quantities[number]))])
            for number, sent in enumerate(self.sent)
        )

    # --- Lines, fees and limits.

    def lines(self) -> dict[LineKey, Line]:
        lines: defaultdict[LineKey, Line] = defaultdict(Line)
        for use in self.uses:
            tax = self.tax(use.place.site, use.usage_type, use.day)
            entity, _ = self.entity(use.place.site, use.day)
            line = lines[use.month, use.place, use.plan, use.usage_type, tax, entity]
            line.uses += 1
            line.quantity += use.units
            line.free += use.free + use.zero
            line.cost += use.cost
            line.charge += use.charge
        return lines

    def home(self, person: str, day: Date) -> Place | None:
        rows = [row for row in self.rows_of_person[person] if holds(row, day)]
        if not rows:
            return None
        row = min(rows, key=lambda row: row["address"].lower())
        return Place(person, row["site"], row["department"], row["cost_centre"])

    @cached_property
    def rows_of_person(self) -> dict[str, list[TextRow]]:
        """The directory's rows by person."""
        found = defaultdict(list)
        for row in self.rows("directory.csv"):
            found[row["person_id"]].append(row)
        return found

    @cached_property
    def days(self) -> dict[tuple[Date, str, str], list[tuple[Date, Place]]]:
        """By month, person and plan: the days under the plan, and where the person was."""
        found = defaultdict(list)
        for month in sorted({use.month for use in self.uses}):
            for day in days_of(month):
                for person in sorted(self.rows_of_person):
                    place = self.home(person, day)
                    if place:
                        found[month, person, self.plan(place, day)].append((day, place))
        return found

    def add_fees(self, lines: dict[LineKey, Line]) -> None:
        for (month, _, plan), days in self.days.items():
            if not self.rates.get((plan, "monthly_fee")):
                continue
            last = days[-1][0]
            prorated = self.terms(plan, month)["prorate"] == "daily"
            parts: defaultdict[tuple[Any, ...], list[Date]] = defaultdict(list)
            for day, place in days:
                if prorated or day == last:
                    (rate,) = (r for r in self.rates[plan, "monthly_fee"] if holds(r, day))
                    tax = self.tax(place.site, "monthly_fee", day)
                    entity, _ = self.entity(place.site, day)
                    parts[place, tax, entity, rate["valid_from"]].append(day)
            for (place, tax, entity, start), of_part in parts.items():
                rates = self.rates[plan, "monthly_fee"]
                (rate,) = (r for r in rates if r["valid_from"] == start)
                share = Fraction(len(of_part), len(days_of(month))) if prorated else Fraction(1)
                cost = number(rate["price"])
                charge = cost * (1 + number(rate["markup_percent"]) / 100)
                charge += number(rate["markup_fixed"])
                line = lines[month, place, plan, "monthly_fee", tax, entity]
                line.cost += half_up(cost * share, 12)
                line.charge += half_up(charge * share, 12)
                if last in of_part:
                    line.uses += 1
                    line.quantity += 1
                    line.free += 0 if charge else 1

    def round(self, lines: dict[LineKey, Line]) -> None:
        for (*_, entity), line in lines.items():
            line.charge = half_up(line.charge, 12)
            line.rounded = half_up(line.charge, self.digits(entity))

    def add_limits(self, lines: dict[LineKey, Line]) -> None:
        sums: defaultdict[tuple[Date, str, str], Fraction] = defaultdict(Fraction)
        for (month, place, plan, *_), line in lines.items():
            sums[month, plan, self.holder(plan, place, month)] += line.rounded
        holders: defaultdict[tuple[Date, str, str], list[tuple[Date, Place]]] = defaultdict(list)
        for (month, _, plan), days in self.days.items():
            for day, place in days:
                holders[month, plan, self.holder(plan, place, day)].append((day, place))
        for (month, plan, holder), days in holders.items():
            terms, total = self.terms(plan, month), sums[month, plan, holder]
            if terms["minimum"]:
                due = number(terms["minimum"])
                if terms["prorate"] == "daily":
                    share = Fraction(len({day for day, _ in days}), len(days_of(month)))
                    due = half_up(due * share, 12)
                self.add_limit(lines, month, plan, days, "minimum", max(due - total, Fraction(0)))
            if terms["maximum"]:
                over = min(number(terms["maximum"]) - total, Fraction(0))
                self.add_limit(lines, month, plan, days, "maximum", over)

    def add_limit(
        self,
        lines: dict[LineKey, Line],
        month: Date,
        plan: str,
        days: list[tuple[Date, Place]],
        what: str,
        difference: Fraction,
    ) -> None:
        if not difference:
            return
        last = max(day for day, _ in days)
        place = min((p for day, p in days if day == last), key=lambda p: p.person)
        tax = self.tax(place.site, what, last)
        if self.terms(plan, month)["scope"] == "cost_centre":
            place = Place("shared", place.site, "shared", place.cost_centre)
        entity, _ = self.entity(place.site, last)
        rounded = half_up(difference, self.digits(entity))
        lines[month, place, plan, what, tax, entity] = Line(charge=difference, rounded=rounded)

    def taxes(self, lines: dict[LineKey, Line]) -> dict[tuple[Any, ...], tuple[Fraction, Fraction]]:
        """By month, legal entity, cost centre and percentage: the sum of lines, and the tax."""
        sums: defaultdict[tuple[Any, ...], Fraction] = defaultdict(Fraction)
        for (month, place, _, _, tax, entity), line in lines.items():
            sums[month, entity, place.cost_centre, tax] += line.rounded
        return {
            key: (net, half_up(net * key[3] / 100, self.digits(key[1])))
            for key, net in sums.items()
        }


FARTHEST = ("external", "between_sites", "internal")
USES_OF = {
    "message": ("message", "kilobyte"),
    "file_transfer": ("file_transfer", "kilobyte", "file_megabyte"),
}


def fits(row: TextRow, destination: str, address: str) -> bool:
    prefix = row["prefix"].lower()
    if prefix.startswith("@"):
        domain = (address.partition("@")[2] or address).partition("/")[0]
        return bool(address) and ("@" + domain).startswith(prefix)
    if prefix:
        return address.startswith(prefix)
    inside = destination == "between_sites" and row["destination"] == "internal"
    return inside or row["destination"] in ("", destination)


def specificity(row: TextRow, destination: str) -> tuple[Any, ...]:
    """Prefixes by length, then the class, what is like it, and all; banded before unbanded."""
    order = (destination, "internal", "")
    return (
        -len(row["prefix"]),
        row["prefix"].startswith("@"),
        order.index(row["destination"]),
        row["time_band"] == "",
    )


def recipients(message: dict[str, Any]) -> list[str]:
    return sorted(set(message["recipients"]))


def sent(message: dict[str, Any]) -> tuple[Any, ...]:
    """What orders messages of one instant, up to the site."""
    return (
        *(message["sender"], " ".join(recipients(message)), message["conversation_id"] or ""),
        *(message["kind"], message["body_bytes"] or 0, message["file_bytes"] or 0),
    )


def conversation(message: dict[str, Any]) -> str:
    parties = sorted({*message["recipients"], message["sender"]})
    return message["conversation_id"] or " ".join(parties)


def units(usage_type: str, message: dict[str, Any], rate: TextRow) -> Fraction:
    if usage_type not in PER_UNIT:
        return Fraction(1)
    size = message["body_bytes"] if usage_type == "kilobyte" else message["file_bytes"]
    quantity = Fraction(min(size or 0, LARGEST_FILE), PER_UNIT[usage_type])
    in_units = quantity / number(rate["unit_size"], "1")
    match rate["rounding"]:
        case "exact":
            return in_units
        case "down":
            return Fraction(floor(in_units))
        case "half_up":
            return half_up(in_units, 0)
        case _:
            return Fraction(ceil(in_units))


def days_of(month: Date) -> list[Date]:
    last = calendar.monthrange(month.year, month.month)[1]
    return [month.replace(day=day) for day in range(1, last + 1)]
