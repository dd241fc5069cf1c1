"""The private DuckDB file: opened under its lock, changed in one transaction.

It keeps the tables of the models, those of the inputs, and the stamps that say what is up to date.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from eur_pipeline.errors import ModelError
from eur_pipeline.models.model import Layer
from eur_pipeline.models.sql import literal
from eur_pipeline.models.stamps import Stamps, make_stamps
from eur_pipeline.models.tables import Tables
from eur_pipeline.project import Project
from eur_pipeline.storage import PRIVATE_FILE, make_private_folder

# What a client of DuckDB 1.2 to 1.4 can read; a file of 2.0's own version it cannot.
STORAGE_VERSION = "v1.2.0"
LOCK = "warehouse"
SCHEMAS = (*(layer.schema for layer in Layer), "inputs", "build")


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


@dataclass(frozen=True)
class Warehouse:
    """A warehouse that is open: its tables and stamps as they were found, and changed since."""

    connection: duckdb.DuckDBPyConnection
    tables: Tables
    stamps: Stamps


def prepare(connection: duckdb.DuckDBPyConnection) -> Warehouse:
    """The warehouse with its schemas and the table of stamps, made where they are missing."""
    for schema in SCHEMAS:
        connection.execute(f"create schema if not exists {schema}")
    tables = Tables(connection)
    make_stamps(connection, tables)
    return Warehouse(connection, tables, Stamps(connection))
