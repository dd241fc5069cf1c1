"""All that usage is rated by, read from `tariff.csv` and the folder `tariff/` and checked.

What is most specific is settled here, per day; what a use costs is found in SQL.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from eur_pipeline.billing.coverage import Offer, offers, tariff_validity
from eur_pipeline.billing.periods import ALWAYS, Claim, Period, hull, settle
from eur_pipeline.billing.plan import (
    LIMITS,
    USAGE_TYPES,
    Allowance,
    PlanTerms,
    Rate,
    applies_to,
    classes_of,
)
from eur_pipeline.billing.plan_files import (
    Assignment,
    Tax,
    read_allowances,
    read_assignments,
    read_plans,
    read_taxes,
)
from eur_pipeline.billing.rate_files import TARIFF_PLAN, read_rates, read_tariff_rates
from eur_pipeline.billing.sites import SiteTree, read_sites
from eur_pipeline.billing.tariff_files import SIMPLE, TariffFiles, files_of
from eur_pipeline.billing.times import TimeBands, read_holidays, read_time_bands
from eur_pipeline.config import Config
from eur_pipeline.project import Project


@dataclass(frozen=True)
class Tariff:
    """What the files say, and what follows from it.

    Attributes:
        offers: Which rate is for which use.
        allowances: By the class of a use, of those that its plan has.
        assignments: Of people and cost centres as written; of every site, for all days.
        taxes: Of every site and usage type that is taxed.
    """

    plans: tuple[PlanTerms, ...]
    rates: tuple[Rate, ...]
    offers: tuple[Offer, ...]
    allowances: tuple[tuple[str, Period, Allowance], ...]
    assignments: tuple[Assignment, ...]
    taxes: tuple[Tax, ...]
    time_bands: TimeBands
    holidays: tuple[tuple[str, dt.date], ...]

    @cached_property
    def plans_with_people(self) -> frozenset[str]:
        """The plans by which somebody can owe something without any usage, or is owed a limit."""
        limited = {p.plan for p in self.plans if p.minimum is not None or p.maximum is not None}
        return frozenset(limited | {r.plan for r in self.rates if r.usage_type == "monthly_fee"})


def read_tariff(
    project: Project, sites: SiteTree | None = None, *, files: TariffFiles | None = None
) -> Tariff:
    """All of it; a ConfigurationError names file, line and column of a fault.

    `sites` are read from the project's files, and `files` are those of the project, where they are
    not given.
    """
    config, files, sites = project.config, files or files_of(project), sites or read_sites(project)
    bands = read_time_bands(files.path("time_bands.csv"))
    simple = read_tariff_rates(files.path(SIMPLE), config.billing.currency)
    plans = read_plans(files.path("plans.csv"))
    rates = [*simple, *read_rates(files.path("rates.csv"), _names(plans), bands.names)]
    valid = _validity(plans)
    tariff = {TARIFF_PLAN: tariff_validity(simple)} if simple else {}
    allowances = read_allowances(files.path("allowances.csv"), rates)
    # Who falls back on tariff.csv on a day that it has no rates for is found when it happens.
    assigned = read_assignments(
        files.path("assignments.csv"), config, {TARIFF_PLAN: ALWAYS, **valid}
    )
    return Tariff(
        plans=(_tariff_terms(config), *plans),
        rates=tuple(rates),
        offers=tuple(offers(rates, bands, {**tariff, **valid}, files)),
        allowances=tuple(_allowances_by_class(allowances)),
        assignments=(*_of_people(assigned), *_of_sites(assigned, sites)),
        taxes=tuple(_taxes_of_sites(read_taxes(files.path("taxes.csv"), config), sites)),
        time_bands=bands,
        holidays=tuple(read_holidays(files.path("holidays.csv"), sites)),
    )


def _names(plans: Iterable[PlanTerms]) -> list[str]:
    return list(dict.fromkeys(terms.plan for terms in plans))


def _validity(plans: Sequence[PlanTerms]) -> dict[str, Period]:
    return {
        name: hull(terms.period for terms in plans if terms.plan == name) for name in _names(plans)
    }


def _tariff_terms(config: Config) -> PlanTerms:
    return PlanTerms(
        plan=TARIFF_PLAN,
        currency=config.billing.currency,
        scope="person",
        minimum=None,
        maximum=None,
        prorate=False,
        period=ALWAYS,
    )


def _allowances_by_class(
    allowances: Sequence[Allowance],
) -> Iterator[tuple[str, Period, Allowance]]:
    """Which allowance counts for the uses of each class."""
    for plan, usage_type in dict.fromkeys((a.plan, a.usage_type) for a in allowances):
        for wanted in classes_of(usage_type):
            claims = [
                Claim((nearness,), allowance.period, allowance)
                for allowance in allowances
                if (allowance.plan, allowance.usage_type) == (plan, usage_type)
                and (nearness := applies_to(allowance.destination, wanted)) is not None
            ]
            for period, allowance in settle(claims):
                yield wanted, period, allowance


def _of_people(assignments: Iterable[Assignment]) -> Iterator[Assignment]:
    return (a for a in assignments if a.scope in ("person", "cost_centre"))


def _of_sites(assignments: Sequence[Assignment], sites: SiteTree) -> Iterator[Assignment]:
    """The plan of every site on every day: its own, its nearest ancestor's, or the default."""
    of_sites = [a for a in assignments if a.scope in ("site", "default")]
    otherwise = Claim((len(sites.names) + 1,), ALWAYS, TARIFF_PLAN)
    for site in sites.names:
        claims = [
            Claim((level,), period, a.plan)
            for a in of_sites
            for level, period in sites.levels(site, a.name, a.period)
        ]
        for period, plan in settle([*claims, otherwise]):
            yield Assignment("site", site, plan, period)


def _taxes_of_sites(taxes: Sequence[Tax], sites: SiteTree) -> Iterator[Tax]:
    for site in sites.names:
        above = [
            (level, period, tax)
            for tax in taxes
            for level, period in sites.levels(site, tax.site, tax.period)
        ]
        for usage_type in (*USAGE_TYPES, *LIMITS):
            claims = [
                Claim((level, 0 if tax.usage_type else 1), period, tax.percent)
                for level, period, tax in above
                if tax.usage_type in ("", usage_type)
            ]
            for period, percent in settle(claims):
                yield Tax(site, usage_type, percent, period)
