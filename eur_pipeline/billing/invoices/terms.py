"""The terms and surroundings of lines as they are now, to be frozen in documents.

Everything is read from the warehouse, so that it is what the lines were rated by.
"""

import calendar
import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import duckdb

from eur_pipeline.billing.invoices.canonical import canonical
from eur_pipeline.billing.invoices.document import (
    Above,
    Account,
    AllowanceTerms,
    BandSpan,
    LineKey,
    Named,
    PersonPlaced,
    Placement,
    PlanTerms,
    RateTerms,
    TierTerms,
    Unit,
)
from eur_pipeline.billing.invoices.tiers import NO_TIERS, TiersUsed
from eur_pipeline.billing.times import DAY_KINDS

# Millions of tiers, written out here in their canonical form: to fetch them as values and write
# those took more than half of the time of issuing. Every amount has decimals, so that the zeros
# taken from its end are needless ones.
_TIERS_USED = """
    with tiers as (
        select
            legal_entity, cost_centre, local_month, person_id, department, site, plan, usage_type,
            tax_percent,
            rate_id, tier, sum(uses) as uses, sum(quantity) as quantity,
            sum(free_quantity) as free_quantity, sum(cost) as cost, sum(charge) as charge
        from intermediate.int_charges_detailed
        where list_contains($months, local_month)
        group by all
    ),
    written as (
        select unnest($rates::varchar[]) as rate_id, unnest($written_rates::varchar[]) as rate
    )
    select
        legal_entity, cost_centre, local_month, person_id, department, site, plan, usage_type,
        tax_percent,
        list_distinct(list(tiers.rate_id)),
        '[' || string_agg(
            '{"charge":"' || rtrim(rtrim(cast(charge as varchar), '0'), '.')
            || '","cost":"' || rtrim(rtrim(cast(cost as varchar), '0'), '.')
            || '","free_quantity":"' || rtrim(rtrim(cast(free_quantity as varchar), '0'), '.')
            || '","quantity":"' || rtrim(rtrim(cast(quantity as varchar), '0'), '.')
            || '","rate":' || rate || ',"tier":' || tier || ',"uses":' || uses || '}',
            ',' order by tiers.rate_id, tier
        ) || ']'
    from tiers
    inner join written on tiers.rate_id = written.rate_id
    group by all
"""
_RATES = """
    select
        rates.rate_id, rates.time_band, rates.tiering, rates.rounding, rates.unit_steps,
        rates.package_steps, rates.valid_from, rates.valid_to, rates.destination, rates.prefix,
        tiers.tier, tiers.tier_from * rates.price_value, tiers.price, tiers.markup_factor,
        tiers.markup_fixed
    from inputs.rates as rates
    inner join inputs.rate_tiers as tiers on rates.rate_id = tiers.rate_id
    order by rates.rate_id, tiers.tier
"""
_BANDS = """
    select time_class, day_kind, quarter from inputs.time_classes
    where time_class <> ''
    order by quarter
"""
_HOLIDAYS = """
    select site, date from inputs.holidays
    where list_contains($months, cast(date_trunc('month', date) as date))
    order by all
"""
_PLANS = """
    select months.month, plans.plan, plans.scope, plans.minimum, plans.maximum, plans.is_prorated
    from inputs.plans as plans
    inner join (select unnest($months::date[]) as month) as months
        on
            (plans.valid_from is null or months.month >= plans.valid_from)
            and (plans.valid_to is null or months.month < plans.valid_to)
"""
_ALLOWANCES = """
    select distinct
        months.month, allowances.plan, allowances.allowance_key, allowances.destination,
        allowances.allowance_steps * rates.unit_value as units
    from inputs.allowances as allowances
    inner join (select distinct plan, usage_type, unit_value from inputs.rates) as rates
        on allowances.plan = rates.plan and allowances.usage_type = rates.usage_type
    inner join (select unnest($months::date[]) as month) as months
        on
            (allowances.valid_from is null or months.month >= allowances.valid_from)
            and (allowances.valid_to is null or months.month < allowances.valid_to)
    order by all
"""
_PEOPLE = """
    select distinct person_id, name, site, department, cost_centre, valid_from, valid_to
    from inputs.directory
    order by all
"""

_NAMES = """
    select 'cost_centre', cost_centre, name, valid_from, valid_to from inputs.cost_centres
    union all
    select 'department', department, name, valid_from, valid_to from inputs.departments
"""
_ABOVE = """
    select 'cost_centre', cost_centre, ancestor, level, valid_from, valid_to
    from inputs.cost_centre_ancestors
    where level > 0
    union all
    select 'department', department, ancestor, level, valid_from, valid_to
    from inputs.department_ancestors
    where level > 0
    union all
    select 'site', site, ancestor, level, valid_from, valid_to
    from inputs.site_ancestors
    where level > 0
"""

# A legal entity, a cost centre and a line.
LineOfAccount = tuple[str, str, LineKey]
# What holds in a period: some columns, and its first day and the day after its last.
Dated = tuple[Any, ...]
# Kind (site, department or cost_centre) and name.
UnitKey = tuple[str, str]
Name = TypeVar("Name", str, UnitKey)


@dataclass(frozen=True)
class Terms:
    """What lines can refer to, of some months.

    Attributes:
        tiers_used: How each line came about.
        rates_used: The rates of these tiers.
        people: The rows of the directory, by person.
        names: What a department or cost centre is called, by kind and unit.
        above: What is above a site, department or cost centre, by kind and unit.
        holidays: Those of every site that has any.
    """

    tiers_used: dict[LineOfAccount, TiersUsed]
    rates_used: dict[LineOfAccount, list[str]]
    rates: dict[str, RateTerms]
    plans: dict[tuple[dt.date, str], PlanTerms]
    people: dict[str, list[Dated]]
    names: dict[UnitKey, list[Dated]]
    above: dict[UnitKey, list[Dated]]
    holidays: dict[str, list[Dated]]

    def tiers_of(self, account: Account, key: LineKey) -> TiersUsed:
        """How this line came about."""
        line = (account.legal_entity, account.cost_centre, key)
        return self.tiers_used.get(line, NO_TIERS)

    def rates_of(self, account: Account, keys: Iterable[LineKey]) -> tuple[RateTerms, ...]:
        """The rates that the tiers of these lines are of."""
        lines = ((account.legal_entity, account.cost_centre, key) for key in keys)
        used = {rate for line in lines for rate in self.rates_used.get(line, ())}
        return tuple(self.rates[rate] for rate in sorted(used))

    def plans_of(self, keys: Iterable[LineKey]) -> tuple[PlanTerms, ...]:
        """The plans of these lines, for each of their months."""
        wanted = sorted({(key.local_month, key.plan) for key in keys})
        return tuple(self.plans[month] for month in wanted if month in self.plans)

    def people_of(self, keys: Iterable[LineKey]) -> tuple[PersonPlaced, ...]:
        """The people of these lines, with where they were in the lines' months."""
        months = _by_name((key.person_id, key.local_month) for key in keys)
        return tuple(
            PersonPlaced(
                person_id=person,
                placements=tuple(
                    Placement(*row) for row in _within(self.people[person], of_person)
                ),
            )
            for person, of_person in months.items()
            if person in self.people
        )

    def hierarchy_of(self, cost_centre: str, keys: Collection[LineKey]) -> tuple[Unit, ...]:
        """The sites and departments of these lines, and their cost centre."""
        months = _by_name(
            unit
            for key in keys
            for unit in (
                (("cost_centre", cost_centre), key.local_month),
                (("department", key.department), key.local_month),
                (("site", key.site), key.local_month),
            )
        )
        return tuple(
            Unit(
                kind=kind,
                unit=name,
                names=tuple(
                    Named(*row) for row in _within(self.names.get((kind, name), ()), of_unit)
                ),
                above=tuple(
                    Above(*row) for row in _within(self.above.get((kind, name), ()), of_unit)
                ),
                **self._holidays_of(kind, name, of_unit),
            )
            for (kind, name), of_unit in months.items()
        )

    def _holidays_of(
        self, kind: str, name: str, months: Collection[dt.date]
    ) -> dict[str, tuple[dt.date, ...]]:
        if kind != "site":
            return {}
        days = (day for (day,) in self.holidays.get(name, ()))
        return {"holidays": tuple(day for day in days if day.replace(day=1) in months)}


def read_terms(connection: duckdb.DuckDBPyConnection, months: Iterable[dt.date]) -> Terms:
    """The terms of these months."""
    limits = {"months": sorted(set(months))}
    rates = _rates(connection.execute(_RATES).fetchall(), connection.execute(_BANDS).fetchall())
    lines = _lines(connection, limits, rates)
    return Terms(
        tiers_used={line: TiersUsed(written) for line, (_, written) in lines.items()},
        rates_used={line: used for line, (used, _) in lines.items()},
        rates=rates,
        plans=_plans(
            connection.execute(_PLANS, limits).fetchall(),
            connection.execute(_ALLOWANCES, limits).fetchall(),
        ),
        people=_grouped((row[0], row[1:]) for row in connection.execute(_PEOPLE).fetchall()),
        names=_grouped(((*row[:2],), row[2:]) for row in connection.execute(_NAMES).fetchall()),
        above=_grouped(((*row[:2],), row[2:]) for row in connection.execute(_ABOVE).fetchall()),
        holidays=_grouped(
            (row[0], row[1:]) for row in connection.execute(_HOLIDAYS, limits).fetchall()
        ),
    )


def _grouped(rows: Iterable[tuple[Name, Dated]]) -> dict[Name, list[Dated]]:
    found: defaultdict[Name, list[Dated]] = defaultdict(list)
    for name, row in rows:
        found[name].append(row)
    return dict(found)


def _by_name(pairs: Iterable[tuple[Name, dt.date]]) -> dict[Name, set[dt.date]]:
    """The months of every name, in order of names."""
    found: defaultdict[Name, set[dt.date]] = defaultdict(set)
    for name, month in pairs:
        found[name].add(month)
    return {name: found[name] for name in sorted(found)}


def _lines(
    connection: duckdb.DuckDBPyConnection, limits: dict[str, Any], rates: Collection[str]
) -> dict[LineOfAccount, tuple[list[str], str]]:
    """Of every line the rates it was rated by, and what each of their tiers made, written out."""
    written = [canonical(rate) for rate in rates]
    found = connection.execute(
        _TIERS_USED, {**limits, "rates": list(rates), "written_rates": written}
    ).fetchall()
    return {
        (legal_entity, cost_centre, LineKey(*key)): (used, tiers)
        for legal_entity, cost_centre, *key, used, tiers in found
    }


def _rates(
    rows: Iterable[tuple[Any, ...]], slots: Iterable[tuple[str, str, int]]
) -> dict[str, RateTerms]:
    own = tuple(name for name in RateTerms.model_fields if name not in ("band", "tiers"))
    bands = _bands(slots)
    tiers: defaultdict[tuple[Any, ...], list[TierTerms]] = defaultdict(list)
    for row in rows:
        tier = dict(zip(TierTerms.model_fields, row[len(own) :], strict=True))
        tiers[row[: len(own)]].append(TierTerms(**tier))
    found = {}
    for row, of_rate in tiers.items():
        terms = dict(zip(own, row, strict=True))
        band = bands.get(terms["time_band"], ())
        found[row[0]] = RateTerms(**terms, band=band, tiers=tuple(of_rate))
    return found


def _bands(slots: Iterable[tuple[str, str, int]]) -> dict[str, tuple[BandSpan, ...]]:
    """The spans of every band, from quarters of an hour in order; their class names its bands."""
    quarters: defaultdict[str, defaultdict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for time_class, day, quarter in slots:
        for band in time_class.split("+"):
            quarters[band][day].append(quarter)
    return {band: tuple(_spans(of_days)) for band, of_days in quarters.items()}


def _spans(quarters: Mapping[str, Sequence[int]]) -> Iterator[BandSpan]:
    days: defaultdict[tuple[int, int], set[str]] = defaultdict(set)
    for day, of_day in quarters.items():
        starts = [q for q in of_day if q - 1 not in of_day]
        ends = [q + 1 for q in of_day if q + 1 not in of_day]
        for span in zip(starts, ends, strict=True):
            days[span].add(day)
    for (start, end), names in sorted(days.items()):
        in_order = " ".join(day for day in DAY_KINDS if day in names)
        yield BandSpan(days=in_order, start=_clock(start), end=_clock(end))


def _clock(quarter: int) -> str:
    return f"{quarter // 4:02}:{quarter % 4 * 15:02}"


def _plans(
    plans: Iterable[tuple[Any, ...]], allowances: Iterable[tuple[Any, ...]]
) -> dict[tuple[dt.date, str], PlanTerms]:
    free: defaultdict[tuple[dt.date, str], list[AllowanceTerms]] = defaultdict(list)
    for month, plan, key, destination, units in allowances:
        terms = AllowanceTerms(allowance=key, destination=destination, units=units)
        free[month, plan].append(terms)
    return {
        (month, plan): PlanTerms(
            plan=plan,
            local_month=month,
            scope=scope,
            minimum=minimum,
            maximum=maximum,
            is_prorated=is_prorated,
            allowances=tuple(free[month, plan]),
        )
        for month, plan, scope, minimum, maximum, is_prorated in plans
    }


def _within(rows: Iterable[Dated], months: Iterable[dt.date]) -> list[tuple[Any, ...]]:
    """What holds in these months: month, first and last day in it, and the columns; in order."""
    return sorted(
        {
            (month, max(month, since or month), min(_last_day(month), _day_before(until)), *row)
            for month in months
            for *row, since, until in rows
            if (since is None or since <= _last_day(month)) and (until is None or until > month)
        }
    )


def _last_day(month: dt.date) -> dt.date:
    return month.replace(day=calendar.monthrange(month.year, month.month)[1])


def _day_before(day: dt.date | None) -> dt.date:
    return day - dt.timedelta(days=1) if day else dt.date.max
