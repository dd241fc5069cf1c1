"""One build: every stale date of every model, in one transaction, tested before it is committed.

Which dates are stale is decided in `staleness.py`; nothing is published here.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import replace

import pyarrow as pa

from eur_pipeline.billing.accepting import whole_tariff
from eur_pipeline.billing.fetching import fetch

# Not by name: it opens the warehouse, so either of the two may be imported first.
from eur_pipeline.billing.invoices import losses
from eur_pipeline.billing.invoices.register import read_register
from eur_pipeline.errors import ModelError
from eur_pipeline.lake.kept import require_their_collections
from eur_pipeline.lake.lake import lock_name
from eur_pipeline.models.bill_table import read_bill_tables
from eur_pipeline.models.documents import read_documents
from eur_pipeline.models.grains import WHOLE_DATE, Grain
from eur_pipeline.models.input_table import DatedInput, InputTable
from eur_pipeline.models.inputs import read_inputs, variables
from eur_pipeline.models.lake_listing import list_lake
from eur_pipeline.models.loading import load_models, load_sources
from eur_pipeline.models.model import Model
from eur_pipeline.models.report import BuildReport, TestResult
from eur_pipeline.models.running import Run
from eur_pipeline.models.sql import on_dates
from eur_pipeline.models.stamps import STAMPS, Stamp
from eur_pipeline.models.tables import describe_table, replace_rows
from eur_pipeline.models.testing import run_tests
from eur_pipeline.models.warehouse import Warehouse, open_warehouse, prepare, transaction
from eur_pipeline.project import Project

# A build of a few stale dates takes seconds; whoever comes meanwhile waits for it.
WAIT_SECONDS = 60.0
# Kept among the stamps: what the comments in the database were written from.
DESCRIPTIONS = "descriptions"


def build(
    project: Project,
    select: Collection[str] | None = None,
    *,
    wait_seconds: float = WAIT_SECONDS,
    holds_lake: bool = False,
) -> BuildReport:
    """Bring the models (all, or those selected and what they need) up to date with lake and inputs.

    All of it is undone when a test of severity error fails; the report says which. `holds_lake`
    is for callers within `unchanging_lake`. Raises ConfigurationError (directory, tariff, bills, a
    collection that is missing), FetchError (a file that lies elsewhere), InvoiceError (documents
    are lost, or do not agree), ModelError, BusyError (warehouse or lake is in use).
    """
    models = load_models()
    _check_selection(models, select)
    require_their_collections(project)
    warnings = fetch(project)
    with whole_tariff(project):
        inputs = read_inputs(project)
    with (
        nullcontext() if holds_lake else unchanging_lake(project, wait_seconds=wait_seconds),
        open_warehouse(project, wait_seconds=wait_seconds) as connection,
        transaction(connection) as end,
    ):
        # Read under the lock: else an older state of them could be built after a newer one, and
        # what is billed already would seem open.
        register = read_register(project)
        losses.require_nothing_lost(project, connection, register)
        documents = read_bill_tables(project) | read_documents(register)
        report = _build(prepare(connection), project, models, inputs, documents, select)
        end.keep = report.committed
    return replace(report, warnings=warnings)


@contextmanager
def unchanging_lake(project: Project, *, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Keep archives from being read into the lake meanwhile: half an hour would be half counted."""
    with ExitStack() as stack:
        for collection in project.config.collections:
            stack.enter_context(project.lock(lock_name(collection.name), wait_seconds=wait_seconds))
        yield


def _check_selection(models: Collection[Model], select: Collection[str] | None) -> None:
    unknown = set(select or ()) - {model.name for model in models}
    if unknown:
        raise ModelError(f"there is no model {', '.join(sorted(unknown))}")


def _build(
    warehouse: Warehouse,
    project: Project,
    models: tuple[Model, ...],
    inputs: dict[str, InputTable],
    documents: dict[str, DatedInput],
    select: Collection[str] | None,
) -> BuildReport:
    _load_inputs(warehouse, inputs)
    _load_dated(warehouse, documents)
    run = Run(
        warehouse,
        models={model.name: model for model in models},
        lake=list_lake(project.lake_path),
        inputs={name: table.stamps for name, table in inputs.items()},
        dated={name: table.contents for name, table in documents.items()},
        variables=variables(),
    )
    needed = _needed(run.models, select)
    chosen = [model for model in models if model.name in needed]
    results = tuple(run.update(model) for model in chosen)
    write_descriptions(warehouse, models)
    kept = {STAMPS, *(model.table for model in models), *inputs, *documents}
    for table in warehouse.tables.drop_except(kept):
        warehouse.stamps.put(table.partition(".")[2], {})
    warehouse.stamps.write()
    return BuildReport(results, _run_tests(run, chosen))


def _needed(models: Mapping[str, Model], select: Collection[str] | None) -> set[str]:
    """The selected models, all that they read, and all that their tests read.

    Some read nothing that arrives, such as what was billed: nobody selects them, and yet what is
    made from them would be wrong, or fail, without them.
    """
    needed: set[str] = set()
    waiting = set(models if select is None else select)
    while waiting:
        model = models[waiting.pop()]
        needed.add(model.name)
        read_by_tests = {name for test in model.tests for name in test.template.refs}
        waiting |= (read_by_tests | set(model.parents)) - needed
    return needed


def _run_tests(run: Run, models: Collection[Model]) -> tuple[TestResult, ...]:
    return tuple(result for model in models for result in run_tests(run, model.tests))


def _load_inputs(warehouse: Warehouse, inputs: dict[str, InputTable]) -> None:
    sources = load_sources()
    for name, table in inputs.items():
        made = warehouse.tables.make(name, sources[name].columns)
        content = _digest(table.rows)
        stamp = {WHOLE_DATE: Stamp(content, content)}
        if made or warehouse.stamps.of(name) != stamp:
            replace_rows(warehouse.connection, name, table.rows)
            warehouse.stamps.put(name, stamp)


def _load_dated(warehouse: Warehouse, inputs: dict[str, DatedInput]) -> None:
    """Read the months anew that are not as they were; the others stay."""
    sources = load_sources()
    for name, table in inputs.items():
        made = warehouse.tables.make(name, sources[name].columns)
        kept = {} if made else warehouse.stamps.of(name)
        wanted = {month: Stamp(digest, digest) for month, digest in table.contents.items()}
        changed = {m for m in kept.keys() | wanted.keys() if kept.get(m) != wanted.get(m)}
        if changed:
            where = on_dates(Grain.LOCAL_MONTH, changed)
            replace_rows(warehouse.connection, name, table.rows(changed), where)
            warehouse.stamps.put(name, wanted)


def _digest(rows: pa.Table) -> str:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    return hashlib.sha256(sink.getvalue()).hexdigest()


def write_descriptions(warehouse: Warehouse, models: tuple[Model, ...]) -> None:
    """Comments on the tables and columns that are new; on all, when any description is."""
    sources = [s for s in load_sources().values() if s.name.startswith("inputs.")]
    described = [(m.table, m.description, m.columns) for m in models]
    described += [(source.name, source.description, source.columns) for source in sources]
    content = hashlib.sha256(repr(described).encode()).hexdigest()
    stamp = {WHOLE_DATE: Stamp(content, content)}
    is_new = warehouse.stamps.of(DESCRIPTIONS) != stamp
    for table, description, columns in described:
        if is_new or table in warehouse.tables.made:
            warehouse.tables.make(table, columns)
            describe_table(warehouse.connection, table, description, columns)
    if is_new:
        warehouse.stamps.put(DESCRIPTIONS, stamp)
