"""The tables of a warehouse: made as their columns are described, filled, and dropped.

Which columns they have is read once: asking the catalog costs the same for one table as for all.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable

import duckdb
import pyarrow as pa

from eur_pipeline.models.model import Column
from eur_pipeline.models.sql import identifier, literal


class Tables:
    """The tables that there are, with the names and types of their columns in order."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._columns: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        self._types: dict[str, str] = {}
        self.made: set[str] = set()
        rows = connection.execute(
            "select schema_name || '.' || table_name, column_name, data_type from duckdb_columns() "
            "where database_name = 'warehouse' and table_oid in (select table_oid from "
            "duckdb_tables() where database_name = 'warehouse') order by table_oid, column_index"
        ).fetchall()
        for table, column, kind in rows:
            self._columns[table].append((column, kind))

    def make(self, table: str, columns: Iterable[Column]) -> bool:
        """Make the table unless there is one with exactly these columns; whether it was made."""
        columns = list(columns)
        expected = [(c.name, self._type(c.type)) for c in columns]
        if self._columns.get(table) == expected:
            return False
        definition = ", ".join(f"{identifier(c.name)} {c.type}" for c in columns)
        self._connection.execute(f"create or replace table {table} ({definition})")
        self._columns[table] = expected
        self.made.add(table)
        return True

    def _type(self, written: str) -> str:
        """The type as the database writes it."""
        if written not in self._types:
            self._types[written] = str(self._connection.type(written))
        return self._types[written]

    def drop_except(self, kept: Collection[str]) -> list[str]:
        """Drop all other tables; which those were."""
        dropped = [table for table in self._columns if table not in kept]
        for table in dropped:
            schema, _, name = table.partition(".")
            self._connection.execute(f"drop table {identifier(schema)}.{identifier(name)}")
            del self._columns[table]
        return dropped


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
