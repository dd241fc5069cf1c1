"""`eur quarantine`: what could not be read, why, and reading it again.

What is in quarantine is the business of `eur_pipeline.lake.quarantine`.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer

from eur_pipeline.cli.commands import group
from eur_pipeline.cli.console import (
    AsJson,
    ProjectDir,
    errors,
    out,
    print_json,
    printable,
    project_in,
)
from eur_pipeline.errors import PermanentError
from eur_pipeline.lake.quarantine import (
    Quarantined,
    RejectedRecord,
    quarantined,
    read_again,
    read_all_again,
    rejected_records,
)
from eur_pipeline.lake.schema import HOUR_FORMAT

quarantine = group(
    """See what could not be read; read it again.

    Archives that could not be read at all are set aside: they stay in the landing zone. Of the
    others, single records may have been rejected.
    """
)

Collections = Annotated[
    list[str] | None,
    typer.Option("--collection", help="Only what this collection brought; can be repeated."),
]


@quarantine.command("list")
def list_archives(
    collection: Collections = None, directory: ProjectDir = None, as_json: AsJson = False
) -> None:
    """List the archives that could not be read, or not wholly."""
    found = quarantined(project_in(directory), collection or ())
    if as_json:
        print_json({"archives": [asdict(archive) for archive in found]})
        return
    for archive in found:
        _say(_described(archive))
    if not found:
        errors.print("nothing is in quarantine")


@quarantine.command()
def show(
    archive: Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it, or its start.")],
    raw: Annotated[
        bool, typer.Option("--raw", help="The records' own text too; people wrote it.")
    ] = False,
    directory: ProjectDir = None,
    as_json: AsJson = False,
) -> None:
    """Show where and why an archive, or records of it, failed."""
    project = project_in(directory)
    shown = [
        (found, rejected_records(project, found))
        for found in _of_ids(quarantined(project), [archive])
    ]
    if as_json:
        print_json({"archives": [_as_object(a, rejects, raw=raw) for a, rejects in shown]})
        return
    for found, rejects in shown:
        _say(_described(found))
        _say(f"  {found.landing_path}, read as dialect {found.dialect}")
        for reject in rejects:
            _say(f"  {_place(reject)}, {reject.field}: {reject.reason}")
            if raw:
                _say(f"    {reject.raw or '(not kept)'}")


@quarantine.command()
def retry(
    archives: Annotated[
        list[str] | None, typer.Argument(metavar="ID", help="By default all that `list` shows.")
    ] = None,
    collection: Collections = None,
    every_hour: Annotated[
        bool,
        typer.Option(
            "--every-hour",
            help="All hours with archives, also those read well: after a change of dialect, "
            "bodies or presence_domain.",
        ),
    ] = False,
    directory: ProjectDir = None,
    as_json: AsJson = False,
) -> None:
    """Have the next run read what is in quarantine again.

    Its upload hours are read as a whole. To be used when what was wrong is mended: the dialect,
    the limits, a clock.
    """
    if every_hour and archives:
        raise typer.BadParameter("choose one of --every-hour and ID")
    project = project_in(directory)
    names = collection or [c.name for c in project.config.collections]
    if every_hour:
        hours = read_all_again(project, names)
    else:
        hours = read_again(project, _of_ids(quarantined(project, names), archives))
    if as_json:
        print_json({"hours": hours})
    else:
        _tell(hours)


def _of_ids(found: Sequence[Quarantined], ids: Sequence[str] | None) -> list[Quarantined]:
    """Those whose id begins so (None: all); a PermanentError where one begins none."""
    if ids is None:
        return list(found)
    for wanted in ids:
        if not any(archive.id.startswith(wanted) for archive in found):
            raise PermanentError(
                f"nothing in quarantine has an id that begins with {wanted!r}; "
                f"`eur quarantine list` shows what is"
            )
    return [archive for archive in found if archive.id.startswith(tuple(ids))]


def _described(archive: Quarantined) -> str:
    where = f"{archive.id}  {archive.collection}  {_hour(archive.upload_hour)}  {archive.name}: "
    if archive.set_aside:
        return where + f"set aside after {archive.records:,} records: {archive.reason}"
    return where + f"{archive.rejects:,} of {archive.records:,} records rejected"


def _place(reject: RejectedRecord) -> str:
    member = f"{reject.member}, " if reject.member else ""
    line = f" at line {reject.line}" if reject.line else ""
    byte = "" if reject.byte_offset is None else f" at byte {reject.byte_offset:,}"
    return f"{member}record {reject.ordinal}{line}{byte}"


def _as_object(
    archive: Quarantined, rejects: Sequence[RejectedRecord], *, raw: bool
) -> dict[str, Any]:
    rows = [asdict(reject) for reject in rejects]
    if not raw:
        for row in rows:
            del row["raw"]
    return {**asdict(archive), "rejected": rows}


def _tell(hours: Mapping[str, Sequence[dt.datetime]]) -> None:
    for name, of_collection in hours.items():
        _say(f"{name}: {len(of_collection)} upload hours are to be read again")
    if any(hours.values()):
        errors.print("`eur run` does it now; while `eur up` runs, it happens by itself")
    else:
        errors.print("nothing is to be read again")


def _hour(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime(HOUR_FORMAT)


def _say(line: str) -> None:
    # Names and texts come from archives.
    out.print(printable(line), markup=False, highlight=False, soft_wrap=True)
