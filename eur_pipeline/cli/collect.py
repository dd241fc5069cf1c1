"""`eur collect`: archives to the landing zone, without Dagster."""

from typing import Annotated, Any

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from eur_pipeline.cli.console import AsJson, ProjectDir, errors, out, print_json, project_in
from eur_pipeline.collect import collector
from eur_pipeline.collect.report import CollectReport
from eur_pipeline.collect.report import Progress as Arrived


def collect(
    collections: Annotated[
        list[str] | None, typer.Argument(metavar="COLLECTION", help="By default all.")
    ] = None,
    directory: ProjectDir = None,
    as_json: AsJson = False,
) -> None:
    """Collect what is on the servers now, without Dagster.

    The archives come to lie in the landing zone; `eur run` reads and bills them.
    """
    project = project_in(directory)
    names = collections or [collection.name for collection in project.config.collections]
    results = {}
    with _progress() as bar:
        for name in names:
            task = bar.add_task(name, total=None)

            def advance(p: Arrived, task: Any = task) -> None:
                bar.update(task, completed=p.bytes, total=p.total_bytes)

            report = collector.collect(
                project, project.config.collection(name), on_progress=advance
            )
            results[name] = report
    if as_json:
        print_json({name: _figures(report) for name, report in results.items()})
        return
    for name, report in results.items():
        figures = _figures(report)
        out.print(
            f"{name}: {figures['collected']} archives collected ({figures['bytes']:,} bytes, "
            f"{figures['duplicates']} duplicates), {figures['removed']} removed from the server",
            highlight=False,
        )
        for path, waiting in report.waiting.items():
            errors.print(f"  waits: {path}: {waiting.reason}", markup=False, highlight=False)


def _figures(report: CollectReport) -> dict[str, Any]:
    return {
        "collected": len(report.collected),
        "duplicates": report.duplicates,
        "bytes": report.bytes,
        "removed": report.removed,
        "waiting": {name: w.reason for name, w in report.waiting.items()},
    }


def _progress() -> Progress:
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn()
    return Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal)
