"""Which columns a column is made from, read out of the models' SQL by sqlglot.

Imported where it is used: few processes need it, and sqlglot takes a while to load.
"""

from functools import cache

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.lineage import Node, lineage
from sqlglot.schema import MappingSchema

from eur_pipeline.errors import ModelError
from eur_pipeline.models.inputs import variables
from eur_pipeline.models.loading import load_models, load_sources
from eur_pipeline.models.model import ColumnSource, Model
from eur_pipeline.models.templates import compile_sql

DIALECT = "duckdb"


@cache
def column_lineage(model: Model) -> dict[str, tuple[ColumnSource, ...]]:
    """For every column of an installed model, the columns of models and sources it is made from."""
    tables = {model.name: model.table for model in load_models()}
    tables |= {name: name for name in load_sources()}
    names = {table: name for name, table in tables.items()}
    sql = compile_sql(model.template, model.name, tables.__getitem__, variables())
    try:
        # Trimming selects serves labels that nobody sees, and took four fifths of the time.
        nodes = lineage(None, sql, _schema(), dialect=DIALECT, trim_selects=False)
    except SqlglotError as error:
        raise ModelError(f"{model.name}: its columns cannot be traced: {error}") from error
    return {column.name: _origins(nodes[column.name], names) for column in model.columns}


def _origins(node: Node, names: dict[str, str]) -> tuple[ColumnSource, ...]:
    found = set()
    for leaf in node.walk():
        if isinstance(leaf.expression, exp.Table):
            table = f"{leaf.expression.db}.{leaf.expression.name}"
            found.add(ColumnSource(names[table], leaf.name.rpartition(".")[2].strip('"')))
    return tuple(sorted(found))


@cache
def _schema() -> MappingSchema:
    """Made once: a sixth of the time went into making it for every model."""
    schema: dict[str, dict[str, object]] = {}
    described = [(model.table, model.columns) for model in load_models()]
    described += [(source.name, source.columns) for source in load_sources().values()]
    for table, columns in described:
        database, _, name = table.partition(".")
        schema.setdefault(database, {})[name] = {c.name: c.type for c in columns}
    return MappingSchema({**schema}, dialect=DIALECT)
