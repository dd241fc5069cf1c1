"""A served folder, Presence Services that upload to it, and an independent reader of archives."""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from pydantic import SecretStr

from eur_pipeline.simulator.presence import PresenceServices
from eur_pipeline.simulator.sftp_server import SftpServer

USER, PASSWORD = "avaya", "päss word"
KINDS = {"text": "message", "file": "file_transfer", "invitation": "invite"}
Record = dict[str, Any]


@pytest.fixture
def served(tmp_path: Path) -> Path:
    folder = tmp_path / "served"
    folder.mkdir()
    return folder


@pytest.fixture
def make_server(tmp_path: Path, served: Path) -> Callable[..., SftpServer]:
    """Makes an SFTP server of the served folder, not entered yet; options replace some."""

    def make(**options: Any) -> SftpServer:
        usual: dict[str, Any] = {
            "root": served,
            "user": USER,
            "password": PASSWORD,
            "host_key_path": tmp_path / "host_key",
        }
        return SftpServer(**(usual | options))

    return make


@pytest.fixture
def server(make_server: Callable[..., SftpServer]) -> Iterator[SftpServer]:
    with make_server() as running:
        yield running


@pytest.fixture
def make_services(server: SftpServer) -> Callable[..., PresenceServices]:
    """Makes the settings of Presence Services that upload to the server; options replace some."""

    def make(**options: Any) -> PresenceServices:
        usual = {
            "remote_server_address": server.host,
            "remote_port": server.port,
            "remote_user": USER,
            "remote_password": SecretStr(PASSWORD),
            "remote_path": "/archives",
            "known_hosts": server.known_hosts_line,
        }
        return PresenceServices(**(usual | options))

    return make


@pytest.fixture
def services(make_services: Callable[..., PresenceServices]) -> dict[str, PresenceServices]:
    """Both sites' Presence Services, each with a remote folder of its own."""
    return {s: make_services(remote_path=f"/archives/{s}") for s in ("geneva", "boston")}


@pytest.fixture(scope="session")
def read_archive() -> Callable[[bytes], list[Record]]:
    """Reads an archive into records with the keys of the truth, sharing no code with its writer."""
    return lambda content: [_record(e) for e in etree.fromstring(content).iter("message")]


def _record(element: etree._Element) -> Record:
    body, file = element.find("body"), element.find("file")
    seconds, milliseconds = divmod(int(element.get("time", "")), 1000)
    second = dt.datetime.fromtimestamp(seconds, dt.UTC)
    return {
        "native_id": None,
        "sent_at": f"{second:%Y-%m-%dT%H:%M:%S}.{milliseconds:03}Z",
        "sender": element.findtext("from"),
        "recipients": [to.text for to in element.findall("to")],
        "conversation_id": element.get("conversation"),
        "kind": KINDS[element.get("kind", "")],
        "body": None if body is None else body.text or "",
        "file_name": None if file is None else file.get("name"),
        "file_bytes": None if file is None else int(file.get("size", "")),
    }
