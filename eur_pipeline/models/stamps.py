"""The stamps of what is up to date: read once, and written once, when all of them are known."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from eur_pipeline.models.model import Column
from eur_pipeline.models.tables import Tables, describe_table

STAMPS = "build.stamps"

_DESCRIPTION = "What is up to date, per model and date."
_COLUMNS = (
    Column("model", "VARCHAR", "The model, or the input."),
    Column("date", "DATE", "The date in the model's grain; 0001-01-01 where it is whole."),
    Column("stamp", "VARCHAR", "What the date was made from."),
    Column("content", "VARCHAR", "What came out, as a hash; empty = no rows."),
)


@dataclass(frozen=True)
class Stamp:
    """What a date was made from, and what came out (empty = no rows)."""

    made_from: str
    content: str


def make_stamps(connection: duckdb.DuckDBPyConnection, tables: Tables) -> None:
    """The table of stamps, where there is none."""
    if tables.make(STAMPS, _COLUMNS):
        describe_table(connection, STAMPS, _DESCRIPTION, _COLUMNS)


class Stamps:
    """The stamps by model (or input) and date; what is put here is kept once it is written."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._of: dict[str, dict[dt.date, Stamp]] = {}
        self._changed: set[str] = set()
        rows = connection.execute(f"select model, date, stamp, content from {STAMPS}").fetchall()
        for model, date, stamp, content in rows:
            self._of.setdefault(model, {})[date] = Stamp(stamp, content)

    def of(self, model: str) -> Mapping[dt.date, Stamp]:
        """The stamps of a model's dates."""
        return self._of.get(model, {})

    def put(self, model: str, stamps: Mapping[dt.date, Stamp]) -> None:
        """Let these be all stamps of the model."""
        self._of[model] = dict(stamps)
        self._changed.add(model)

    def write(self) -> None:
        """Put what was changed in the place of what the database has of those models."""
        if not self._changed:
            return
        changed = sorted(self._changed)
        rows = [(m, date, stamp) for m in changed for date, stamp in self._of[m].items()]
        table = pa.table(
            {
                "model": pa.array([model for model, _, _ in rows], pa.string()),
                "date": pa.array([date for _, date, _ in rows], pa.date32()),
                "stamp": pa.array([stamp.made_from for _, _, stamp in rows], pa.string()),
                "content": pa.array([stamp.content for _, _, stamp in rows], pa.string()),
            }
        )
        self._connection.execute(f"delete from {STAMPS} where list_contains(?, model)", [changed])
        self._connection.register("new_stamps", table)
        self._connection.execute(f"insert into {STAMPS} select * from new_stamps")
        self._connection.unregister("new_stamps")
        self._changed.clear()
