"""`plans.csv`, `allowances.csv`, `assignments.csv` and `taxes.csv`, row by row.

Each can be missing. What is most specific on a day is settled in `tariff.py`.
"""

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from eur_pipeline.billing.csv_file import Row, read_rows, require_no_overlap
from eur_pipeline.billing.periods import Period, first_gap, hull
from eur_pipeline.billing.plan import (
    CLASSES,
    LIMITS,
    USAGE_TYPES,
    WITHOUT_DESTINATION,
    Allowance,
    PlanTerms,
    Rate,
)
from eur_pipeline.billing.rate_files import TARIFF_PLAN
from eur_pipeline.config import Config

PLAN_COLUMNS = (
    *("plan", "currency", "scope", "minimum", "maximum", "prorate"),
    *("valid_from", "valid_to"),
)
ALLOWANCE_COLUMNS = ("plan", "usage_type", "destination", "units", "valid_from", "valid_to")
ASSIGNMENT_COLUMNS = ("scope", "name", "plan", "valid_from", "valid_to")
TAX_COLUMNS = ("site", "usage_type", "percent", "valid_from", "valid_to")
SCOPES = ("person", "cost_centre")
ASSIGNMENT_SCOPES = (*SCOPES, "site", "default")
PLAN_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Assignment:
    """Who has which plan and when; the name is empty where the scope is default."""

    scope: str
    name: str
    plan: str
    period: Period


@dataclass(frozen=True)
class Tax:
    """The percentage of a site (empty: all) and usage type (empty: all)."""

    site: str
    usage_type: str
    percent: Decimal
    period: Period


def read_plans(path: Path) -> list[PlanTerms]:
    """The plans' terms; those of a plan follow each other without gap or overlap."""
    rows_of_plan: defaultdict[Hashable, list[Row]] = defaultdict(list)
    plans = []
    for row in _rows(path, PLAN_COLUMNS):
        terms = _terms(row)
        plans.append(terms)
        rows_of_plan[terms.plan].append(row)
    _require_no_overlaps(rows_of_plan, "the plan {}")
    for plan, rows in rows_of_plan.items():
        periods = [row.period() for row in rows]
        gap = first_gap(periods, hull(periods))
        if gap:
            raise rows[-1].error("valid_from", f"the plan {plan} without a gap from {gap}")
    return plans


def _rows(path: Path, columns: Sequence[str]) -> Iterable[Row]:
    return read_rows(path, columns) if path.exists() else ()


def _require_no_overlaps(rows: Mapping[Hashable, Sequence[Row]], what: str) -> None:
    for name, of_name in rows.items():
        require_no_overlap(of_name, what.format(name))


def _terms(row: Row) -> PlanTerms:
    plan = row.required("plan")
    if not PLAN_NAME.fullmatch(plan) or plan == TARIFF_PLAN:
        raise row.error("plan", "lower-case letters, digits and _, and not tariff, as office_2026")
    currency = row.required("currency")
    if not re.fullmatch("[A-Z]{3}", currency):
        raise row.error("currency", "a currency such as CHF")
    minimum, maximum = (_limit(row, column) for column in LIMITS)
    if minimum is not None and maximum is not None and maximum < minimum:
        raise row.error("maximum", "no less than the minimum")
    return PlanTerms(
        plan=plan,
        currency=currency,
        scope=row.one_of("scope", SCOPES),
        minimum=minimum,
        maximum=maximum,
        prorate=row.one_of("prorate", ("", "daily")) == "daily",
        period=row.months(),
    )


def _limit(row: Row, column: str) -> Decimal | None:
    return row.amount(column, 3) if row.text(column) else None


def read_allowances(path: Path, rates: Iterable[Rate]) -> list[Allowance]:
    """The free units of every plan."""
    units = {(rate.plan, rate.usage_type): rate.unit for rate in rates}
    rows: defaultdict[Hashable, list[Row]] = defaultdict(list)
    allowances = []
    for row in _rows(path, ALLOWANCE_COLUMNS):
        usage_type = row.one_of("usage_type", [u for u in USAGE_TYPES if u != "monthly_fee"])
        unit = units.get((row.required("plan"), usage_type))
        if unit is None:
            raise row.error("plan", f"a plan that has rates for {usage_type}")
        destination = row.one_of("destination", ("", *CLASSES))
        if destination and usage_type in WITHOUT_DESTINATION:
            raise row.error("destination", f"nothing, because {usage_type} has no destination")
        steps = unit.in_steps(row.amount("units"))
        if steps is None:
            raise row.error("units", "a whole number of units")
        allowance = Allowance(row.text("plan"), usage_type, destination, steps, row.months())
        rows[allowance.key].append(row)
        allowances.append(allowance)
    _require_no_overlaps(rows, "an allowance for {}")
    return allowances


def read_assignments(path: Path, config: Config, valid: Mapping[str, Period]) -> list[Assignment]:
    """Who has which plan; `valid` says when each plan is."""
    rows: defaultdict[Hashable, list[Row]] = defaultdict(list)
    assignments = []
    for row in _rows(path, ASSIGNMENT_COLUMNS):
        assignment = _assignment(row, config, valid)
        rows[assignment.scope, assignment.name].append(row)
        assignments.append(assignment)
    _require_no_overlaps(rows, "a plan for {}")
    return assignments


def _assignment(row: Row, config: Config, valid: Mapping[str, Period]) -> Assignment:
    scope = row.one_of("scope", ASSIGNMENT_SCOPES)
    match scope:
        case "default":
            name = row.one_of("name", ("",))
        case "site":
            name = row.one_of("name", [site.name for site in config.sites])
        case _:
            name = row.required("name")
    plan, period = row.one_of("plan", tuple(valid)), row.period()
    if not valid[plan].contains(period):
        raise row.error("plan", f"a plan valid {period}; {plan} is valid {valid[plan]}")
    return Assignment(scope, name, plan, period)


def read_taxes(path: Path, config: Config) -> list[Tax]:
    """The percentages of tax."""
    rows: defaultdict[Hashable, list[Row]] = defaultdict(list)
    taxes = []
    for row in _rows(path, TAX_COLUMNS):
        tax = Tax(
            site=row.one_of("site", ["", *(site.name for site in config.sites)]),
            usage_type=row.one_of("usage_type", ("", *USAGE_TYPES, *LIMITS)),
            percent=row.percentage("percent"),
            period=row.period(),
        )
        rows[tax.site, tax.usage_type].append(row)
        taxes.append(tax)
    _require_no_overlaps(rows, "a tax for {}")
    return taxes
