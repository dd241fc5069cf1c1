"""What the tests of all rooms share: an SFTP server, a project that collects from it, a remote."""

import datetime as dt
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import yaml

from eur_pipeline.project import Project
from eur_pipeline.simulator.sftp_server import FilesFactory, JailedFiles, SftpServer
from eur_pipeline.starter import create_project
from tests.faults.openssh import MISSING, SSHD, OpenSshServer
from tests.faults.proxy import TcpProxy

# No test depends on the clock.
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")

# Dagster's events are synced one by one, which on a disk is a good part of all tests' time. Where
# memory is scarce, all that tests write goes to the disk.
MEMORY = Path("/dev/shm")
ENOUGH_BYTES = 8 << 30

PASSWORD_VARIABLE = "EUR_TEST_PASSWORD"
PASSWORD_LOGIN = {"user": "avaya", "password_env": PASSWORD_VARIABLE}
UPLOADED = dt.datetime(2026, 3, 9, 8, 0, tzinfo=dt.UTC)


def pytest_configure() -> None:
    """Let the folders of tests lie in memory."""
    if MEMORY.is_mount() and shutil.disk_usage(MEMORY).free >= ENOUGH_BYTES:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let properties begin first: they take longest, and the last one would keep one worker alone.

    Groups come before them: those of most tests are dealt out first.
    """
    items.sort(
        key=lambda item: not getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
    )


DIRECTORY = """\
person_id,name,address,extension,site,department,cost_centre,valid_from,valid_to
p7,Dana,56207@presence.example,56207,geneva,Sales,4100,,
p8,Zoë,56208@presence.example,56208,geneva,Research,4200,,
"""
TARIFF = """\
usage_type,destination,valid_from,valid_to,currency,price
message,internal,,,CHF,0.01
message,external,,,CHF,0.05
file_transfer,internal,,,CHF,0.10
file_transfer,external,,,CHF,0.25
"""


def archive_xml(*bodies: str, minute: int = 0) -> bytes:
    """A small archive with a message for every body, one a second, sent on 2026-03-09."""
    first = int(dt.datetime(2026, 3, 9, 7, minute, tzinfo=dt.UTC).timestamp())
    messages = "".join(
        f'<message time="{(first + n) * 1000}" conversation="c-1" kind="text">'
        f"<from>56207@presence.example</from><to>56208@presence.example</to>"
        f"<body>{body}</body></message>"
        for n, body in enumerate(bodies)
    )
    return f"<?xml version='1.0' encoding='UTF-8'?><im-archive>{messages}</im-archive>".encode()


@dataclass(frozen=True)
class Address:
    """Where a server is to be reached that lies behind something else."""

    host: str
    port: int
    known_hosts_line: str


@dataclass(frozen=True)
class Remote:
    """The archive server, and its folder as the administrator of that machine sees it.

    `path` is what clients call the folder; `login` is what a collection says to log in.
    """

    server: SftpServer | OpenSshServer | Address
    folder: Path
    path: str = "/archives"
    login: Mapping[str, str | None] = field(default_factory=lambda: PASSWORD_LOGIN)

    def put(self, name: str, content: bytes, mtime: dt.datetime = UPLOADED) -> Path:
        """A finished upload."""
        path = self.folder / name
        path.write_bytes(content)
        os.utime(path, (mtime.timestamp(), mtime.timestamp()))
        return path

    def names(self) -> list[str]:
        """What lies there."""
        return sorted(path.name for path in self.folder.iterdir())


@contextmanager
def embedded(home: Path, files: FilesFactory = JailedFiles) -> Iterator[Remote]:
    """The embedded SFTP server with an empty remote folder `/archives`; all of it below `home`."""
    folder = home / "remote" / "archives"
    folder.mkdir(parents=True)
    with SftpServer(
        root=folder.parent,
        user="avaya",
        password="correct",
        host_key_path=home / "host_key",
        files=files,
    ) as server:
        yield Remote(server, folder)


@contextmanager
def openssh(home: Path, settings: str = "") -> Iterator[Remote]:
    """OpenSSH's server with an empty remote folder; the test is skipped where it is missing."""
    if not SSHD.exists():
        pytest.skip(MISSING)
    folder = home / "remote" / "archives"
    folder.mkdir(parents=True)
    with OpenSshServer(home / "openssh", settings) as server:
        login = {"user": server.user, "password_env": None, "private_key": str(server.private_key)}
        yield Remote(server, folder, str(folder), login)


def through(proxy: TcpProxy, remote: Remote) -> Remote:
    """The same remote, reached through a proxy before its server."""
    key = remote.server.known_hosts_line.partition(" ")[2]
    line = f"[{proxy.host}]:{proxy.port} {key}"
    return replace(remote, server=Address(proxy.host, proxy.port, line))


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[Remote]:
    """An SFTP server with an empty remote folder."""
    with embedded(tmp_path) as remote:
        yield remote


def configuration(remote: Remote, **collection: Any) -> dict[str, Any]:
    """A configuration with one collection, `geneva_im`, at that remote."""
    return {
        "sites": [{"name": "geneva", "time_zone": "Europe/Zurich"}],
        "collections": [
            {
                "name": "geneva_im",
                "site": "geneva",
                "dialect": "avaya-ps",
                "presence_domain": "presence.example",
                "host": remote.server.host,
                "port": remote.server.port,
                **remote.login,
                "remote_path": remote.path,
                "start": dt.date(2026, 3, 1),
                **collection,
            }
        ],
        "billing": {"currency": "CHF", "company_domains": ["presence.example"]},
    }


def project_at(path: Path, remote: Remote, **collection: Any) -> Project:
    """A project that collects from that remote."""
    texts = {
        "eur.yaml": yaml.safe_dump(configuration(remote, **collection)),
        "directory.csv": DIRECTORY,
        "tariff.csv": TARIFF,
        "known_hosts": remote.server.known_hosts_line + "\n",
    }
    return create_project(path, texts, {PASSWORD_VARIABLE: "correct"})


@pytest.fixture
def project(tmp_path: Path, remote: Remote) -> Project:
    """A project that collects from `remote`, deleting what is landed."""
    return project_at(tmp_path / "project", remote)
