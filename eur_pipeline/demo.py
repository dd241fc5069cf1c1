"""A demo project: a made-up company, its SFTP server, and what a run of it has to show.

The stand-ins themselves are in `simulator`; running the pipeline is in `run.py`.
"""

import datetime as dt
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from eur_pipeline.errors import PermanentError
from eur_pipeline.project import Project
from eur_pipeline.simulator.company import OFFICES, PARENT_SITE, PRESENCE_DOMAIN, Company
from eur_pipeline.simulator.sftp_server import SftpServer, load_or_make_host_key
from eur_pipeline.simulator.simulation import Period
from eur_pipeline.starter import create_project
from eur_pipeline.storage import make_private_folder

USER = "avaya"
PASSWORD_VARIABLE = "EUR_DEMO_PASSWORD"  # noqa: S105 - the name of a variable

_CONFIG_HEADER = """\
# A demo project, made by `eur demo`: two sites of one company, each with its own Presence Services.
# `eur up` in this folder serves the UI and, for as long as it runs, the SFTP server below.
# A commented configuration for servers of your own is written by `eur init DIR`.
"""


def make_demo_project(path: Path, company: Company, period: Period) -> Project:
    """The demo project in that folder: a new one, or the one that is there."""
    project = Project(path.resolve())
    if project.config_path.exists():
        if not is_demo(project):
            raise PermanentError(
                f"{project.path} holds a project that is no demo; choose another folder with --dir"
            )
        return project
    port = _free_port()
    for office in OFFICES:
        make_private_folder(_server_root(project) / office.name)
    key = load_or_make_host_key(_host_key_path(project)).export_public_key().decode().split()
    texts = {
        "eur.yaml": _CONFIG_HEADER + yaml.safe_dump(_config(port, period), sort_keys=False),
        "directory.csv": company.directory_csv(move_on=period.move_on),
        "tariff.csv": _tariff(period.move_on),
        "known_hosts": f"[127.0.0.1]:{port} {key[0]} {key[1]}\n",
    }
    return create_project(project.path, texts, {PASSWORD_VARIABLE: secrets.token_urlsafe(16)})


def is_demo(project: Project) -> bool:
    """Whether the project brings its own SFTP server."""
    return _server_root(project).is_dir()


@contextmanager
def demo_server(project: Project) -> Iterator[SftpServer]:
    """The demo project's SFTP server, for as long as the block lasts."""
    with SftpServer(
        root=_server_root(project),
        user=USER,
        password=project.secret(PASSWORD_VARIABLE),
        host_key_path=_host_key_path(project),
        port=project.config.collections[0].port,
    ) as server:
        yield server


def remote_files(project: Project) -> int:
    """How many files lie on the demo's server, seen from the server's side."""
    return sum(path.is_file() for path in _server_root(project).rglob("*"))


def _server_root(project: Project) -> Path:
    return project.path / "sftp" / "files"


def _host_key_path(project: Project) -> Path:
    return project.path / "sftp" / "host_key"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _config(port: int, period: Period) -> dict[str, object]:
    """The content of `eur.yaml`."""
    return {
        "sites": [
            {"name": PARENT_SITE},
            *(
                {"name": o.name, "parent": PARENT_SITE, "time_zone": o.time_zone.key}
                for o in OFFICES
            ),
        ],
        "collections": [_collection(office.name, port, period) for office in OFFICES],
        "billing": {"currency": "CHF", "company_domains": [PRESENCE_DOMAIN]},
    }


def _collection(site: str, port: int, period: Period) -> dict[str, object]:
    return {
        "name": f"{site}_im",
        "site": site,
        "collection_for": "avaya_im",
        "dialect": "avaya-ps",
        "extension_length": 5,
        "presence_domain": PRESENCE_DOMAIN,
        "protocol": "sftp",
        "host": "127.0.0.1",
        "port": port,
        "user": USER,
        "password_env": PASSWORD_VARIABLE,
        "remote_path": f"/{site}",
        "upload_frequency_hours": 1,
        "start": period.start.date(),
        "schedule": {"every_minutes": 60},
        "poll_seconds": 10,
        "after_collect": "delete",
        "bodies": "keep",
    }


def _tariff(change_on: dt.date) -> str:
    """Prices of which one changes on the day in the middle."""
    return f"""\
usage_type,destination,valid_from,valid_to,currency,price
message,internal,,,CHF,0.0125
message,external,,{change_on},CHF,0.05
message,external,{change_on},,CHF,0.055
file_transfer,internal,,,CHF,0.10
file_transfer,external,,,CHF,0.255
"""
