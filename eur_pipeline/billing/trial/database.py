"""The database of a trial: a file of its own, in which what is published can be read.

All published tables are there under their names, as views; a trial puts its own in the place of
those that it makes anew. What was published stands as the database `published`, read-only.
"""

import datetime as dt
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from eur_pipeline.errors import ModelError
from eur_pipeline.models.building import WAIT_SECONDS
from eur_pipeline.models.grains import Grain, dates_touched
from eur_pipeline.models.model import Column, Model
from eur_pipeline.models.sql import identifier, literal
from eur_pipeline.models.stamps import STAMPS
from eur_pipeline.models.warehouse import connect, prepare
from eur_pipeline.project import Project
from eur_pipeline.storage import make_private_folder

LOCK = "trial"
PUBLISHED = "published"


@contextmanager
def trial_database(project: Project) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a new database beside a snapshot of the published one; gone afterwards.

    Raises:
        BusyError: Another trial of this project is under way.
        ModelError: Nothing is published, or it cannot be read.
    """
    with (
        project.lock(LOCK, wait_seconds=WAIT_SECONDS),
        _folder(project.trial_path) as folder,
        connect(folder / "trial.duckdb") as connection,
    ):
        _attach(connection, project.published_path)
        prepare(connection)
        yield connection


@contextmanager
def _folder(folder: Path) -> Iterator[Path]:
    """An empty folder; what a killed process left in it is removed."""
    shutil.rmtree(folder, ignore_errors=True)
    make_private_folder(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _attach(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    if not path.exists():
        raise ModelError(
            f"{path}: nothing is published there yet, so there is no month to compare with; "
            f"`eur run` collects, builds and publishes"
        )
    try:
        connection.execute(f"attach {literal(path)} as {PUBLISHED} (read_only)")
    except duckdb.Error as error:
        raise ModelError(f"{path}: not readable as a published database: {error}") from error


def show_published(connection: duckdb.DuckDBPyConnection, own: Collection[str]) -> None:
    """Make views of all published tables but those that the trial makes itself."""
    tables = connection.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = ?", [PUBLISHED]
    ).fetchall()
    for schema, name in tables:
        if f"{schema}.{name}" not in {*own, STAMPS}:
            place = f"{identifier(schema)}.{identifier(name)}"
            connection.execute(f"create view {place} as from {PUBLISHED}.{place}")


def require_columns(
    connection: duckdb.DuckDBPyConnection, table: str, columns: Collection[Column]
) -> None:
    """Raise a ModelError unless the published table has these columns."""
    schema, _, name = table.partition(".")
    found = connection.execute(
        "select column_name from duckdb_columns() "
        "where database_name = ? and schema_name = ? and table_name = ?",
        [PUBLISHED, schema, name],
    ).fetchall()
    missing = {column.name for column in columns} - {column for (column,) in found}
    if missing:
        raise ModelError(
            f"the published table {table} has no {', '.join(sorted(missing))}: another version of "
            f"this software built it. `eur run` brings it up to date; then try again"
        )


def is_published(connection: duckdb.DuckDBPyConnection, *tables: str) -> bool:
    """Whether all of these tables for analysts are there; a version before them has none."""
    found = connection.execute(
        "select count(*) from duckdb_tables() where database_name = ? and schema_name = 'main' "
        "and list_contains(?, table_name)",
        [PUBLISHED, list(tables)],
    ).fetchone()
    return found == (len(tables),)


def published_months(connection: duckdb.DuckDBPyConnection, model: str) -> tuple[dt.date, ...]:
    """The months for which a published model has rows, in order."""
    rows = connection.execute(
        f"select date from {PUBLISHED}.{STAMPS} where model = ? and content <> '' order by date",
        [model],
    ).fetchall()
    return tuple(date for (date,) in rows)


def narrow_to(
    connection: duckdb.DuckDBPyConnection,
    month: dt.date,
    models: Collection[Model],
    own: Collection[str],
) -> None:
    """Let only what one month is made from be there for the models that the trial makes itself.

    Of the others, the stamps of that month's dates are those that were published.
    """
    connection.execute(f"delete from {STAMPS} where not list_contains(?, model)", [list(own)])
    for model in models:
        if model.name not in own:
            dates = _dates_within(connection, model, month)
            connection.execute(
                f"insert into {STAMPS} from {PUBLISHED}.{STAMPS} "
                f"where model = ? and list_contains(?, date)",
                [model.name, dates],
            )


def _dates_within(
    connection: duckdb.DuckDBPyConnection, model: Model, month: dt.date
) -> list[dt.date]:
    rows = connection.execute(
        f"select date from {PUBLISHED}.{STAMPS} where model = ?", [model.name]
    ).fetchall()
    return [date for (date,) in rows if _leads_to(model.grain, date, month)]


def _leads_to(grain: Grain, date: dt.date, month: dt.date) -> bool:
    match grain:
        case Grain.WHOLE:
            return True
        case Grain.EVENT_DATE:
            days = dates_touched(grain, date, Grain.LOCAL_DATE)
            return any(day.replace(day=1) == month for day in days)
    return date.replace(day=1) == month
