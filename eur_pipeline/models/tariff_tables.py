"""The tariff as tables that models join: which rate is for which use, and what it costs.

What the rows mean is said in `sources.yml`; the files behind them are read in `billing/`.
"""

from collections.abc import Iterator
from decimal import Decimal

import pyarrow as pa

from eur_pipeline.billing.periods import Period
from eur_pipeline.billing.plan import Rate
from eur_pipeline.billing.tariff import Tariff
from eur_pipeline.billing.times import all_slots
from eur_pipeline.models.input_table import PERIOD, InputTable, Row, constant, dated

_text = pa.string()
_amount = pa.decimal128(18, 6)

PLANS = pa.schema(
    {
        **dict.fromkeys(("plan", "currency", "scope"), _text),
        **dict.fromkeys(("minimum", "maximum"), _amount),
        **dict.fromkeys(("is_prorated", "has_people"), pa.bool_()),
        **PERIOD,
    }
)
OFFERS = pa.schema(
    {
        **dict.fromkeys(("plan", "usage_type", "destination", "time_class", "rate_id"), _text),
        **PERIOD,
    }
)
RATES = pa.schema(
    {
        **dict.fromkeys(("rate_id", "rate_key", "plan", "usage_type"), _text),
        **dict.fromkeys(("destination", "prefix", "time_band", "tiering"), _text),
        "is_counted": pa.bool_(),
        "unit_steps": pa.int64(),
        "rounding": _text,
        "unit_value": pa.decimal128(7, 6),
        "package_steps": pa.int64(),
        "price_value": pa.decimal128(7, 6),
        **PERIOD,
    }
)
TIERS = pa.schema(
    {
        "rate_id": _text,
        "tier": pa.int64(),
        "tier_from": pa.int64(),
        "tier_to": pa.int64(),
        "price": _amount,
        "markup_factor": pa.decimal128(8, 4),
        "markup_fixed": _amount,
        **PERIOD,
    }
)
PREFIXES = pa.schema(
    {**dict.fromkeys(("plan", "usage_type", "prefix"), _text), "is_domain": pa.bool_()}
)
ALLOWANCES = pa.schema(
    {
        **dict.fromkeys(("plan", "usage_type", "destination", "allowance_key"), _text),
        "allowance_steps": pa.int64(),
        **PERIOD,
    }
)
ASSIGNMENTS = pa.schema({**dict.fromkeys(("scope", "name", "plan"), _text), **PERIOD})
TAXES = pa.schema(
    {
        **dict.fromkeys(("site", "usage_type"), _text),
        "tax_percent": pa.decimal128(6, 2),
        **PERIOD,
    }
)
TIME_CLASSES = pa.schema({"day_kind": _text, "quarter": pa.int64(), "time_class": _text})
HOLIDAYS = pa.schema({"site": _text, "date": pa.date32()})


def tariff_tables(tariff: Tariff) -> dict[str, InputTable]:
    """The tables, by names such as `inputs.offers`."""
    return {
        "inputs.plans": dated(PLANS, _plans(tariff)),
        "inputs.offers": dated(OFFERS, _offers(tariff)),
        "inputs.rates": dated(RATES, _rates(tariff)),
        "inputs.rate_tiers": dated(
            TIERS, ((rate.period, tier) for rate in tariff.rates for tier in _tiers(rate))
        ),
        "inputs.prefixes": constant(PREFIXES, list(_prefixes(tariff))),
        "inputs.allowances": dated(ALLOWANCES, _allowances(tariff)),
        "inputs.assignments": dated(ASSIGNMENTS, _assignments(tariff)),
        "inputs.taxes": dated(TAXES, _taxes(tariff)),
        "inputs.time_classes": constant(TIME_CLASSES, list(_time_classes(tariff))),
        "inputs.holidays": constant(
            HOLIDAYS, [{"site": site, "date": date} for site, date in tariff.holidays]
        ),
    }


def _plans(tariff: Tariff) -> Iterator[tuple[Period, Row]]:
    for terms in tariff.plans:
        yield (
            terms.period,
            {
                "plan": terms.plan,
                "currency": terms.currency,
                "scope": terms.scope,
                "minimum": terms.minimum,
                "maximum": terms.maximum,
                "is_prorated": terms.prorate,
                "has_people": terms.plan in tariff.plans_with_people,
            },
        )


def _offers(tariff: Tariff) -> Iterator[tuple[Period, Row]]:
    for offer in tariff.offers:
        yield (
            offer.period,
            {
                "plan": offer.plan,
                "usage_type": offer.usage_type,
                "destination": offer.destination,
                "time_class": offer.time_class,
                "rate_id": offer.rate.rate_id,
            },
        )


def _rates(tariff: Tariff) -> Iterator[tuple[Period, Row]]:
    # One version is counted for the sake of another: a new version goes on counting.
    counted = {rate.key for rate in tariff.rates if rate.tiering != "flat"}
    return ((rate.period, _rate(rate, rate.key in counted)) for rate in tariff.rates)


def _rate(rate: Rate, is_counted: bool) -> Row:
    is_package = rate.tiering == "package"
    return {
        "rate_id": rate.rate_id,
        "rate_key": rate.key,
        "plan": rate.plan,
        "usage_type": rate.usage_type,
        "destination": rate.destination,
        "prefix": rate.prefix,
        "time_band": rate.time_band,
        "tiering": rate.tiering,
        "is_counted": is_counted,
        "unit_steps": rate.unit.steps,
        "rounding": rate.unit.rounding,
        "unit_value": rate.unit.value,
        "package_steps": rate.package_steps,
        "price_value": Decimal(1) if is_package else rate.unit.value,
    }


def _tiers(rate: Rate) -> Iterator[Row]:
    ends = [*(tier.tier_from for tier in rate.tiers[1:]), None]
    for number, (tier, end) in enumerate(zip(rate.tiers, ends, strict=True), start=1):
        yield {
            "rate_id": rate.rate_id,
            "tier": number,
            "tier_from": tier.tier_from,
            "tier_to": end,
            "price": tier.price,
            "markup_factor": 1 + tier.markup_percent / 100,
            "markup_fixed": tier.markup_fixed,
        }


def _prefixes(tariff: Tariff) -> Iterator[Row]:
    of_rates = {(r.plan, r.usage_type, r.prefix) for r in tariff.rates if r.prefix}
    for plan, usage_type, prefix in sorted(of_rates):
        yield {
            "plan": plan,
            "usage_type": usage_type,
            "prefix": prefix,
            "is_domain": prefix.startswith("@"),
        }


def _allowances(tariff: Tariff) -> Iterator[tuple[Period, Row]]:
    for destination, period, allowance in tariff.allowances:
        yield (
            period,
            {
                "plan": allowance.plan,
                "usage_type": allowance.usage_type,
                "destination": destination,
                "allowance_key": allowance.key,
                "allowance_steps": allowance.steps,
            },
        )


def _assignments(tariff: Tariff) -> Iterator[tuple[Period, Row]]:
    for assigned in tariff.assignments:
        row: Row = {"scope": assigned.scope, "name": assigned.name, "plan": assigned.plan}
        yield assigned.period, row


def _taxes(tariff: Tariff) -> Iterator[tuple[Period, Row]]:
    for tax in tariff.taxes:
        row: Row = {"site": tax.site, "usage_type": tax.usage_type, "tax_percent": tax.percent}
        yield tax.period, row


def _time_classes(tariff: Tariff) -> Iterator[Row]:
    for slot in all_slots():
        kind, quarter = slot
        time_class = tariff.time_bands.class_of(slot)
        yield {"day_kind": kind, "quarter": quarter, "time_class": time_class}
