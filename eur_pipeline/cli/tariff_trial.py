"""`eur tariff try`: months with another tariff, beside what they cost.

The rating is done by `eur_pipeline.billing.trial`; here are only options and what is shown.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from eur_pipeline.billing.tariff_files import files_of, files_with
from eur_pipeline.billing.trial import DIMENSIONS, try_tariff
from eur_pipeline.billing.trial.trying import OnProgress
from eur_pipeline.cli.comparison import as_object, as_text, show
from eur_pipeline.cli.console import AsJson, ProjectDir, errors, out, print_json, project_in

_MONTH_FORMATS = ("%Y-%m", "%Y-%m-%d")


def _month(text: str) -> dt.date:
    """The first day of the month that an option says; anything else is wrong use."""
    for month_format in _MONTH_FORMATS:
        with suppress(ValueError):
            day = dt.datetime.strptime(text, month_format).replace(tzinfo=dt.UTC).date()
            if day.day == 1:
                return day
    raise typer.BadParameter(f"{text!r} is no month; expected as 2026-03")


def _dimension(text: str) -> str:
    if text not in DIMENSIONS:
        raise typer.BadParameter(f"{text!r} is none of {', '.join(DIMENSIONS)}")
    return text


Plans = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="PLAN",
        help="Files of a tariff, told by their columns, or a folder like `tariff/`. The project's "
        "own count for the rest, and are tried themselves where there is no PLAN.",
    ),
]
By = Annotated[
    str,
    typer.Option(
        "--by",
        metavar="COLUMN",
        parser=_dimension,
        help=f"What a row is about: {', '.join(DIMENSIONS)}.",
    ),
]


def try_plans(
    plans: Plans = None,
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
    top: Annotated[
        int | None, typer.Option(min=1, help="Show only so many of the largest differences.")
    ] = None,
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
    elif not comparison.months:
        out.print("This tariff is the one that is published: no month with usage changes.")
    else:
        show(comparison, top)


@contextmanager
def _progress() -> Iterator[OnProgress]:
    """Gives what shows on a terminal how far the rating is."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task("Reading the tariff", total=None)
        yield lambda done, steps, what: bar.update(
            task, completed=done, total=steps, description=what
        )
