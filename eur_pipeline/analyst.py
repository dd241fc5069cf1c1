"""For analysts: the published database, read-only, as DataFrames or rows.

Nothing here writes, and nothing here knows how the tables were made. A query reads the published
database alone: SQL can neither open other files nor change a setting.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from eur_pipeline.errors import PermanentError
from eur_pipeline.project import Project

# DuckDB imports pandas itself once a DataFrame is asked for; who fetches rows is spared the wait.
if TYPE_CHECKING:
    import pandas as pd


class QueryError(PermanentError):
    """A query of the published database cannot be answered."""


@dataclass(frozen=True)
class Published:
    """The published tables of a project; every call reads the newest publication."""

    path: Path

    def tables(self) -> list[str]:
        """The names of the published tables."""
        with _connect(self.path) as connection:
            return _tables(connection)

    def table(self, name: str) -> "pd.DataFrame":
        """A whole table; a QueryError lists those there are."""
        if name not in self.tables():
            raise QueryError(
                f"no published table is named {name!r}; there are: {', '.join(self.tables())}"
            )
        return self.query(f'select * from "{name}"')  # noqa: S608

    def query(self, sql: str) -> "pd.DataFrame":
        """The answer to a query; a QueryError says what is wrong with it."""
        with self.answer(sql) as answer:
            return answer.frame()

    @contextmanager
    def answer(self, sql: str) -> Iterator["Answer"]:
        """The answer to a query, for those who fetch rows; a QueryError says what is wrong."""
        with _connect(self.path) as connection:
            yield Answer(_execute(connection, sql))


@dataclass(frozen=True)
class Answer:
    """The answer to one query, to be fetched once; DuckDB may find errors only while fetching."""

    _result: duckdb.DuckDBPyConnection

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return [column[0] for column in self._result.description or ()]

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows; raises QueryError."""
        with _explained():
            return self._result.fetchall()

    def frame(self) -> "pd.DataFrame":
        """All rows as a DataFrame; raises QueryError."""
        with _explained():
            return self._result.df()


def open(project: str | os.PathLike[str] | None = None) -> Published:  # noqa: A001
    """The published database of a project (a directory; else EUR_HOME, else the current one)."""
    return Published(Project.find(Path(project) if project else None).published_path)


@contextmanager
def _connect(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    if not path.exists():
        raise QueryError(
            f"{path}: nothing is published there yet; `eur run` collects, builds and publishes"
        )
    # A database of its own in memory: connections to one file would share its locked settings.
    with duckdb.connect(config={"autoinstall_known_extensions": False}) as connection:
        _attach(connection, path)
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set temp_directory = ?", [str(path.with_suffix(".tmp"))])
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        yield connection


def _attach(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    try:
        connection.execute("attach ? as eur (read_only)", [str(path)])
        connection.execute("use eur")
    except duckdb.ResourceInUseException as error:
        raise QueryError(
            f"{path}: open for writing in this process; open it with read_only=True: {error}"
        ) from error
    except duckdb.Error as error:
        raise QueryError(f"{path}: not readable as a DuckDB database: {error}") from error


def _tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute(
        "select table_name from duckdb_tables() "
        "where database_name = 'eur' and schema_name = 'main' order by 1"
    ).fetchall()
    return [name for (name,) in rows]


def _execute(connection: duckdb.DuckDBPyConnection, sql: str) -> duckdb.DuckDBPyConnection:
    try:
        with _explained():
            return connection.execute(sql)
    except QueryError as error:
        if "Table with name" not in str(error):
            raise
        there_are = ", ".join(_tables(connection))
        raise QueryError(f"{error}\nThe published tables are: {there_are}") from error


@contextmanager
def _explained() -> Iterator[None]:
    """DuckDB's errors in the block say that the query cannot be answered."""
    try:
        yield
    except duckdb.Error as error:
        raise QueryError(f"the query cannot be answered: {error}") from error
