"""`eur serve-sftp` and `eur simulate`: the two stand-ins from the command line.

Everything they do is done by `eur_pipeline.simulator`; here are only options and what is shown.
"""

import datetime as dt
import json
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from eur_pipeline.config import Collection
from eur_pipeline.errors import ConfigurationError
from eur_pipeline.project import Project
from eur_pipeline.simulator import simulation
from eur_pipeline.simulator.company import OFFICES
from eur_pipeline.simulator.presence import PresenceServices
from eur_pipeline.simulator.sftp_server import SftpServer

SIMULATED_DIALECT = "avaya-ps"
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
        typer.Option(help="Private host key, made if missing.  [default: ROOT.host_key]"),
    ] = None,
) -> None:
    """Serve a folder over SFTP until Ctrl-C: a stand-in for the server that archives go to."""
    console = Console()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with SftpServer(
        root=root,
        user=user,
        password=Project.find().secret(password_env),
        host_key_path=host_key or root.with_name(f"{root.name}.host_key"),
        host=host,
        port=port,
    ) as server:
        console.print(f"Serving {root} to {user} on {server.host}:{server.port}", highlight=False)
        console.print("The line for known_hosts:")
        console.print(server.known_hosts_line, highlight=False, markup=False, soft_wrap=True)
        console.print("Stop with Ctrl-C (or SIGTERM).")
        stop.wait()
    console.print("Stopped.")


def simulate(
    directory: Annotated[
        Path | None,
        typer.Option("--dir", help="Project directory.  [default: EUR_HOME, else here]"),
    ] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = simulation.DEFAULT_SEED,
    hours: Annotated[
        int, typer.Option(min=1, help="Length of the simulated time.")
    ] = simulation.DEFAULT_HOURS,
    users: Annotated[int, typer.Option(help="People in the company.")] = simulation.DEFAULT_USERS,
    end: Annotated[
        str, typer.Option(help="End of the simulated time: ISO 8601 with time zone, or `now`.")
    ] = f"{simulation.DEFAULT_END:%Y-%m-%dT%H:%MZ}",
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """Let a made-up company chat, and upload its archives to the servers of a project."""
    project = Project.find(directory)
    until = _instant(end)
    collections = _simulated_collections(project)
    with _progress_bar() as progress:
        report = simulation.simulate(
            project.path,
            seed=seed,
            hours=hours,
            users=users,
            end=until,
            servers={c.site: _presence_services(project, c) for c in collections},
            collections={c.site: c.name for c in collections},
            progress=progress,
        )
    if as_json:
        typer.echo(json.dumps(asdict(report)))
    else:
        Console().print(_table(report))


def _instant(text: str) -> dt.datetime:
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


def _simulated_collections(project: Project) -> list[Collection]:
    """The collections that the simulated sites upload to, one of each site at most."""
    sites = [office.name for office in OFFICES]
    chosen: dict[str, Collection] = {}
    for collection in project.config.collections:
        if collection.site in sites and collection.dialect == SIMULATED_DIALECT:
            other = chosen.setdefault(collection.site, collection)
            if other is not collection:
                raise ConfigurationError(
                    f"{project.config_path}: the collections {other.name} and {collection.name} "
                    f"both read {SIMULATED_DIALECT} at {collection.site}; a simulated site uploads "
                    f"to one of them only: give the other a site of its own"
                )
    if not chosen:
        raise ConfigurationError(
            f"{project.config_path}: no collection of dialect {SIMULATED_DIALECT} belongs to a "
            f"simulated site; expected one with site {' or '.join(sites)}"
        )
    return list(chosen.values())


def _presence_services(project: Project, collection: Collection) -> PresenceServices:
    password = project.password(collection)
    if password is None:
        raise ConfigurationError(
            f"{project.config_path}: collection {collection.name} has no password_env, but "
            f"Presence Services log in with a password; name the variable that holds it"
        )
    return PresenceServices(
        remote_server_address=collection.host,
        remote_port=collection.port,
        remote_user=collection.user,
        remote_password=SecretStr(password),
        remote_path=collection.remote_path,
        remote_upload_frequency_hours=collection.upload_frequency_hours,
        known_hosts=_known_hosts(project),
    )


def _known_hosts(project: Project) -> str:
    try:
        return project.known_hosts_path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigurationError(
            f"{project.known_hosts_path}: no such file; expected the host keys of the archive "
            f"servers, such as the line that `eur serve-sftp` prints"
        ) from None


@contextmanager
def _progress_bar() -> Iterator[simulation.Progress]:
    """Shows on a terminal how many intervals are done; is silent elsewhere."""
    console = Console(stderr=True)
    columns = (
        TextColumn("Uploading"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("intervals"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
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
