"""`eur run`: the whole pipeline once."""

import datetime as dt
from contextlib import suppress
from typing import Annotated

import typer

from eur_pipeline import run as pipeline
from eur_pipeline.cli.console import ProjectDir, errors, out, project_in
from eur_pipeline.intervals import Window

_HOUR_FORMATS = ("%Y-%m-%dT%HZ", "%Y-%m-%d")


def _hour(text: str) -> dt.datetime:
    """The upload hour that an option says; anything else is wrong use."""
    for hour_format in _HOUR_FORMATS:
        with suppress(ValueError):
            return dt.datetime.strptime(text, hour_format).replace(tzinfo=dt.UTC)
    raise typer.BadParameter(f"{text!r} is no hour; expected as 2026-03-09T08Z or 2026-03-09")


def run(
    first: Annotated[
        dt.datetime | None,
        typer.Option(
            "--from",
            metavar="HOUR",
            parser=_hour,
            help="First upload hour (UTC), as 2026-03-09T08Z or 2026-03-09.",
        ),
    ] = None,
    last: Annotated[
        dt.datetime | None,
        typer.Option("--to", metavar="HOUR", parser=_hour, help="The hour after the last one."),
    ] = None,
    directory: ProjectDir = None,
) -> None:
    """Collect, read, build and publish once, now, through Dagster.

    Without --from and --to that is all the work there is; with them those upload hours are done
    again, which changes nothing that is right already.
    """
    project = project_in(directory)
    with errors.status("Starting") as status:
        pipeline.run(project, _window(first, last), lambda step: status.update(step))
    out.print(f"Published: {project.published_path}", highlight=False)


def _window(first: dt.datetime | None, last: dt.datetime | None) -> Window | None:
    if first is None and last is None:
        return None
    if first is None or last is None or first >= last:
        raise typer.BadParameter("--from and --to go together, and --from comes first")
    return Window(first, last)
