"""What a clerk would work out by hand, at every boundary: cases, and what each has to cost.

Every case has a plan, people and cost centres of its own, so that one world holds them all and the
models are built once. Times are in UTC; Ann and Bob are in Zurich, Cy is in Boston, Di in Auckland.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.models.lake_project import record
from tests.rating.world import World

SITES = (
    {"name": "group", "time_zone": "UTC"},
    {"name": "zurich", "parent": "group", "time_zone": "Europe/Zurich"},
    {"name": "geneva", "parent": "zurich"},
    {"name": "lugano", "parent": "group", "time_zone": "Europe/Zurich"},
    {"name": "boston", "parent": "group", "time_zone": "America/New_York"},
    {"name": "auckland", "parent": "group", "time_zone": "Pacific/Auckland"},
    {"name": "tokyo", "parent": "group", "time_zone": "Asia/Tokyo"},
)
NOON = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)
EVERY_DAY = "mon tue wed thu fri sat sun holiday"
BANDS = (
    ("early", EVERY_DAY, "00:00", "02:00"),
    ("two", EVERY_DAY, "02:00", "03:00"),
    ("later", EVERY_DAY, "03:00", "24:00"),
    ("week", "mon tue wed thu fri", "00:00", "24:00"),
    ("feast", "holiday", "00:00", "24:00"),
)

# Person, month, cost centre and usage type, as the case names them; lines of 0 are left out.
Charges = dict[tuple[str, str, str, str], Decimal]


@dataclass
class Case:
    """One case in a world that it shares with others; what it adds has its name in front."""

    world: World
    name: str
    plan: str = field(init=False)

    def __post_init__(self) -> None:
        self.plan = self.name
        for name, site in (
            ("ann", "zurich"),
            ("bob", "zurich"),
            ("cy", "boston"),
            ("di", "auckland"),
        ):
            self.person(name, site)

    def address(self, name: str) -> str:
        return f"{self.name}_{name}@presence.example"

    def terms(self, **cells: str) -> None:
        """The plan; files are free, and messages too unless a rate says otherwise."""
        cells = {"currency": "CHF", "scope": "person", **cells}
        self.world.add("tariff/plans.csv", plan=self.plan, **cells)
        self.rate("file_transfer", price="0")
        for centre in ("C1", "C2"):
            row = {"scope": "cost_centre", "name": f"{self.name}_{centre}", "plan": self.plan}
            self.world.add("tariff/assignments.csv", **row)

    def person(self, name: str, site: str) -> None:
        row = {"person_id": f"{self.name}_{name}", "name": name, "address": self.address(name)}
        row |= {"department": "Sales", "cost_centre": f"{self.name}_C1", "site": site}
        self.world.add("directory.csv", **row)

    def move(self, name: str, day: str, centre: str = "C2", **cells: str) -> None:
        """From that day on somewhere else."""
        person_id = f"{self.name}_{name}"
        rows = self.world.files["directory.csv"]
        old = next(row for row in rows if row["person_id"] == person_id)
        new = {**old, "valid_from": day, "cost_centre": f"{self.name}_{centre}", **cells}
        self.world.add("directory.csv", **new)
        old["valid_to"] = day

    def rate(self, usage_type: str = "message", **cells: str) -> None:
        self.world.add("tariff/rates.csv", plan=self.plan, usage_type=usage_type, **cells)

    def allow(self, units: str, usage_type: str = "message") -> None:
        row = {"plan": self.plan, "usage_type": usage_type, "units": units}
        self.world.add("tariff/allowances.csv", **row)

    def send(
        self,
        *times: str | dt.datetime,
        sender: str = "ann",
        to: tuple[str, ...] = ("bob",),
        **fields: Any,
    ) -> None:
        """A message at each of these times; a bare name is one of the case's people."""
        recipients = [name if "@" in name else self.address(name) for name in to]
        for time in times:
            messages = self.world.messages.setdefault("zurich_im", [])
            one = record(
                time, self.address(sender), recipients=recipients, native_id=str(len(messages))
            )
            messages.append({**one, **fields})


@dataclass(frozen=True)
class Boundary:
    """A case with what it has to cost: its lines, or their sum."""

    name: str
    prepare: Callable[[Case], None]
    expected: Charges | Decimal


BOUNDARIES: list[Boundary] = []


def costs(expected: Charges | str) -> Callable[[Callable[[Case], None]], Callable[[Case], None]]:
    """Register a case under its function's name."""

    def register(prepare: Callable[[Case], None]) -> Callable[[Case], None]:
        add(prepare.__name__, prepare, expected)
        return prepare

    return register


def add(name: str, prepare: Callable[[Case], None], expected: Charges | str) -> None:
    amount = Decimal(expected) if isinstance(expected, str) else expected
    BOUNDARIES.append(Boundary(name, prepare, amount))


def world_of_all() -> World:
    """The world that holds every case."""
    world = World([dict(site) for site in SITES])
    world.legal_entities = [
        {"name": "nippon", "currency": "JPY", "sites": ["tokyo"]},
        {"name": "ticino", "currency": "CHF", "sites": ["zurich"]},
    ]
    world.add("organisation/sites.csv", site="lugano", parent="zurich", valid_from="2026-03-11")
    for usage_type in ("message", "file_transfer"):
        for destination in ("internal", "external"):
            row = {"usage_type": usage_type, "destination": destination, "price": "0"}
            world.add("tariff.csv", **row, currency="CHF")
    for band in BANDS:
        columns = ("time_band", "days", "from", "to")
        world.add("tariff/time_bands.csv", **dict(zip(columns, band, strict=True)))
    world.add("tariff/holidays.csv", site="zurich", date="2026-03-11")
    world.add("tariff/taxes.csv", site="tokyo", percent="10")
    for boundary in BOUNDARIES:
        boundary.prepare(Case(world, boundary.name))
    return world


def many(count: int) -> list[dt.datetime]:
    """A batch of messages, one a second."""
    return [NOON + dt.timedelta(seconds=n) for n in range(count)]


def _line(who: str, amount: str, usage_type: str = "message", **other: str) -> Charges:
    key = (who, other.get("month", "2026-03"), other.get("centre", "C1"), usage_type)
    return {key: Decimal(amount)}


# --- Tiers and allowances.


def _tiers(tiering: str, messages: int) -> Callable[[Case], None]:
    def prepare(case: Case) -> None:
        case.terms()
        size = "2" if tiering == "package" else ""
        for tier_from, price in (("0", "1"), ("3", "0.5"), ("5", "0.1")):
            case.rate(tiering=tiering, tier_from=tier_from, price=price, package_size=size)
        case.send(*many(messages))

    return prepare


for _tiering, _messages, _expected in (
    *(("graduated", 2, "2"), ("graduated", 3, "3"), ("graduated", 4, "3.5")),
    *(("graduated", 5, "4"), ("graduated", 6, "4.1")),
    *(("volume", 2, "2"), ("volume", 3, "3"), ("volume", 4, "2")),
    *(("volume", 5, "2.5"), ("volume", 6, "0.6")),
    *(("package", 2, "1"), ("package", 3, "2"), ("package", 6, "3"), ("package", 7, "3.5")),
):
    add(f"{_tiering}_tiers_after_{_messages}", _tiers(_tiering, _messages), _expected)


def _allowance(messages: int) -> Callable[[Case], None]:
    def prepare(case: Case) -> None:
        case.terms()
        case.rate(price="1")
        case.allow("3")
        case.send(*[NOON] * messages)

    return prepare


for _messages, _expected in ((2, "0"), (3, "0"), (4, "1"), (5, "2")):
    add(f"allowance_of_3_within_a_batch_of_{_messages}", _allowance(_messages), _expected)


@costs("0.15")
def a_use_is_free_in_part_where_the_allowance_ends_within_it(case: Case) -> None:
    case.terms()
    case.rate(price="0")
    case.rate("kilobyte", price="0.1", rounding="exact")
    case.allow("2.5", "kilobyte")
    case.send(*many(2), body_bytes=2000)


@costs(_line("bob", "2"))
def a_shared_allowance_goes_in_order_of_time(case: Case) -> None:
    case.terms(scope="cost_centre")
    case.rate(price="1")
    case.allow("3")
    case.send("2026-03-10T12:00", "2026-03-10T12:02", sender="ann")
    case.send("2026-03-10T12:01", "2026-03-10T12:03", "2026-03-10T12:04", sender="bob")


@costs(_line("bob", "2") | _line("cy", "1"))
def at_one_instant_a_shared_allowance_goes_in_order_of_what_was_sent(case: Case) -> None:
    case.terms(scope="cost_centre")
    case.rate(price="1")
    case.allow("3")
    case.send(NOON, sender="cy")
    case.send(NOON, NOON, NOON, sender="bob", to=("ann",))
    case.send(NOON, NOON, sender="ann")


@costs(_line("ann", "7", "conversation"))
def at_one_instant_the_first_recipient_by_alphabet_begins_the_conversation(case: Case) -> None:
    case.terms()
    case.rate(price="0")
    case.rate("conversation", price="7", prefix="a")
    case.rate("conversation", price="1")
    for name in ("b@else.example", "a@else.example"):
        case.send(NOON, to=(name,), conversation_id="at one instant")


@costs(_line("ann", "1") | _line("ann", "1.1", centre="C2"))
def who_moves_keeps_allowance_and_tier(case: Case) -> None:
    case.terms()
    case.rate(tiering="graduated", tier_from="0", price="1")
    case.rate(tiering="graduated", tier_from="2", price="0.1")
    case.allow("1")
    case.move("ann", "2026-03-10")
    case.send("2026-03-09T22:00", "2026-03-09T22:59:59.999", "2026-03-09T23:00", NOON)


@costs("2.1")
def a_new_version_of_a_rate_goes_on_counting(case: Case) -> None:
    case.terms()
    case.rate(price="1", valid_to="2026-03-10")
    case.rate(tiering="graduated", tier_from="0", price="1", valid_from="2026-03-10")
    case.rate(tiering="graduated", tier_from="2", price="0.1", valid_from="2026-03-10")
    case.send("2026-03-09T12:00", *many(2))


# --- Days and times.


def _around(day: str, midnight: str, sender: str) -> Callable[[Case], None]:
    """Prices change with the day, which begins at that instant for the sender."""

    def prepare(case: Case) -> None:
        case.terms()
        case.rate(price="1", valid_to=day)
        case.rate(price="10", valid_from=day)
        instant = dt.datetime.fromisoformat(midnight).replace(tzinfo=dt.UTC)
        for microseconds in (-1, 0, 1):
            case.send(instant + dt.timedelta(microseconds=microseconds), sender=sender)

    return prepare


# One microsecond before midnight, at midnight, and after: 1 + 10 + 10. Days of 23 and of 25 hours
# have their midnights an hour away from those of the day before.
for _name, _day, _midnight, _sender in (
    ("in_the_middle_of_a_month", "2026-03-10", "2026-03-09T23:00", "ann"),
    ("before_a_day_of_23_hours", "2026-03-29", "2026-03-28T23:00", "ann"),
    ("after_a_day_of_23_hours", "2026-03-30", "2026-03-29T22:00", "ann"),
    ("before_a_day_of_25_hours", "2026-10-25", "2026-10-24T22:00", "ann"),
    ("after_a_day_of_25_hours", "2026-10-26", "2026-10-25T23:00", "ann"),
    ("after_a_day_of_23_hours_in_boston", "2026-03-09", "2026-03-09T04:00", "cy"),
    ("after_a_day_of_25_hours_in_boston", "2026-11-02", "2026-11-02T05:00", "cy"),
    ("after_a_day_of_25_hours_in_the_south", "2026-04-06", "2026-04-05T12:00", "di"),
    ("after_a_day_of_23_hours_in_the_south", "2026-09-28", "2026-09-27T11:00", "di"),
    ("before_a_leap_day", "2028-02-29", "2028-02-28T23:00", "ann"),
    ("after_a_leap_day", "2028-03-01", "2028-02-29T23:00", "ann"),
):
    add(f"rates_change_at_midnight_{_name}", _around(_day, _midnight, _sender), "21")


@costs(_line("ann", "100", month="2028-02"))
def a_rate_of_the_leap_day_alone(case: Case) -> None:
    case.terms()
    case.rate(price="0", valid_to="2028-02-29")
    case.rate(price="100", valid_from="2028-02-29", valid_to="2028-03-01")
    case.rate(price="0", valid_from="2028-03-01")
    case.send("2028-02-28T12:00", "2028-02-29T12:00", "2028-03-01T12:00")


@costs(_line("ann", "2") | _line("ann", "1", centre="C2"))
def departments_change_at_local_midnight(case: Case) -> None:
    case.terms()
    case.rate(price="1")
    case.move("ann", "2026-03-18", department="Research")
    case.send("2026-03-17T22:59:59", "2026-03-17T22:59:59.999999", "2026-03-17T23:00")


def _on_the_wall(time: str) -> Callable[[Case], None]:
    def prepare(case: Case) -> None:
        case.terms()
        for price, band in enumerate(("early", "two", "later"), start=1):
            case.rate(time_band=band, price=str(price))
        case.send(time)

    return prepare


# Zurich leaves out 02:00 to 03:00 on 2026-03-29, and has it twice on 2026-10-25.
for _name, _time, _expected in (
    ("before_the_hour_that_is_left_out", "2026-03-29T00:59:59.999", "1"),
    ("after_the_hour_that_is_left_out", "2026-03-29T01:00", "3"),
    ("before_the_hour_that_comes_twice", "2026-10-24T23:59:59.999", "1"),
    ("in_the_hour_that_comes_twice_first", "2026-10-25T00:00", "2"),
    ("at_the_end_of_the_first_of_two_hours", "2026-10-25T00:59:59.999", "2"),
    ("in_the_hour_that_comes_twice_again", "2026-10-25T01:00", "2"),
    ("after_the_hour_that_comes_twice", "2026-10-25T02:00", "3"),
):
    add(_name, _on_the_wall(_time), _expected)


@costs(_line("ann", "10") | _line("cy", "1"))
def a_holiday_of_the_site_is_no_weekday(case: Case) -> None:
    case.terms()
    case.rate(price="100")
    case.rate(price="1", time_band="week")
    case.rate(price="10", time_band="feast")
    # Bands may overlap where a plan uses one of them.
    case.send("2026-03-11T12:00", sender="ann")
    case.send("2026-03-11T12:00", sender="cy")


@costs(_line("eve", "7"))
def a_site_has_the_holidays_of_those_above_it_on_that_day(case: Case) -> None:
    case.terms()
    case.rate(price="1", time_band="feast")
    case.rate(price="6")
    case.person("eve", "lugano")
    # The 11th is a holiday of zurich, below which lugano is from that day on.
    case.send("2026-03-10T12:00", "2026-03-11T12:00", sender="eve")


@costs(_line("eve", "0.02"))
def a_site_that_passes_to_another_legal_entity_has_a_line_of_each(case: Case) -> None:
    case.terms()
    case.rate(price="0.005")
    case.person("eve", "lugano")
    case.send("2026-03-10T12:00", "2026-03-10T23:00", sender="eve")


_ENDS = {"di": "2026-03-31T11:00", "ann": "2026-03-31T22:00", "cy": "2026-04-01T04:00"}


@costs(
    {
        (name, month, "C1", "message"): Decimal(1)
        for name in _ENDS
        for month in ("2026-03", "2026-04")
    }
)
def a_month_ends_in_three_zones_at_three_instants(case: Case) -> None:
    case.terms()
    case.rate(price="1")
    for name, end in _ENDS.items():
        midnight = dt.datetime.fromisoformat(end).replace(tzinfo=dt.UTC)
        case.send(midnight - dt.timedelta(microseconds=1), midnight, sender=name)


# --- Fees, minima, maxima.


def _february(year: int, days: int) -> Callable[[Case], None]:
    def prepare(case: Case) -> None:
        start = f"{year}-02-01"
        case.terms(prorate="daily", valid_from=start, valid_to=f"{year}-03-01")
        row = {"plan": case.plan, "valid_from": start, "valid_to": f"{year}-03-01"}
        case.world.files["tariff/assignments.csv"][-2].update(row)
        case.world.files["tariff/assignments.csv"][-1].update(row)
        case.rate(price="0")
        case.rate("monthly_fee", price=str(days))
        case.move("ann", f"{year}-02-{days}")
        case.send(f"{year}-02-10T12:00", sender="bob")

    return prepare


for _year, _days in ((2028, 29), (2027, 28)):
    _month = f"{_year}-02"
    add(
        f"a_prorated_fee_of_february_{_year}",
        _february(_year, _days),
        _line("ann", str(_days - 1), "monthly_fee", month=_month)
        | _line("ann", "1", "monthly_fee", month=_month, centre="C2")
        | _line("bob", str(_days), "monthly_fee", month=_month)
        | _line("cy", str(_days), "monthly_fee", month=_month)
        | _line("di", str(_days), "monthly_fee", month=_month),
    )


def _in_march(case: Case, **cells: str) -> None:
    """Terms of one month alone: other cases have usage in other months."""
    case.terms(**cells, valid_from="2026-03-01", valid_to="2026-04-01")
    for row in case.world.files["tariff/assignments.csv"][-2:]:
        row.update(valid_from="2026-03-01", valid_to="2026-04-01")


@costs(
    _line("ann", "6")
    | {(n, "2026-03", "C1", "monthly_fee"): Decimal(3) for n in ("ann", "bob", "cy", "di")}
    | {(n, "2026-03", "C1", "minimum"): Decimal(2) for n in ("bob", "cy", "di")}
)
def who_uses_nothing_owes_fee_and_minimum(case: Case) -> None:
    _in_march(case, minimum="5")
    case.rate(price="6")
    case.rate("monthly_fee", price="2", markup_percent="50")
    case.send(NOON)


@costs({})
def a_month_in_which_nobody_sends_anything_is_not_rated(case: Case) -> None:
    case.terms(minimum="5", valid_from="2026-06-01", valid_to="2026-07-01")
    for row in case.world.files["tariff/assignments.csv"][-2:]:
        row.update(valid_from="2026-06-01", valid_to="2026-07-01")
    case.rate(price="1")
    case.rate("monthly_fee", price="3")


@costs(_line("ann", "0.5"))
def a_text_of_no_bytes_and_a_file_of_no_size_are_of_0_units(case: Case) -> None:
    case.terms()
    case.rate(price="0.25")
    case.rate("kilobyte", price="7")
    case.rate("file_megabyte", price="7")
    case.send(*many(2), body_bytes=0)
    case.send(NOON, kind="file_transfer", body_bytes=None, file_bytes=None)


@costs(_line("ann", "8") | _line("cy", "4") | _line("shared", "-2", "maximum"))
def a_maximum_of_a_cost_centre_is_a_line_below_zero(case: Case) -> None:
    case.terms(scope="cost_centre", maximum="10")
    case.rate(price="4")
    case.send(*many(2), sender="ann")
    case.send(*many(1), sender="cy")


@costs(_line("ann", "1") | _line("ann", "-0.01", "maximum"))
def half_a_cent_below_zero_goes_away_from_zero(case: Case) -> None:
    case.terms(maximum="0.995")
    case.rate(price="1")
    case.send(NOON)


# --- Rounding.


def _rounded(price: str, messages: int) -> Callable[[Case], None]:
    def prepare(case: Case) -> None:
        case.terms()
        case.rate(price=price)
        case.send(*many(messages))

    return prepare


for _price, _messages, _expected in (
    *(("0.005", 1, "0.01"), ("0.005", 3, "0.02"), ("0.004999", 1, "0")),
    *(("0.0025", 2, "0.01"), ("0.015", 1, "0.02"), ("0.025", 1, "0.03")),
):
    _name = f"half_a_cent_{_price.replace('.', '_')}_times_{_messages}"
    add(_name, _rounded(_price, _messages), _expected)


@costs("0.27")
def a_mark_up_is_exact_until_the_line(case: Case) -> None:
    case.terms()
    case.rate(price="0.10", markup_percent="12.5", markup_fixed="0.02")
    case.send(*many(2))


def _units(rounding: str, size: str) -> Callable[[Case], None]:
    def prepare(case: Case) -> None:
        case.terms()
        case.rate(price="0")
        case.rate("kilobyte", price="1", rounding=rounding, unit_size=size)
        for size_in_bytes in (500, 1500):
            case.send(NOON, body_bytes=size_in_bytes)

    return prepare


for _rounding, _size, _expected in (
    *(("up", "1", "3"), ("down", "1", "1"), ("half_up", "1", "3"), ("exact", "1", "2")),
    *(("up", "10", "2"), ("half_up", "0.5", "4")),
):
    add(f"units_{_rounding}_{_size.replace('.', '_')}", _units(_rounding, _size), _expected)


@costs("1000")
def an_absurd_file_counts_as_a_petabyte(case: Case) -> None:
    case.terms()
    case.rate(price="0")
    case.rate("file_megabyte", price="0.000001", rounding="exact")
    case.send(NOON, kind="file_transfer", file_bytes=2**63 - 1)


# --- Destinations, conversations, legal entities.


@costs("1111")
def the_longest_prefix_goes_first(case: Case) -> None:
    case.terms()
    prices = {"": "1", "@p": "10", "@partner.example": "100", "ann@partner.exampl": "1000"}
    for prefix, price in prices.items():
        case.rate(prefix=prefix, price=price)
    for name in ("x@else.example", "x@p.example", "x@partner.example", "Ann@partner.example"):
        case.send(NOON, to=(name,))


@costs(_line("ann", "21", "delivery"))
def a_prefix_named_like_a_class_is_a_rate_of_its_own(case: Case) -> None:
    case.terms()
    case.rate(price="0")
    case.rate("delivery", price="1")
    for prefix, price in (("all", "5"), ("internal", "7"), ("external", "9")):
        case.rate("delivery", prefix=prefix, price=price)
    case.send(NOON, to=("bob", "all@else.example", "internal@else.example"))
    case.send(NOON, to=("bob", "internal@else.example"))


@costs(_line("ann", "110") | _line("ann", "122", "delivery"))
def the_farthest_recipient_decides_and_deliveries_go_their_own_way(case: Case) -> None:
    case.terms()
    for usage_type in ("message", "delivery"):
        for destination, price in (("internal", "1"), ("between_sites", "10"), ("external", "100")):
            case.rate(usage_type, destination=destination, price=price)
    case.send(NOON, to=("bob", "cy", "x@else.example"))
    case.send(NOON, to=("bob", "cy"))


@costs(_line("bob", "1", "conversation") | _line("ann", "1", "conversation", month="2026-04"))
def a_conversation_is_paid_once_a_month_by_who_begins_it(case: Case) -> None:
    case.terms()
    case.rate(price="0")
    case.rate("conversation", price="1")
    for time, sender in (("03-10T12:01", "ann"), ("03-10T12:00", "bob"), ("04-10T12:00", "ann")):
        case.send(f"2026-{time}", sender=sender, conversation_id="a room")


@costs(_line("ann", "0.5", "active_person") | _line("bob", "0.5", "active_person"))
def a_person_is_active_once_a_month(case: Case) -> None:
    case.terms()
    case.rate(price="0")
    case.rate("active_person", price="0.5")
    case.send(*many(3))
    case.send(NOON, sender="bob")


@costs(_line("ann", "1"))
def a_currency_without_minor_unit_is_rounded_to_whole_units(case: Case) -> None:
    case.terms(currency="JPY")
    for row in case.world.files["directory.csv"][-4:]:
        row["site"] = "tokyo"
    case.rate(price="0.25")
    case.send(*many(2))


@costs({})
def edits_and_receipts_cost_nothing(case: Case) -> None:
    case.terms()
    case.rate(price="1")
    for kind in ("edit", "receipt", "join"):
        case.send(NOON, kind=kind)
