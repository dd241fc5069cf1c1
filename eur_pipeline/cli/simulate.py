"""`eur serve-sftp` and `eur simulate`: the two stand-ins from the command line.

Everything they do is done by `eur_pipeline.simulator`; here are only options and what is shown.
"""

import datetime as dt
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from eur_pipeline.cli.console import AsJson, ProjectDir, errors, out, print_json, project_in
from eur_pipeline.project import Project
from eur_pipeline.simulator import simulation
from eur_pipeline.simulator.deployment import simulate_project
from eur_pipeline.simulator.sftp_server import SftpServer

NOW = "now"
PASSWORD_VARIABLE = "EUR_SFTP_PASSWORD"  # noqa: S105 - the name of a variable


def serve_sftp(
    root: Annotated[Path, typer.Option(help="Folder to serve; the user sees nothing else.")],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 2222,
    user: Annotated[str, typer.Option(help="The only user.")] = "avaya",
    password_env: Annotated[
        str, typer.Option(help="Variable that holds the password, in the environment or in .env.")
    ] = PASSWORD_VARIABLE,
    host_key: Annotated[
        Path | None,
        typer.Option(help="Private host key, made if missing; by default ROOT.host_key."),
    ] = None,
) -> None:
    """Serve a folder over SFTP, until Ctrl-C.

    A stand-in for the server that archives are uploaded to.
    """
    stop = _set_at_signal()
    with SftpServer(
        root=root,
        user=user,
        password=Project.find().secret(password_env),
        host_key_path=host_key or root.with_name(f"{root.name}.host_key"),
        host=host,
        port=port,
    ) as server:
        where = f"{server.host}:{server.port}"
        out.print(f"Serving {root} to {user} on {where}", highlight=False, markup=False)
        out.print("The line for known_hosts:")
        out.print(server.known_hosts_line, highlight=False, markup=False, soft_wrap=True)
        out.print("Stop with Ctrl-C (or SIGTERM).")
        stop.wait()
    out.print("Stopped.")


def _set_at_signal() -> threading.Event:
    """Set at SIGINT or SIGTERM, also where a shell has made them ignored."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


def simulate(
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = simulation.DEFAULT_SEED,
    hours: Annotated[
        int, typer.Option(min=1, help="Length of the simulated time.")
    ] = simulation.DEFAULT_HOURS,
    users: Annotated[int, typer.Option(help="People in the company.")] = simulation.DEFAULT_USERS,
    end: Annotated[
        str, typer.Option(help="End of the simulated time: ISO 8601 with time zone, or `now`.")
    ] = f"{simulation.DEFAULT_END:%Y-%m-%dT%H:%MZ}",
    directory: ProjectDir = None,
    as_json: AsJson = False,
) -> None:
    """Upload a made-up company's archives to servers.

    The servers are those of the project's collections. The same options make the same bytes, and
    upload only what was not uploaded before.
    """
    until = instant(end)
    with upload_progress() as progress:
        report = simulate_project(
            project_in(directory),
            seed=seed,
            hours=hours,
            users=users,
            end=until,
            progress=progress,
        )
    if as_json:
        print_json(asdict(report))
    else:
        out.print(_table(report))


def instant(text: str) -> dt.datetime:
    """What `--end` says, or now; anything else is wrong use."""
    if text == NOW:
        return dt.datetime.now(dt.UTC)
    try:
        instant = dt.datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no instant; expected for example 2026-03-11T00:00Z, or {NOW}",
            param_hint="--end",
        ) from None
    if instant.tzinfo is None:
        raise typer.BadParameter(
            f"{text!r} has no time zone; for UTC write {text}Z", param_hint="--end"
        )
    return instant


@contextmanager
def upload_progress() -> Iterator[simulation.Progress]:
    """Shows on a terminal how many intervals are done; is silent elsewhere."""
    columns = (
        TextColumn("Uploading"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("intervals"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=errors, disable=not errors.is_terminal) as bar:
        task = bar.add_task("upload", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _table(report: simulation.SimulationReport) -> Table:
    table = Table("", "in all", "new")
    for column in table.columns[1:]:
        column.justify = "right"
    table.add_row("archives", f"{report.archives:,}", f"{report.new_archives:,}")
    table.add_row("bytes", f"{report.bytes:,}", f"{report.new_bytes:,}")
    table.add_row("messages", f"{report.messages:,}", f"{report.new_messages:,}")
    return table
