"""Two databases, table by table: columns, types and rows."""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from eur_pipeline.models import load_models
from eur_pipeline.models.sql import literal

_Columns = list[tuple[str, str]]


@dataclass(frozen=True)
class Comparison:
    """One model's table in both.

    Attributes:
        rows: How many the project's own build has.
        columns: What columns differ, as `ours / dbt's`.
        ours_alone: Rows that only the project's own build has.
        dbts_alone: Rows that only dbt's has.
    """

    model: str
    rows: int
    columns: tuple[str, ...]
    ours_alone: int = 0
    dbts_alone: int = 0

    @property
    def is_equal(self) -> bool:
        """Whether nothing differs."""
        return not (self.columns or self.ours_alone or self.dbts_alone)

    def __str__(self) -> str:
        if self.columns:
            return f"{self.model}: columns differ: {', '.join(self.columns)}"
        return (
            f"{self.model}: {self.ours_alone} rows are only in the warehouse, "
            f"{self.dbts_alone} only in dbt's"
        )


def compare(warehouse: Path, dbts: Path) -> list[Comparison]:
    """Every model of the project."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"attach {literal(warehouse)} as ours (read_only)")
        connection.execute(f"attach {literal(dbts)} as dbts (read_only)")
        return [
            _compare(connection, model.name, f"ours.{model.table}", f"dbts.main.{model.name}")
            for model in load_models()
        ]


def _compare(
    connection: duckdb.DuckDBPyConnection, model: str, ours: str, theirs: str
) -> Comparison:
    rows = _count(connection, f"from {ours}")
    columns = _columns(connection, ours), _columns(connection, theirs)
    if columns[0] != columns[1]:
        return Comparison(model, rows, _differences(*columns))
    return Comparison(
        model,
        rows,
        (),
        _count(connection, f"from (from {ours} except all from {theirs})"),
        _count(connection, f"from (from {theirs} except all from {ours})"),
    )


def _count(connection: duckdb.DuckDBPyConnection, clause: str) -> int:
    (rows,) = connection.execute(f"select count(*) {clause}").fetchone() or (0,)
    return int(rows)


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> _Columns:
    """Names and types; none where there is no such table."""
    try:
        return [(row[0], row[1]) for row in connection.execute(f"describe {table}").fetchall()]
    except duckdb.CatalogException:
        return []


def _differences(ours: _Columns, theirs: _Columns) -> tuple[str, ...]:
    if not theirs:
        return ("dbt made no such table",)
    if [name for name, _ in ours] != [name for name, _ in theirs]:
        return (f"{ours} / {theirs}",)
    pairs = zip(ours, theirs, strict=True)
    return tuple(f"{name} {a} / {b}" for (name, a), (_, b) in pairs if a != b)
