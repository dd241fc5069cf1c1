"""For analysts: the published database, read-only, as DataFrames or rows.

Nothing here writes, and nothing here knows how the tables were made. A query reads the published
database alone: SQL can neither open other files nor change a setting.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

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
        names = self.query(
            "select table_name from duckdb_tables() where schema_name = 'main' order by 1"
        )
        return list(names["table_name"])

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
            return answer.df()

    @contextmanager
    def answer(self, sql: str) -> Iterator[duckdb.DuckDBPyConnection]:
        """The answer as DuckDB's own result, for those who fetch rows."""
        with _connect(self.path) as connection:
            try:
                yield connection.execute(sql)
            except duckdb.Error as error:
                raise QueryError(f"the query cannot be answered: {error}") from error


def open(project: str | os.PathLike[str] | None = None) -> Published:  # noqa: A001
    """The published database of a project (a directory; else EUR_HOME, else the current one)."""
    return Published(Project.find(Path(project) if project else None).published_path)


@contextmanager
def _connect(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    if not path.exists():
        raise QueryError(
            f"{path}: nothing is published there yet; `eur run` collects, builds and publishes"
        )
    try:
        connection = duckdb.connect(
            path, read_only=True, config={"autoinstall_known_extensions": False}
        )
    except duckdb.Error as error:
        raise QueryError(f"{path}: not readable as a DuckDB database: {error}") from error
    with connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        yield connection
