"""The archive server's errors as ours; silence ends; no message has a secret in it."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from eur_pipeline.collect import connection
from eur_pipeline.collect.remote import RemoteFile
from eur_pipeline.collect.server import ArchiveServer
from eur_pipeline.errors import (
    HostKeyError,
    LoginRefusedError,
    RemoteFolderError,
    ServerUnreachableError,
    VanishedError,
)
from eur_pipeline.project import Project
from tests.conftest import PASSWORD_VARIABLE, UPLOADED, Remote, archive_xml, project_at

SECRET = "a secret that nobody sees"


def server_of(project: Project) -> ArchiveServer:
    return ArchiveServer.of(project, project.config.collections[0])


@pytest.fixture
def black_hole() -> Iterator[int]:
    """The port of a server that accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_files_are_listed_with_size_and_utc_time(project: Project, remote: Remote) -> None:
    remote.put("b.xml", b"<b/>")
    remote.put("a.xml", b"<aa/>")
    with server_of(project) as server:
        files = server.list().files
    assert [(f.path, f.name, f.size, f.mtime) for f in files] == [
        (f"{remote.path}/a.xml", "a.xml", 5, UPLOADED),
        (f"{remote.path}/b.xml", "b.xml", 4, UPLOADED),
    ]


def test_a_file_is_looked_at_read_and_removed(project: Project, remote: Remote) -> None:
    content = archive_xml("hello") * 2_000
    remote.put("a.xml", content)

    async def work(server: ArchiveServer, file: RemoteFile) -> None:
        assert await server.look(file.path) == file
        async with server.open(file) as opened:
            assert await opened.read(0, len(content)) == content
            assert await opened.read(len(content) - 5, 50) == content[-5:]
            assert await opened.look() == file
        await server.remove(file.path)
        assert await server.look(file.path) is None
        await server.remove(file.path)

    with server_of(project) as server:
        (file,) = server.list().files
        server.run(work(server, file))
    assert remote.names() == []


def test_a_file_that_vanished_before_it_was_read_is_said_to_have(project: Project) -> None:
    async def read(server: ArchiveServer) -> None:
        async with server.open(RemoteFile("/archives/gone.xml", 5, None)):
            pass

    with server_of(project) as server, pytest.raises(VanishedError, match="vanished"):
        server.run(read(server))


@pytest.mark.parametrize("remote", ["embedded"], indirect=True)
def test_a_wrong_password_is_refused_and_in_no_message(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, SECRET)
    with pytest.raises(LoginRefusedError) as refused:
        server_of(project).__enter__()
    said = f"{refused.value!r} {refused.value.__cause__!r}"
    assert PASSWORD_VARIABLE in said
    assert SECRET not in said


def test_a_missing_known_hosts_file_says_what_belongs_there(project: Project) -> None:
    project.known_hosts_path.unlink()
    with pytest.raises(HostKeyError, match="OpenSSH's known_hosts format"):
        server_of(project).__enter__()


def test_a_missing_folder_is_named(tmp_path: Path, remote: Remote) -> None:
    project = project_at(tmp_path / "lost", remote, remote_path="/missing")
    with server_of(project) as server, pytest.raises(RemoteFolderError, match="list /missing on"):
        server.list()


def test_a_closed_port_says_what_to_check(tmp_path: Path, remote: Remote) -> None:
    project = project_at(tmp_path / "closed", remote, port=1)
    with pytest.raises(ServerUnreachableError, match=r"127\.0\.0\.1:1: .*check host and port"):
        server_of(project).__enter__()


def test_a_host_that_is_unknown_to_dns_is_unreachable(tmp_path: Path, remote: Remote) -> None:
    project = project_at(tmp_path / "unknown", remote, host="no-such-host.invalid")
    with pytest.raises(ServerUnreachableError, match=r"no-such-host\.invalid"):
        server_of(project).__enter__()


def test_a_server_that_says_nothing_is_given_up(
    tmp_path: Path, remote: Remote, black_hole: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "LOGIN_SECONDS", 0.3)
    project = project_at(tmp_path / "silent", remote, port=black_hole)
    with pytest.raises(ServerUnreachableError, match="could not connect to"):
        server_of(project).__enter__()
