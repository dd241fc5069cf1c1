"""`tariff.csv` and `rates.csv`: rates with their tiers, row by row.

Whether they leave gaps or overlap is looked at in `coverage.py`.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from eur_pipeline.billing.csv_file import Row, read_rows
from eur_pipeline.billing.plan import (
    BASIC,
    CLASSES,
    STEPS,
    USAGE_TYPES,
    WITHOUT_DESTINATION,
    Rate,
    Tier,
    Unit,
)

TARIFF_COLUMNS = ("usage_type", "destination", "valid_from", "valid_to", "currency", "price")
TARIFF_DESTINATIONS = ("internal", "external")
# The plan that tariff.csv is.
TARIFF_PLAN = "tariff"
RATE_COLUMNS = (
    *("plan", "usage_type", "destination", "prefix", "time_band", "valid_from", "valid_to"),
    *("tiering", "tier_from", "unit_size", "rounding", "package_size"),
    *("price", "markup_percent", "markup_fixed"),
)
TIERINGS = ("flat", "graduated", "volume", "package")
ROUNDINGS = ("up", "down", "half_up", "exact")
# What the rows of one rate, a row per tier, have in common.
_COMMON = ("tiering", "unit_size", "rounding", "package_size")
_NO_MARKUP = Decimal(0)
_ONE = Unit(1, "up", Decimal(1))


def read_tariff_rates(path: Path, currency: str) -> list[Rate]:
    """The rates of `tariff.csv`; a ConfigurationError names line and column of a fault."""
    return [_tariff_rate(row, currency) for row in read_rows(path, TARIFF_COLUMNS)]


def _tariff_rate(row: Row, currency: str) -> Rate:
    row.one_of("currency", [currency])
    return Rate(
        plan=TARIFF_PLAN,
        usage_type=row.one_of("usage_type", BASIC),
        destination=row.one_of("destination", TARIFF_DESTINATIONS),
        prefix="",
        time_band="",
        period=row.period(),
        tiering="flat",
        unit=_ONE,
        package_steps=1,
        tiers=(Tier(0, _price(row), _NO_MARKUP, _NO_MARKUP),),
        row=row,
    )


def _price(row: Row) -> Decimal:
    row.required("price")
    return row.amount("price")


def read_rates(path: Path, plans: Collection[str], bands: Collection[str]) -> list[Rate]:
    """The rates of `rates.csv`, which can be missing; a ConfigurationError names the fault."""
    rows_of_rate: defaultdict[tuple[object, ...], list[Row]] = defaultdict(list)
    for row in read_rows(path, RATE_COLUMNS) if path.exists() else ():
        row.one_of("plan", tuple(plans))
        row.one_of("time_band", ("", *bands))
        rows_of_rate[_identity(row)].append(row)
    rates = [_rate(rows) for rows in rows_of_rate.values()]
    _require_one_unit(rates)
    _require_names_of_their_own(rates)
    _require_one_package_size_a_month(rates)
    return rates


def _identity(row: Row) -> tuple[object, ...]:
    usage_type = row.one_of("usage_type", USAGE_TYPES)
    destination = row.one_of("destination", ("", *CLASSES))
    prefix = row.text("prefix").lower()
    if prefix and destination:
        raise row.error("prefix", f"nothing, because the destination is {destination}")
    if usage_type in WITHOUT_DESTINATION:
        for column in ("destination", "prefix", "time_band"):
            if row.text(column):
                raise row.error(column, f"nothing: {usage_type} has neither destination nor time")
    return (row.text("plan"), usage_type, destination, prefix, row.text("time_band"), row.period())


def _rate(rows: list[Row]) -> Rate:
    first = rows[0]
    plan, usage_type, destination, prefix, time_band, _ = _identity(first)
    tiering = first.one_of("tiering", ("", *TIERINGS)) or "flat"
    unit = _unit(first, str(usage_type))
    return Rate(
        plan=str(plan),
        usage_type=str(usage_type),
        destination=str(destination),
        prefix=str(prefix),
        time_band=str(time_band),
        period=first.period(),
        tiering=_fitting(tiering, first),
        unit=unit,
        package_steps=_package_steps(first, tiering, unit),
        tiers=tuple(_tiers(rows, tiering, unit)),
        row=first,
    )


def _fitting(tiering: str, row: Row) -> str:
    if row.text("usage_type") == "monthly_fee" and tiering != "flat":
        raise row.error("tiering", "flat, because a monthly fee is")
    return tiering


def _unit(row: Row, usage_type: str) -> Unit:
    rounding = row.one_of("rounding", ("", *ROUNDINGS)) or "up"
    size = row.amount("unit_size", empty="1")
    base = STEPS[usage_type]
    if rounding == "exact" or base == 1:
        if size != 1:
            raise row.error("unit_size", "1, or nothing: only rounded kilobytes and megabytes")
        return Unit(1, rounding if base > 1 else "up", Decimal(1) / base)
    if size == 0 or size * base % 1:
        raise row.error("unit_size", f"a whole number of bytes, as multiples of 1/{base}")
    return Unit(int(size * base), rounding, Decimal(1))


def _package_steps(row: Row, tiering: str, unit: Unit) -> int:
    if tiering != "package":
        if row.text("package_size"):
            raise row.error("package_size", f"nothing, because it is tiered {tiering}")
        return 1
    return _steps(row, "package_size", unit) or _reject(row, "package_size", "more than 0 units")


def _reject(row: Row, column: str, expected: str) -> int:
    raise row.error(column, expected)


def _steps(row: Row, column: str, unit: Unit) -> int:
    steps = unit.in_steps(row.amount(column))
    return _reject(row, column, "a whole number of units") if steps is None else steps


def _tiers(rows: Sequence[Row], tiering: str, unit: Unit) -> Iterator[Tier]:
    _require_common(rows, tiering)
    counted_in = _ONE if tiering == "package" else unit
    starts = [_steps(row, "tier_from", counted_in) for row in rows]
    if starts[0] != 0:
        raise rows[0].error("tier_from", "0 in the first row of a rate")
    for row, (earlier, later) in zip(rows[1:], pairwise(starts), strict=True):
        if later <= earlier:
            raise row.error("tier_from", "more than in the row before")
    for row, start in zip(rows, starts, strict=True):
        yield Tier(start, _price(row), row.percentage("markup_percent"), row.amount("markup_fixed"))


def _require_common(rows: Sequence[Row], tiering: str) -> None:
    first = rows[0]
    for row in rows[1:]:
        if tiering == "flat":
            raise row.error(
                "tiering", f"another than flat, because line {first.line} is for the same"
            )
        for column in _COMMON:
            if row.text(column) != first.text(column):
                raise row.error(column, f"what line {first.line} says of the same rate")


def _require_names_of_their_own(rates: Iterable[Rate]) -> None:
    """Raise where a slash in a prefix makes two rates one: uses would be charged by both."""
    first: dict[str, Rate] = {}
    for rate in rates:
        other = first.setdefault(rate.key, rate)
        if (other.prefix, other.time_band) != (rate.prefix, rate.time_band):
            raise rate.row.error(
                "prefix",
                f"another prefix or time band than make it {rate.key}, as line {other.row.line} is",
            )


def _require_one_unit(rates: Iterable[Rate]) -> None:
    first: dict[tuple[str, str], Rate] = {}
    for rate in rates:
        other = first.setdefault((rate.plan, rate.usage_type), rate)
        if other.unit != rate.unit:
            raise rate.row.error(
                "unit_size" if other.unit.rounding == rate.unit.rounding else "rounding",
                f"what line {other.row.line} says, because allowances and tiers of "
                f"{rate.plan} {rate.usage_type} count one kind of unit",
            )


def _require_one_package_size_a_month(rates: Iterable[Rate]) -> None:
    """Raise where what was paid in packages would be divided by another size in the same month."""
    for versions in _by_key(rates):
        for earlier, later in pairwise(sorted(versions, key=lambda rate: rate.period.start)):
            if _packages(earlier) != _packages(later) and _share_a_month(earlier, later):
                raise later.row.error(
                    "valid_from",
                    f"the first of a month, because line {earlier.row.line} is for the same, and "
                    f"packages of one month have one size",
                )


def _by_key(rates: Iterable[Rate]) -> Collection[Sequence[Rate]]:
    found: defaultdict[str, list[Rate]] = defaultdict(list)
    for rate in rates:
        found[rate.key].append(rate)
    return found.values()


def _packages(rate: Rate) -> tuple[bool, int]:
    return rate.tiering == "package", rate.package_steps


def _share_a_month(earlier: Rate, later: Rate) -> bool:
    last, first = earlier.period.end - dt.timedelta(days=1), later.period.start
    return (last.year, last.month) >= (first.year, first.month)
