"""`eur collect`: archives to the landing zone, without Dagster."""

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from eur_pipeline.cli.console import AsJson, ProjectDir, errors, out, print_json, project_in
from eur_pipeline.collect import collector
from eur_pipeline.collect.plan import Plan, preview
from eur_pipeline.collect.report import CollectReport
from eur_pipeline.collect.report import Progress as Arrived
from eur_pipeline.config import Collection
from eur_pipeline.errors import EurError
from eur_pipeline.project import Project


def collect(
    collections: Annotated[
        list[str] | None,
        typer.Argument(metavar="COLLECTION", help="By default all that have not stopped."),
    ] = None,
    directory: ProjectDir = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Say what would be done; fetch, land and remove nothing. Only the index beside "
            "the landed archives notes which files were seen, and since when.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Collect what is on the servers now, without Dagster.

    The archives come to lie in the landing zone; `eur run` reads and bills them. A collection that
    fails keeps no other from being collected; the command then ends with 1.
    """
    project = project_in(directory)
    chosen = _chosen(project, collections or ())
    results: dict[str, Any] = {}
    with _bars() as bars:
        for collection in chosen:
            try:
                if dry_run:
                    results[collection.name] = preview(project, collection)
                else:
                    results[collection.name] = _collect(project, collection, bars)
            except EurError as error:
                results[collection.name] = error
    if as_json:
        print_json({name: _figures(result) for name, result in results.items()})
    else:
        for name, result in results.items():
            _show(name, result)
    if any(isinstance(result, EurError) for result in results.values()):
        raise typer.Exit(1)


def _chosen(project: Project, names: Sequence[str]) -> Sequence[Collection]:
    """Those of the names; without any, all that have not stopped."""
    if names:
        return [project.config.collection(name) for name in names]
    now = dt.datetime.now(dt.UTC)
    return [c for c in project.config.collections if not c.has_stopped(now)]


def _collect(project: Project, collection: Collection, bars: Progress) -> CollectReport:
    bar: TaskID = bars.add_task(collection.name, total=None, files="")

    def advance(arrived: Arrived) -> None:
        files = f"{arrived.files:,}/{arrived.total_files:,} files"
        bars.update(bar, completed=arrived.bytes, total=arrived.total_bytes, files=files)

    return collector.collect(project, collection, on_progress=advance)


def _show(name: str, result: CollectReport | Plan | EurError) -> None:
    if isinstance(result, EurError):
        errors.print(f"{name}: {result}", style="red", markup=False, highlight=False)
        return
    out.print(f"{name}: {_summary(result)}", markup=False, highlight=False)
    for path, waiting in result.waiting.items():
        errors.print(f"  waits: {path}: {waiting.reason}", markup=False, highlight=False)
    for path, kind in result.left_alone.items():
        errors.print(f"  left alone: {path}: {kind}", markup=False, highlight=False)
    if result.postponed:
        errors.print(f"  {result.postponed:,} more archives are left for the next run (brakes)")


def _summary(result: CollectReport | Plan) -> str:
    if isinstance(result, Plan):
        fetched = len(result.todo)
        return (
            f"would fetch {fetched:,} archives ({result.bytes:,} bytes), "
            f"{fetched - len(result.new):,} of them only to finish their removal"
        )
    return (
        f"{len(result.collected):,} archives collected ({result.bytes:,} bytes, "
        f"{result.duplicates:,} duplicates), {result.removed:,} removed from the server"
    )


def _figures(result: CollectReport | Plan | EurError) -> dict[str, Any]:
    match result:
        case EurError():
            return {"error": str(result)}
        case Plan():
            figures: dict[str, Any] = {
                "to_fetch": [archive.file.label for archive in result.todo],
                "bytes": result.bytes,
            }
        case CollectReport():
            figures = {
                "collected": len(result.collected),
                "duplicates": result.duplicates,
                "bytes": result.bytes,
                "removed": result.removed,
            }
    return {
        **figures,
        "waiting": {name: waiting.reason for name, waiting in result.waiting.items()},
        "left_alone": result.left_alone,
        "postponed": result.postponed,
    }


def _bars() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[files]}"),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=errors,
        transient=True,
        disable=not errors.is_terminal,
    )
