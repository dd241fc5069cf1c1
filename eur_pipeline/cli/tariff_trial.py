"""`eur tariff try` and `accept`: months with another tariff, and putting it in place.

The rating is done by `eur_pipeline.billing.trial`, the replacing of files by
`eur_pipeline.billing.accepting`; here are only options and what is shown.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from eur_pipeline.billing.accepting import Acceptance, accept, changes, digest_of
from eur_pipeline.billing.tariff_files import files_of, files_with
from eur_pipeline.billing.trial import DIMENSIONS, Comparison, try_tariff
from eur_pipeline.billing.trial.trying import OnProgress
from eur_pipeline.cli.comparison import as_object, as_text, show
from eur_pipeline.cli.console import AsJson, ProjectDir, errors, out, print_json, project_in
from eur_pipeline.months import month_of


def _month(text: str) -> dt.date:
    """The first day of the month that an option says; anything else is wrong use."""
    try:
        return month_of(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no month; expected as 2026-03") from None


def _dimension(text: str) -> str:
    if text not in DIMENSIONS:
        raise typer.BadParameter(f"{text!r} is none of {', '.join(DIMENSIONS)}")
    return text


_PLAN_HELP = (
    "Files of a tariff, told by their columns, or a folder like `tariff/`; the project's own count "
    "for the rest."
)
By = Annotated[
    str,
    typer.Option(
        "--by",
        metavar="COLUMN",
        parser=_dimension,
        help=f"What a row is about: {', '.join(DIMENSIONS)}.",
    ),
]


Top = Annotated[
    int | None, typer.Option(min=1, help="Show only so many of the largest differences.")
]


def try_plans(
    plans: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PLAN", help=f"{_PLAN_HELP} Without any, those are tried as they are now."
        ),
    ] = None,
    months: Annotated[
        list[dt.date] | None,
        typer.Option(
            "--month",
            metavar="MONTH",
            parser=_month,
            help="As 2026-03; can be repeated. By default all months that the tariff changes.",
        ),
    ] = None,
    by: By = "cost_centre",
    top: Top = None,
    directory: ProjectDir = None,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Comma-separated, names first.")] = False,
) -> None:
    """Rate months with another tariff, beside what they cost.

    Nothing is changed: neither a file, nor what is published. Charges are sums of rounded lines,
    without tax.
    """
    if as_json and as_csv:
        raise typer.BadParameter("choose one of --json and --csv")
    project = project_in(directory)
    files = files_with(project, plans) if plans else files_of(project)
    with _progress() as on_progress:
        comparison = try_tariff(project, files, months, by=by, on_progress=on_progress)
    if as_json:
        print_json(as_object(comparison))
    elif as_csv:
        # `color` keeps every character as it is.
        typer.echo(as_text(comparison), nl=False, color=True)
    else:
        _tell(comparison, top)


def accept_plans(
    plans: Annotated[list[Path], typer.Argument(metavar="PLAN", help=_PLAN_HELP)],
    by: By = "cost_centre",
    top: Top = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    directory: ProjectDir = None,
    as_json: AsJson = False,
) -> None:
    """Put another tariff in place, after showing what it changes in all months.

    Its files take the place of the project's, all or none. The former ones are kept, dated, below
    `data/tariffs`, in a folder that can be accepted in its turn. The next build follows.
    """
    if as_json and not yes:
        raise typer.BadParameter("--json goes with --yes: nobody reads a question in it")
    project = project_in(directory)
    files = files_with(project, plans)
    digest = digest_of(files)
    written, removed = changes(project, files)
    if not written and not removed:
        _conclude(None, as_json=as_json)
        return
    with _progress() as on_progress:
        comparison = try_tariff(project, files, by=by, on_progress=on_progress)
    if not as_json:
        _tell(comparison, top)
        _announce(written, removed)
    if not yes:
        typer.confirm("Put this tariff in place?", abort=True)
    record = {"difference.csv": as_text(comparison)}
    accepted = accept(project, files, digest, record, dt.datetime.now(dt.UTC))
    _conclude(accepted, as_json=as_json, shown=as_object(comparison))


def _tell(comparison: Comparison, top: int | None) -> None:
    if comparison.months:
        show(comparison, top)
    else:
        out.print("No month with usage changes: for all of them this tariff is as published.")


def _announce(written: Iterable[str], removed: Iterable[str]) -> None:
    for place in written:
        out.print(f"to be replaced: {place}", markup=False, highlight=False)
    for place in removed:
        out.print(f"to be taken away: {place}", markup=False, highlight=False)


def _conclude(
    accepted: Acceptance | None, *, as_json: bool, shown: Mapping[str, Any] | None = None
) -> None:
    if as_json:
        print_json({"accepted": asdict(accepted) if accepted else None, "difference": shown})
    elif accepted is None:
        out.print("Nothing to accept: these are the files in place.")
    else:
        line = f"In place. The former tariff lies in {accepted.former}"
        out.print(line, markup=False, highlight=False, soft_wrap=True)
        errors.print("`eur run` rates by it now; while `eur up` runs, that happens by itself")


@contextmanager
def _progress() -> Iterator[OnProgress]:
    """Gives what shows on a terminal how far the rating is."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task("Reading the tariff", total=None)
        yield lambda done, steps, what: bar.update(
            task, completed=done, total=steps, description=what
        )
