"""What a model's `.yml` says of its columns is what its SQL gives, to the type.

The build casts, and would hide a difference; dbt takes what the SQL gives.
"""

from collections.abc import Iterable, Iterator

import duckdb
import pytest

from eur_pipeline.models import Column, load_models
from eur_pipeline.models.inputs import variables
from eur_pipeline.models.loading import load_sources
from eur_pipeline.models.model import Layer, Model
from eur_pipeline.models.templates import compile_sql

MODELS = {model.name: model for model in load_models()}


@pytest.fixture(scope="module")
def empty() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with an empty table of every source and model, as described."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        tables = {source.name: source.columns for source in load_sources().values()}
        schemas = {name.partition(".")[0] for name in tables} | {layer.schema for layer in Layer}
        for schema in schemas:
            connection.execute(f"create schema if not exists {schema}")
        tables |= {model.table: model.columns for model in MODELS.values()}
        for table, columns in tables.items():
            connection.execute(f"create table {table} ({_definition(columns)})")
        yield connection


def _definition(columns: Iterable[Column]) -> str:
    return ", ".join(f"{column.name} {column.type}" for column in columns)


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_the_sql_gives_the_types_that_are_described(
    empty: duckdb.DuckDBPyConnection, model: Model
) -> None:
    def relation(name: str) -> str:
        return name if "." in name else MODELS[name].table

    sql = compile_sql(model.template, model.name, relation, variables())
    assert _types(empty, sql) == _types(empty, model.table)


def _types(connection: duckdb.DuckDBPyConnection, relation: str) -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in connection.execute(f"describe {relation}").fetchall()]
