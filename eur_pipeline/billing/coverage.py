"""Which rate is offered for which use, on which days; a gap or an overlap is an error.

The order in which rates are tried is that of docs/rating.md.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from eur_pipeline.billing.periods import Claim, Period, first_gap, hull, settle
from eur_pipeline.billing.plan import (
    BASIC,
    NONE,
    PREFIX,
    Rate,
    applies_to,
    classes_of,
)
from eur_pipeline.billing.rate_files import TARIFF_PLAN
from eur_pipeline.billing.tariff_files import SIMPLE, TariffFiles
from eur_pipeline.billing.times import Slot, TimeBands
from eur_pipeline.errors import ConfigurationError

# A set of slots with one name, one of them, and the bands that they are in.
TimeClass = tuple[str, Slot, frozenset[str]]


@dataclass(frozen=True)
class Offer:
    """One rate for uses of one type, destination and time class in a period.

    Attributes:
        destination: A class, `none`, or `prefix:` and a prefix.
        time_class: The bands that the time is in, joined by +; `none` for what has no time.
    """

    plan: str
    usage_type: str
    destination: str
    time_class: str
    period: Period
    rate: Rate


def offers(
    rates: Iterable[Rate], bands: TimeBands, valid: Mapping[str, Period], files: TariffFiles
) -> list[Offer]:
    """What every plan offers; a ConfigurationError names the first gap or overlap.

    `valid` says when each plan is, and `files` are named in it.
    """
    of_plan: defaultdict[str, dict[str, list[Rate]]] = defaultdict(dict)
    for rate in rates:
        of_plan[rate.plan].setdefault(rate.usage_type, []).append(rate)
    for plan in valid:
        for usage_type in BASIC:
            of_plan[plan].setdefault(usage_type, [])
    times = [(name, *found) for name, found in bands.classes().items()]
    return [
        offer
        for plan, of_types in of_plan.items()
        for usage_type, of_type in of_types.items()
        for offer in _offers_of_type(plan, usage_type, of_type, times, valid[plan], files)
    ]


def tariff_validity(rates: Collection[Rate]) -> Period:
    """When the plan of tariff.csv is valid: from its first day to its last."""
    return hull(rate.period for rate in rates)


def _offers_of_type(
    plan: str,
    usage_type: str,
    rates: Sequence[Rate],
    times: Sequence[TimeClass],
    valid: Period,
    files: TariffFiles,
) -> Iterator[Offer]:
    destinations = [
        *classes_of(usage_type),
        *sorted({PREFIX + r.prefix for r in rates if r.prefix}),
    ]
    for destination in destinations:
        for name, slot, bands in times if destination != NONE else _NO_TIME:
            claims = list(_claims(rates, destination, bands))
            _require_no_overlap(claims)
            settled = settle(claims)
            gap = first_gap([period for period, _ in settled], valid)
            if gap:
                raise _gap_error(files, plan, usage_type, destination, slot, gap)
            for period, rate in settled:
                yield Offer(plan, usage_type, destination, name, period, rate)


_NO_TIME: Sequence[TimeClass] = ((NONE, ("mon", 0), frozenset()),)


def _claims(
    rates: Iterable[Rate], destination: str, bands: frozenset[str]
) -> Iterator[Claim[Rate]]:
    for rate in rates:
        if rate.time_band and rate.time_band not in bands:
            continue
        nearness = _nearness(rate, destination)
        if nearness is not None:
            yield Claim((nearness, 0 if rate.time_band else 1), rate.period, rate)


def _nearness(rate: Rate, destination: str) -> int | None:
    if destination.startswith(PREFIX) or rate.prefix:
        return 0 if PREFIX + rate.prefix == destination else None
    return applies_to(rate.destination, destination)


def _require_no_overlap(claims: Sequence[Claim[Rate]]) -> None:
    ordered = sorted(claims, key=lambda c: (c.rank, c.period.start, c.value.row.line))
    for earlier, later in pairwise(ordered):
        if earlier.rank == later.rank and earlier.period.overlaps(later.period):
            raise later.value.row.error(
                "valid_from",
                f"a day and time for which line {earlier.value.row.line} ({earlier.value.key}, "
                f"{earlier.period}) is not a rate of {later.value.usage_type} already",
            )


def _gap_error(
    files: TariffFiles, plan: str, usage_type: str, destination: str, slot: Slot, gap: Period
) -> ConfigurationError:
    file = files.path(SIMPLE if plan == TARIFF_PLAN else "rates.csv")
    kind, quarter = slot
    time = "" if destination == NONE else f", {kind} {quarter // 4:02}:{quarter % 4 * 15:02}"
    return ConfigurationError(
        f"{file}: expected a rate of plan {plan} for {usage_type}, {destination}{time}, "
        f"from {gap}; found none. Write one, with price 0 if it is free"
    )
