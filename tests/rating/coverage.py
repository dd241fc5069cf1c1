"""Which rules a rated world has put to use: a proof says little about what never happened.

A combination counts for a feature when something was billed by it, not when a file mentions it.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator
from fractions import Fraction

from tests.rating.rater import Line, LineKey, Place, Rater, Use, number

CHANGING_TAX = "a tax that changes within the month"
CHANGING_ENTITY = "a legal entity that changes within the month"
# A combination is a plan; what unknown senders and sites' assignments use has another's plan.
FEATURES = (
    *("tiers: flat", "tiers: graduated", "tiers: volume", "tiers: package"),
    *("beyond the first tier: graduated", "beyond the first tier: volume"),
    *("beyond the first tier: package", "a use in two tiers"),
    *("allowance of a person", "allowance shared by two people", "a use free in part"),
    "allowance used up",
    *(
        "time band",
        "band on a holiday",
        "band on the day of 23 hours",
        "band on the day of 25 hours",
    ),
    *("prefix", "between sites by a rate of its own", "between sites as internal"),
    *("external", "no recipient", "a room's occupant"),
    *("mark-up in percent", "fixed mark-up", "units rounded up", "units rounded down"),
    *("units rounded half up", "exact units"),
    *("delivery", "kilobyte", "file_megabyte", "conversation", "active_person", "monthly_fee"),
    *("minimum", "maximum", "minimum prorated", "fee prorated"),
    *("a plan that changes within the month", "a rate that changes within the month"),
    *("a mover between departments", "a mover between cost centres", "a mover between sites"),
    *("0 minor digits", "2 minor digits", "3 minor digits"),
    *("a tax", CHANGING_TAX, CHANGING_ENTITY, "an unknown sender"),
    *("a sender by alias", "a sender by extension"),
    "messages of one instant in one count",
    *("leap day", "the first or last hour of a month"),
)


def features(rater: Rater, lines: dict[LineKey, Line]) -> Counter[str]:
    """How many combinations put each of FEATURES to use."""
    found = {(plan, name) for use in rater.uses for plan, name in _of_use(rater, use)}
    found |= set(_of_lines(rater, lines))
    found |= set(_of_neighbours(rater))
    return Counter(name for _, name in found)


def _of_use(rater: Rater, use: Use) -> Iterator[tuple[str, str]]:
    names = [*_priced(use), *_destination(use), *_unit(use), *_free(rater, use)]
    names += [use.usage_type] * (use.usage_type not in ("message", "file_transfer"))
    entity, _ = rater.entity(use.place.site, use.day)
    names += [*_time(rater, use), f"{rater.digits(entity)} minor digits"]
    names += ["an unknown sender"] * (use.place.person == "unknown")
    names += [f"a sender by {use.known_by}"] * (use.known_by != "address")
    return ((use.plan, name) for name in names)


def _priced(use: Use) -> Iterator[str]:
    tiering = use.rate["tiering"] or "flat"
    for tier in use.priced_by:
        yield f"tiers: {tiering}"
        if number(tier["tier_from"]):
            yield f"beyond the first tier: {tiering}"
        if number(tier["markup_percent"]):
            yield "mark-up in percent"
        if number(tier["markup_fixed"]):
            yield "fixed mark-up"
    if len(use.priced_by) > 1:
        yield "a use in two tiers"


def _destination(use: Use) -> Iterator[str]:
    if use.rate["prefix"]:
        yield "prefix"
    elif use.destination == "between_sites":
        own = use.rate["destination"] == "between_sites"
        yield "between sites by a rate of its own" if own else "between sites as internal"
    if use.destination == "external":
        yield "external"
    if "/" in use.to:
        yield "a room's occupant"
    if use.destination and not use.to:
        yield "no recipient"


def _unit(use: Use) -> Iterator[str]:
    if use.usage_type in ("kilobyte", "file_megabyte"):
        names = {"down": "units rounded down", "half_up": "units rounded half up"}
        yield {**names, "exact": "exact units"}.get(use.rate["rounding"], "units rounded up")


def _free(rater: Rater, use: Use) -> Iterator[str]:
    if not use.free:
        return
    if rater.terms(use.plan, use.day)["scope"] == "person":
        yield "allowance of a person"
    if use.free < use.units:
        yield "a use free in part"


def _time(rater: Rater, use: Use) -> Iterator[str]:
    zone = rater.zone(use.place.site)
    local = use.at[0].astimezone(zone)
    if use.rate["time_band"]:
        yield "time band"
        if rater.kind_of_day(use.place.site, use.day) == "holiday":
            yield "band on a holiday"
        hours = _hours(dt.datetime.combine(use.day, dt.time(), zone))
        if hours != 24:
            yield f"band on the day of {23 if hours < 24 else 25} hours"
    if (use.day.month, use.day.day) == (2, 29):
        yield "leap day"
    if any((local + step).month != local.month for step in (HOUR, -HOUR)):
        yield "the first or last hour of a month"


HOUR = dt.timedelta(hours=1)


def _hours(midnight: dt.datetime) -> float:
    """How long the local day is; Lord Howe Island's clock changes by half an hour."""
    following = midnight + dt.timedelta(days=1)
    return (following.astimezone(dt.UTC) - midnight.astimezone(dt.UTC)) / HOUR


def _of_lines(rater: Rater, lines: dict[LineKey, Line]) -> Iterator[tuple[str, str]]:
    taxes: defaultdict[tuple[str, *tuple[object, ...]], set[Fraction]] = defaultdict(set)
    entities: defaultdict[tuple[str, *tuple[object, ...]], set[str]] = defaultdict(set)
    for (month, place, plan, usage_type, tax, entity), line in lines.items():
        if usage_type in ("minimum", "maximum", "monthly_fee"):
            yield plan, usage_type
            if usage_type != "maximum" and rater.terms(plan, month)["prorate"]:
                yield plan, f"{usage_type.removeprefix('monthly_')} prorated"
        if tax and line.rounded:
            yield plan, "a tax"
        taxes[plan, month, place, usage_type, entity].add(tax)
        entities[plan, month, place, usage_type].add(entity)
    yield from ((key[0], CHANGING_TAX) for key, found in taxes.items() if len(found) > 1)
    yield from ((key[0], CHANGING_ENTITY) for key, found in entities.items() if len(found) > 1)


def _of_neighbours(rater: Rater) -> Iterator[tuple[str, str]]:
    """What only shows between the uses of one person, or of one count."""
    people: defaultdict[tuple[object, ...], list[Use]] = defaultdict(list)
    counts: defaultdict[tuple[object, ...], list[Use]] = defaultdict(list)
    for use in rater.uses:
        if use.place.person != "unknown":
            people[use.month, use.place.person].append(use)
        counts[rater.counter(use)].append(use)
    for uses in people.values():
        yield from _of_person(uses)
    for uses in counts.values():
        yield from ((uses[0].plan, name) for name in _of_count(rater, uses))


def _of_person(uses: list[Use]) -> Iterator[tuple[str, str]]:
    places: set[Place] = {use.place for use in uses}
    changes = {
        "a plan that changes within the month": {use.plan for use in uses},
        "a mover between departments": {place.department for place in places},
        "a mover between cost centres": {place.cost_centre for place in places},
        "a mover between sites": {place.site for place in places},
    }
    for name, values in changes.items():
        if len(values) > 1:
            yield uses[0].plan, name


def _of_count(rater: Rater, uses: list[Use]) -> Iterator[str]:
    if len({use.rate["valid_from"] for use in uses}) > 1:
        yield "a rate that changes within the month"
    free = [use for use in uses if use.free]
    if len({use.place.person for use in free}) > 1:
        yield "allowance shared by two people"
    if free and any(not use.free and rater.allowance(use) for use in uses):
        yield "allowance used up"
    depends = free or uses[0].rate["tiering"] not in ("", "flat")
    if depends and len({use.at[0] for use in uses}) < len({use.at[:-1] for use in uses}):
        yield "messages of one instant in one count"
