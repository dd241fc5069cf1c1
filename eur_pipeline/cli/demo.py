"""`eur demo`: stand-ins, the whole pipeline through Dagster, and a summary."""

import datetime as dt
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from eur_pipeline import run as pipeline
from eur_pipeline.cli.console import AsJson, command_name, errors, out, print_json
from eur_pipeline.cli.simulate import instant, upload_progress
from eur_pipeline.demo import demo_server, make_demo_project
from eur_pipeline.demo_summary import DemoSummary, summarise
from eur_pipeline.errors import EurError
from eur_pipeline.project import Project
from eur_pipeline.simulator import simulation
from eur_pipeline.simulator.company import Company
from eur_pipeline.simulator.deployment import simulate_project


def demo(
    directory: Annotated[
        Path,
        typer.Option("--dir", help="The demo project; made when it is missing.", file_okay=False),
    ] = Path("demo"),
    hours: Annotated[
        int, typer.Option(min=1, help="How many hours of chats.")
    ] = simulation.DEFAULT_HOURS,
    users: Annotated[int, typer.Option(help="People in the company.")] = simulation.DEFAULT_USERS,
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = simulation.DEFAULT_SEED,
    end: Annotated[
        str, typer.Option(help="When the chats end: ISO 8601 with time zone, or `now`.")
    ] = f"{simulation.DEFAULT_END:%Y-%m-%dT%H:%MZ}",
    as_json: AsJson = False,
) -> None:
    """Run the whole pipeline on a made-up company's chats.

    They are archived, uploaded to a real SFTP server, collected, read and billed. A second run with
    the same options uploads nothing anew.
    """
    until = instant(end)
    company = Company.make(seed=seed, users=users)
    period = simulation.Period.ending(until, hours=hours)
    project = make_demo_project(directory, company, period)
    with demo_server(project):
        with upload_progress() as progress:
            simulated = simulate_project(
                project, seed=seed, hours=hours, users=users, end=until, progress=progress
            )
        _run(project)
    summary = summarise(project, simulated)
    if as_json:
        print_json({**asdict(summary), "agrees": summary.agrees})
    else:
        _show(summary, directory)
    if not summary.agrees:
        raise EurError("the counts above do not agree: something was lost or doubled on the way")


def _run(project: Project) -> None:
    begun = dt.datetime.now(dt.UTC)

    def announce(step: str) -> None:
        elapsed = (dt.datetime.now(dt.UTC) - begun).total_seconds()
        errors.print(f"[dim]{elapsed:5.1f} s[/]  {step}", highlight=False)

    pipeline.run(project, None, announce)


def _show(summary: DemoSummary, directory: Path) -> None:
    counts = Table(title="What happened", title_justify="left")
    counts.add_column("")
    counts.add_column("count", justify="right")
    rows = {
        "archives uploaded": summary.archives_uploaded,
        "archives collected": summary.archives_collected,
        "archives removed from the server": summary.archives_removed,
        "messages sent": summary.messages_sent,
        "messages stored": summary.messages_stored,
        "copies": summary.copies,
        "duplicate archives": summary.duplicate_archives,
        "rejects": summary.rejects,
    }
    for label, count in rows.items():
        counts.add_row(label, f"{count:,}")
    out.print(counts)
    dearest = Table("cost centre", "month", title="The dearest cost centres", title_justify="left")
    dearest.add_column("charge", justify="right")
    for centre in summary.dearest:
        dearest.add_row(centre.name, centre.month, f"{centre.charge:,} {centre.currency}")
    out.print(dearest)
    out.print("What next:")
    eur, query = command_name(), "select * from usage_by_department_daily"
    for command, shows in (
        (f"{eur} up --dir {directory}", "the Dagster UI: assets, partitions, backfills, checks"),
        (f"{eur} query --dir {directory} '{query}'", "the published database"),
    ):
        out.print(f"  {command}", markup=False, highlight=False, soft_wrap=True)
        out.print(f"      {shows}")
