"""A build that has rebuilt all dates, for the tests of what models are tested for."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from eur_pipeline.billing.invoices.register import read_register
from eur_pipeline.models import load_models
from eur_pipeline.models.bill_table import read_bill_tables
from eur_pipeline.models.documents import read_documents
from eur_pipeline.models.inputs import read_inputs, variables
from eur_pipeline.models.lake_listing import list_lake
from eur_pipeline.models.running import Run
from eur_pipeline.models.warehouse import prepare
from eur_pipeline.project import Project


@contextmanager
def rebuilt(built: Project, folder: Path) -> Iterator[Run]:
    """Such a build of a project, on a copy of its warehouse, whose tables can be damaged."""
    warehouse = folder / built.warehouse_path.name
    shutil.copyfile(built.warehouse_path, warehouse)
    models = {model.name: model for model in load_models()}
    inputs = {name: table.stamps for name, table in read_inputs(built).items()}
    tables = read_bill_tables(built) | read_documents(read_register(built))
    dated = {name: table.contents for name, table in tables.items()}
    with duckdb.connect(warehouse) as connection:
        connection.execute("set TimeZone = 'UTC'")
        run = Run(
            prepare(connection), models, list_lake(built.lake_path), inputs, dated, variables()
        )
        run.rebuilt.update({name: run.dates(name) for name in models})
        yield run
