"""Running one model: finding its stale dates, and replacing their rows.

A model is a plain SELECT over whole tables. It is made to read only what its stale dates need, by
putting filtered relations in the place of `ref` and `source`, and only those dates' rows are kept.
"""

import datetime as dt
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import duckdb

from eur_pipeline.errors import ModelError
from eur_pipeline.models.grains import WHOLE_DATE, Grain
from eur_pipeline.models.lake_listing import LakeTable
from eur_pipeline.models.model import Model, Template
from eur_pipeline.models.report import ModelResult
from eur_pipeline.models.sql import identifier, on_dates
from eur_pipeline.models.staleness import ParentState, needed_dates, wanted_stamps
from eur_pipeline.models.stamps import Stamp
from eur_pipeline.models.templates import compile_sql
from eur_pipeline.models.validity import InputStamps
from eur_pipeline.models.warehouse import Warehouse


@dataclass
class Run:
    """One build under way, within its transaction.

    Attributes:
        dated: Inputs that models read month by month, with a hash of each month.
        rebuilt: The dates rebuilt so far, by model.
    """

    warehouse: Warehouse
    models: Mapping[str, Model]
    lake: Mapping[str, LakeTable]
    inputs: Mapping[str, InputStamps]
    dated: Mapping[str, Mapping[dt.date, str]]
    variables: Mapping[str, object]
    rebuilt: dict[str, tuple[dt.date, ...]] = field(default_factory=dict)

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The connection that holds the transaction."""
        return self.warehouse.connection

    def update(self, model: Model) -> ModelResult:
        """Rebuild the model's stale dates and empty those that lost all they were made from."""
        started = time.monotonic()
        stamps = self.warehouse.stamps
        if self.warehouse.tables.make(model.table, model.columns):
            stamps.put(model.name, {})
        kept = stamps.of(model.name)
        wanted = self._wanted(model)
        stale = tuple(
            d for d, stamp in wanted.items() if d not in kept or kept[d].made_from != stamp
        )
        gone = tuple(sorted(kept.keys() - wanted.keys()))
        rows = self._replace(model, stale, gone)
        if stale or gone:
            contents = self._contents(model, stale)
            new = {d: Stamp(wanted[d], contents.get(d, "")) for d in stale}
            current = {d: stamp for d, stamp in kept.items() if d in wanted} | new
            stamps.put(model.name, current)
        self.rebuilt[model.name] = stale
        seconds = time.monotonic() - started
        return ModelResult(model.name, stale, gone, rows, self._count(model), seconds)

    def dates(self, model: str) -> tuple[dt.date, ...]:
        """All dates of a model that are up to date."""
        return tuple(self.warehouse.stamps.of(model))

    def parent_state(self, name: str) -> ParentState:
        """The state of a model, lake table or dated input that others read."""
        if name in self.lake:
            return ParentState(Grain.EVENT_DATE, self.lake[name].stamps)
        if name in self.dated:
            return ParentState(Grain.LOCAL_MONTH, self.dated[name])
        stamps = self.warehouse.stamps.of(name)
        contents = {date: stamp.content for date, stamp in stamps.items() if stamp.content}
        return ParentState(self.models[name].grain, contents)

    def compile(self, template: Template, where: str, dates: Collection[dt.date]) -> str:
        """The template's SQL, reading what these dates of its grain need."""

        def relation(name: str) -> str:
            if name in self.inputs:
                return name
            parent = self.parent_state(name)
            read = needed_dates(template.grain, dates, parent, template.context_days)
            if name in self.lake:
                return self.lake[name].relation(read)
            table = name if name in self.dated else self.models[name].table
            if template.grain is Grain.WHOLE:
                return table
            return _part(table, parent.grain, read)

        return compile_sql(template, where, relation, self.variables)

    def rows_on(self, model: Model, dates: Collection[dt.date]) -> str | None:
        """The model's rows on these dates, as a relation; None where there are none."""
        read = self.parent_state(model.name).contents.keys() & dates
        return _part(model.table, model.grain, read) if read else None

    def _wanted(self, model: Model) -> dict[dt.date, str]:
        definition = repr((model.template.text, model.columns, sorted(self.variables.items())))
        dated = [*model.parents]
        dated += [name for name in model.sources if name in self.lake or name in self.dated]
        return wanted_stamps(
            model,
            definition,
            parents={name: self.parent_state(name) for name in dated},
            inputs={name: self.inputs[name] for name in model.sources if name in self.inputs},
        )

    def _replace(self, model: Model, stale: Collection[dt.date], gone: Collection[dt.date]) -> int:
        if not (stale or gone):
            return 0
        where = _rows_of(model, (*stale, *gone))
        self.connection.execute(f"delete from {model.table} where {where}")
        if not stale:
            return 0
        query = self.compile(model.template, model.name, stale)
        try:
            self._check_columns(model, query)
            names = ", ".join(identifier(column.name) for column in model.columns)
            self.connection.execute(
                f"insert into {model.table} select {names} from ({query}) as result "
                f"where {_rows_of(model, stale)}"
            )
        except duckdb.IOException:
            raise
        except duckdb.Error as error:
            raise ModelError(f"{model.name} cannot be built: {error}") from error
        (rows,) = self.connection.fetchone() or (0,)
        return int(rows)

    def _check_columns(self, model: Model, query: str) -> None:
        found = [row[0] for row in self.connection.execute(f"describe {query}").fetchall()]
        expected = [column.name for column in model.columns]
        if found != expected:
            raise ModelError(
                f"{model.name}: its SQL gives the columns {', '.join(found)}; "
                f"its .yml describes {', '.join(expected)}"
            )

    def _contents(self, model: Model, dates: Collection[dt.date]) -> dict[dt.date, str]:
        """A hash over the rows of each date; a sum, because rows have no order."""
        date = f"date '{WHOLE_DATE}'" if model.grain is Grain.WHOLE else model.grain
        rows = self.connection.execute(
            f"select {date}, count(*), sum(hash(rows)) from {model.table} as rows "
            f"where {_rows_of(model, dates)} group by all"
        ).fetchall()
        return {day: f"{count} {total}" for day, count, total in rows}

    def _count(self, model: Model) -> int:
        (rows,) = self.connection.execute(f"select count(*) from {model.table}").fetchone() or (0,)
        return int(rows)


def _part(table: str, grain: Grain, dates: Collection[dt.date]) -> str:
    """The rows of these dates as a relation."""
    if grain is Grain.WHOLE:
        return table
    return f"(select * from {table} where {on_dates(grain, dates)})"


def _rows_of(model: Model, dates: Collection[dt.date]) -> str:
    return "true" if model.grain is Grain.WHOLE else on_dates(model.grain, dates)
