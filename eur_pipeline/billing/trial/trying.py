"""Rating months with another tariff: the same models, run for those months alone.

What is found is put side by side here; showing it is the business of the command.
"""

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

import duckdb

from eur_pipeline.billing.accepting import whole_tariff
from eur_pipeline.billing.tariff import read_tariff
from eur_pipeline.billing.tariff_files import TariffFiles
from eur_pipeline.billing.trial.changes import changed_months
from eur_pipeline.billing.trial.comparison import Comparison, MonthCompared, Party, Sums
from eur_pipeline.billing.trial.database import (
    PUBLISHED,
    is_published,
    narrow_to,
    published_months,
    require_columns,
    show_published,
    trial_database,
)
from eur_pipeline.billing.trial.dimensions import DIMENSIONS
from eur_pipeline.errors import ConfigurationError
from eur_pipeline.models.input_table import InputTable
from eur_pipeline.models.inputs import variables
from eur_pipeline.models.loading import load_models, load_sources
from eur_pipeline.models.model import Model, ModelTest, Severity
from eur_pipeline.models.running import Run
from eur_pipeline.models.tables import Tables, replace_rows
from eur_pipeline.models.tariff_tables import tariff_tables
from eur_pipeline.models.testing import run_tests
from eur_pipeline.models.validity import AlwaysValid
from eur_pipeline.models.warehouse import prepare
from eur_pipeline.project import Project

LINES = "charge_lines_monthly"
TAXES = "taxes_by_cost_centre_monthly"
# The documents, and what they charge by usage month.
INVOICES, BILLED = "invoices", "billed_by_cost_centre_monthly"

# Told before every step: how many are done, how many there are, and what is next.
OnProgress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class _Steps:
    """Those of one month among those of all months."""

    before: int
    in_all: int
    on_progress: OnProgress | None

    def tell(self, number: int, what: str) -> None:
        """Say what the next one is."""
        if self.on_progress:
            self.on_progress(self.before + number, self.in_all, what)


def try_tariff(
    project: Project,
    files: TariffFiles,
    months: Collection[dt.date] | None = None,
    *,
    by: str = "cost_centre",
    on_progress: OnProgress | None = None,
) -> Comparison:
    """What months cost with the tariff of these files, beside what was published of them.

    Args:
        project: Whose published months, directory and sites; none of it is changed.
        files: The tariff to try.
        months: First days of local months; None is all that the tariff can change.
        by: One of `DIMENSIONS`.
        on_progress: Is told how far it is.

    Raises:
        ConfigurationError: The tariff is faulty, has no rate for some use, or there is no usage
            in one of the months.
        ModelError: Nothing is published, or another version of this software did it.
        BusyError: Another trial of this project is under way.
    """
    with whole_tariff(project):
        tariff = tariff_tables(read_tariff(project, files=files))
    with trial_database(project) as connection:
        trial = _Trial(connection, tariff, _depending(tariff))
        trial.prepare()
        chosen = trial.months(months)
        compared = []
        for number, month in enumerate(chosen):
            steps = _Steps(number * len(trial.models), len(chosen) * len(trial.models), on_progress)
            trial.rate(month, steps)
            compared.append(trial.compare(month, by))
    return Comparison(by, tuple(compared))


def _depending(inputs: Collection[str]) -> frozenset[str]:
    """The models that are made from one of these inputs, directly or not."""
    found: set[str] = set()
    for model in load_models():
        if found.intersection(model.parents) or set(inputs).intersection(model.sources):
            found.add(model.name)
    return frozenset(found)


def _needed(targets: Collection[str]) -> frozenset[str]:
    """These models, and all that they are made from."""
    needed = set(targets)
    for model in reversed(load_models()):
        if model.name in needed:
            needed.update(model.parents)
    return frozenset(needed)


@dataclass(frozen=True)
class _Trial:
    """The trial of one tariff in its database.

    Attributes:
        depending: The models that another tariff can change; of those, only what the bills are
            made from is made anew.
    """

    connection: duckdb.DuckDBPyConnection
    tariff: Mapping[str, InputTable]
    depending: frozenset[str]

    @cached_property
    def models(self) -> tuple[Model, ...]:
        """What is made anew, in order."""
        names = self.depending & _needed((LINES, TAXES))
        return tuple(model for model in load_models() if model.name in names)

    def prepare(self) -> None:
        """Let the tried tariff stand beside all else that was published."""
        sources = load_sources()
        own = {model.table for model in self.models} | self.tariff.keys()
        self._require_columns()
        show_published(self.connection, own)
        tables = Tables(self.connection)
        for name, table in self.tariff.items():
            tables.make(name, sources[name].columns)
            replace_rows(self.connection, name, table.rows)

    def _require_columns(self) -> None:
        models, sources = {model.name: model for model in load_models()}, load_sources()
        parents = {name for model in self.models for name in model.parents}
        for name in sorted(self._names | parents):
            require_columns(self.connection, models[name].table, models[name].columns)
        inputs = {name for model in self.models for name in model.sources}
        for name in sorted(inputs | self.tariff.keys()):
            require_columns(self.connection, name, sources[name].columns)

    @property
    def _names(self) -> set[str]:
        return {model.name for model in self.models}

    def months(self, wanted: Collection[dt.date] | None) -> tuple[dt.date, ...]:
        """The months to try, in order."""
        with_usage = published_months(self.connection, LINES)
        if wanted is None:
            return changed_months(self.connection, self.tariff, with_usage)
        missing = sorted(set(wanted) - set(with_usage))
        if missing:
            there_is = ", ".join(f"{month:%Y-%m}" for month in with_usage) or "none at all"
            raise ConfigurationError(
                f"{missing[0]:%Y-%m}: expected a month with usage; there is: {there_is}"
            )
        return tuple(sorted(set(wanted)))

    def rate(self, month: dt.date, steps: _Steps) -> None:
        """Rate one month; a ConfigurationError says what the tariff lacks for it."""
        models = load_models()
        narrow_to(self.connection, month, models, self._names)
        run = Run(
            prepare(self.connection),
            models={model.name: model for model in models},
            lake={},
            # Nothing is kept from before: all that there is of the month is rated anew.
            inputs={name: AlwaysValid("") for name in load_sources()},
            dated={},
            variables=variables(),
        )
        for number, model in enumerate(self.models):
            steps.tell(number, f"{month:%Y-%m} {model.name}")
            run.update(model)
        run.warehouse.stamps.write()
        self._test(run, month)

    def _test(self, run: Run, month: dt.date) -> None:
        results = [result for model in self.models for result in run_tests(run, self._tests(model))]
        failures = [result.message for result in results if not result.passed]
        if failures:
            raise ConfigurationError(
                f"this tariff cannot rate {month:%Y-%m}:\n" + "\n".join(failures)
            )

    def _tests(self, model: Model) -> list[ModelTest]:
        """Those that undo a build, and read nothing that still is as the real tariff made it."""
        others = self.depending - self._names
        return [
            test
            for test in model.tests
            if test.severity is Severity.ERROR and others.isdisjoint(test.template.refs)
        ]

    def compare(self, month: dt.date, by: str) -> MonthCompared:
        """The month as it was published, and as it was rated last."""
        charges = self._sums(LINES, month, DIMENSIONS[by], "charge", names=by == "person")
        billed = self._billed(month) if by == "cost_centre" else {}
        return MonthCompared(month, charges, self._sums(TAXES, month, (), "tax"), billed)

    def _billed(self, month: dt.date) -> dict[Party, Decimal]:
        """What standing invoices, adjustments among them, charge each account for the month."""
        if not is_published(self.connection, INVOICES, BILLED):
            return {}
        rows = self.connection.execute(
            "select billed.legal_entity, billed.currency, billed.cost_centre, billed.charge "
            f"from {BILLED} as billed where local_month = $month and exists ("
            f"select 1 from {INVOICES} as invoices where invoices.invoice_month = $month "
            "and invoices.kind = 'invoice' and invoices.status = 'issued' "
            "and invoices.legal_entity = billed.legal_entity "
            "and invoices.cost_centre = billed.cost_centre)",
            {"month": month},
        ).fetchall()
        return {Party(entity, currency, (name,)): c for entity, currency, name, c in rows}

    def _sums(
        self,
        table: str,
        month: dt.date,
        labels: Sequence[str],
        amount: str,
        *,
        names: bool = False,
    ) -> dict[Party, Sums]:
        keys = ", ".join(("legal_entity", "currency", *labels))
        name = "max(name)" if names else "''"
        rows = self.connection.execute(
            f"select {keys}, {name}, sum(rated), sum(tried) from ("
            f"select *, {amount} as rated, 0 as tried from {PUBLISHED}.{table} "
            f"union all by name "
            f"select *, 0 as rated, {amount} as tried from {table}"
            f") as both_of_them where local_month = ? group by {keys} order by all",
            [month],
        ).fetchall()
        return {
            Party(entity, currency, tuple(found), name): Sums(rated, tried)
            for entity, currency, *found, name, rated, tried in rows
        }
