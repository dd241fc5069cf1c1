"""The private DuckDB file: opened under its lock, changed in one transaction.

It keeps the tables of the models, those of the inputs, and the stamps that say what is up to date.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from eur_pipeline.errors import ModelError
from eur_pipeline.models.model import Column, Layer
from eur_pipeline.models.sql import identifier, literal
from eur_pipeline.project import Project
from eur_pipeline.storage import PRIVATE_FILE, make_private_folder

# What a client of DuckDB 1.2 to 1.4 can read; a file of 2.0's own version it cannot.
STORAGE_VERSION = "v1.2.0"
LOCK = "warehouse"
STAMPS = "build.stamps"
SCHEMAS = (*(layer.schema for layer in Layer), "inputs", "build")

_STAMPS_COLUMNS = (
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


@contextmanager
def open_warehouse(project: Project, *, wait_seconds: float) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the warehouse, made if need be; a BusyError if another process has it."""
    with project.lock(LOCK, wait_seconds=wait_seconds), connect(project.warehouse_path) as opened:
        yield opened


@contextmanager
def connect(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same for a caller that holds the lock already."""
    make_private_folder(path.parent)
    connection = duckdb.connect(config={"autoinstall_known_extensions": False})
    try:
        _attach(connection, path)
        path.chmod(PRIVATE_FILE)
        yield connection
    finally:
        connection.close()


def _attach(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    try:
        connection.execute(
            f"attach {literal(path)} as warehouse (storage_version {literal(STORAGE_VERSION)})"
        )
    except duckdb.Error as error:
        raise ModelError(
            f"{path}: expected a DuckDB warehouse; {error}. "
            f"It holds nothing that cannot be built again: move it away and build once more"
        ) from error
    connection.execute("use warehouse")
    connection.execute("set TimeZone = 'UTC'")
    connection.execute(f"set temp_directory = {literal(path.with_suffix('.tmp'))}")


@dataclass
class TransactionEnd:
    """How a transaction is to end; the block may decide against keeping what it did."""

    keep: bool = True


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[TransactionEnd]:
    """All or nothing: an exception undoes whatever the block did."""
    end = TransactionEnd()
    connection.execute("begin transaction")
    try:
        yield end
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit" if end.keep else "rollback")


def make_schemas(connection: duckdb.DuckDBPyConnection) -> None:
    """The schemas, and the table of stamps."""
    for schema in SCHEMAS:
        connection.execute(f"create schema if not exists {schema}")
    if make_table(connection, STAMPS, _STAMPS_COLUMNS):
        describe_table(
            connection, STAMPS, "What is up to date, per model and date.", _STAMPS_COLUMNS
        )


def make_table(
    connection: duckdb.DuckDBPyConnection, table: str, columns: Iterable[Column]
) -> bool:
    """Make the table unless there is one with exactly these columns; whether it was made."""
    columns = list(columns)
    definition = ", ".join(f"{identifier(c.name)} {c.type}" for c in columns)
    expected = [(c.name, connection.type(c.type)) for c in columns]
    if _columns_of(connection, table) == [(name, str(kind)) for name, kind in expected]:
        return False
    connection.execute(f"create or replace table {table} ({definition})")
    return True


def _columns_of(connection: duckdb.DuckDBPyConnection, table: str) -> list[tuple[str, str]]:
    schema, _, name = table.partition(".")
    return connection.execute(
        "select column_name, data_type from duckdb_columns() where database_name = 'warehouse' "
        "and schema_name = ? and table_name = ? order by column_index",
        [schema, name],
    ).fetchall()


def describe_table(
    connection: duckdb.DuckDBPyConnection, table: str, description: str, columns: Iterable[Column]
) -> None:
    """Write the descriptions into the database, where an analyst's tools show them."""
    connection.execute(f"comment on table {table} is {literal(description)}")
    for column in columns:
        name = identifier(column.name)
        connection.execute(f"comment on column {table}.{name} is {literal(column.description)}")


def replace_rows(
    connection: duckdb.DuckDBPyConnection, table: str, rows: pa.Table, where: str = "true"
) -> None:
    """Put these rows in the place of those there are, or of those of that condition."""
    connection.execute(f"delete from {table} where {where}")
    connection.register("new_rows", rows)
    connection.execute(f"insert into {table} by name select * from new_rows")
    connection.unregister("new_rows")


def read_stamps(connection: duckdb.DuckDBPyConnection, model: str) -> dict[dt.date, Stamp]:
    """The stamps of a model's dates."""
    rows = connection.execute(
        f"select date, stamp, content from {STAMPS} where model = ?", [model]
    ).fetchall()
    return {date: Stamp(stamp, content) for date, stamp, content in rows}


def write_stamps(
    connection: duckdb.DuckDBPyConnection, model: str, stamps: dict[dt.date, Stamp]
) -> None:
    """Put these stamps in the place of all of the model's."""
    connection.execute(f"delete from {STAMPS} where model = ?", [model])
    rows = pa.table(
        {
            "model": pa.array([model] * len(stamps), pa.string()),
            "date": pa.array(list(stamps), pa.date32()),
            "stamp": pa.array([stamp.made_from for stamp in stamps.values()], pa.string()),
            "content": pa.array([stamp.content for stamp in stamps.values()], pa.string()),
        }
    )
    connection.register("new_stamps", rows)
    connection.execute(f"insert into {STAMPS} select * from new_stamps")
    connection.unregister("new_stamps")


def drop_tables_except(connection: duckdb.DuckDBPyConnection, tables: set[str]) -> None:
    """Drop tables that no model makes any more, with their stamps."""
    found = connection.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = 'warehouse'"
    ).fetchall()
    for schema, name in found:
        if f"{schema}.{name}" not in tables | {STAMPS}:
            connection.execute(f"drop table {identifier(schema)}.{identifier(name)}")
            connection.execute(f"delete from {STAMPS} where model = ?", [name])
