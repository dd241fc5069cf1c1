"""A real client sees one folder, and nothing else, through the SFTP server."""

import asyncio
import socket
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import asyncssh
import pytest

from eur_pipeline.errors import PermanentError
from eur_pipeline.simulator.sftp_server import SftpServer

from .conftest import PASSWORD, USER

T = TypeVar("T")
MakeServer = Callable[..., SftpServer]


def connected(
    server: SftpServer,
    use: Callable[[asyncssh.SSHClientConnection], Awaitable[T]],
    **options: Any,
) -> T:
    """What `use` returns for a connection to the server."""
    usual: dict[str, Any] = {
        "username": USER,
        "password": PASSWORD,
        "known_hosts": asyncssh.import_known_hosts(server.known_hosts_line),
        "client_keys": None,
        "agent_path": None,
        "config": None,
    }

    async def connect() -> T:
        async with asyncssh.connect(server.host, server.port, **(usual | options)) as connection:
            return await use(connection)

    return asyncio.run(connect())


def over_sftp(server: SftpServer, use: Callable[[asyncssh.SFTPClient], Awaitable[T]]) -> T:
    async def start(connection: asyncssh.SSHClientConnection) -> T:
        async with connection.start_sftp_client() as sftp:
            return await use(sftp)

    return connected(server, start)


async def nothing(_connection: asyncssh.SSHClientConnection) -> None:
    pass


def test_files_can_be_written_listed_read_and_removed(server: SftpServer, served: Path) -> None:
    async def use(sftp: asyncssh.SFTPClient) -> tuple[list[str], str | bytes]:
        await sftp.mkdir("/in")
        async with sftp.open("/in/a.xml", "wb") as file:
            await file.write(b"x" * 100_000)
        names = [str(name) for name in await sftp.listdir("/in") if name not in (".", "..")]
        async with sftp.open("in/a.xml", "rb") as file:
            content = await file.read()
        await sftp.remove("/in/a.xml")
        return names, content

    assert over_sftp(server, use) == (["a.xml"], b"x" * 100_000)
    assert list((served / "in").iterdir()) == []


@pytest.mark.parametrize(
    "login",
    [{"password": "wrong"}, {"username": "somebody"}, {"username": "root"}, {"password": ""}],
)
def test_only_the_user_with_the_password_gets_in(server: SftpServer, login: dict[str, str]) -> None:
    with pytest.raises(asyncssh.PermissionDenied):
        connected(server, nothing, **login)


def test_an_authorised_key_gets_its_user_in_and_no_other_key_does(
    make_server: MakeServer, tmp_path: Path
) -> None:
    key, other = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    authorized = tmp_path / "authorized_keys"
    authorized.write_bytes(key.export_public_key())
    with make_server(authorized_keys=authorized) as server:
        connected(server, nothing, client_keys=[key], password=None)
        for wrong in ({"client_keys": [other]}, {"client_keys": [key], "username": "somebody"}):
            with pytest.raises(asyncssh.PermissionDenied):
                connected(server, nothing, password=None, **wrong)


@pytest.mark.parametrize("path", ["../outside.txt", "/../outside.txt", "/in/../../outside.txt"])
def test_dots_do_not_lead_out_of_the_folder(server: SftpServer, served: Path, path: str) -> None:
    (served.parent / "outside.txt").write_text("secret")
    (served / "in").mkdir()
    with pytest.raises(asyncssh.SFTPNoSuchFile):
        over_sftp(server, lambda sftp: sftp.stat(path))


@pytest.mark.parametrize("name", ["file_link", "folder_link/outside.txt"])
def test_links_do_not_lead_out_of_the_folder(server: SftpServer, served: Path, name: str) -> None:
    outside = served.parent / "outside.txt"
    outside.write_text("secret")
    (served / "file_link").symlink_to(outside)
    (served / "folder_link").symlink_to(served.parent)

    async def read(sftp: asyncssh.SFTPClient) -> None:
        async with sftp.open(name, "rb") as file:
            await file.read()

    async def write(sftp: asyncssh.SFTPClient) -> None:
        async with sftp.open(name, "wb") as file:
            await file.write(b"changed")

    for act in (read, write, lambda s: s.stat(name), lambda s: s.remove(name)):
        with pytest.raises(asyncssh.SFTPPermissionDenied):
            over_sftp(server, act)
    assert outside.read_text() == "secret"


def test_a_link_made_by_the_client_stays_inside(server: SftpServer, served: Path) -> None:
    (served.parent / "outside.txt").write_text("secret")

    async def use(sftp: asyncssh.SFTPClient) -> None:
        await sftp.symlink("../../outside.txt", "/link")
        async with sftp.open("/link", "rb") as file:
            await file.read()

    with pytest.raises((asyncssh.SFTPNoSuchFile, asyncssh.SFTPPermissionDenied)):
        over_sftp(server, use)


def test_links_within_the_folder_are_followed(server: SftpServer, served: Path) -> None:
    (served / "a.xml").write_text("content")
    (served / "link").symlink_to(served / "a.xml")
    assert over_sftp(server, lambda sftp: sftp.getsize("/link")) == 7


def test_there_is_no_shell_no_exec_and_no_scp(server: SftpServer) -> None:
    for command in (None, "id", "scp -f /a.xml"):

        async def run(
            connection: asyncssh.SSHClientConnection, command: str | None = command
        ) -> None:
            await connection.run(command, check=True)

        with pytest.raises(asyncssh.ChannelOpenError):
            connected(server, run)


def test_ports_are_not_forwarded_in_either_direction(server: SftpServer) -> None:
    async def out(connection: asyncssh.SSHClientConnection) -> None:
        await connection.open_connection("127.0.0.1", server.port)

    async def back(connection: asyncssh.SSHClientConnection) -> None:
        await connection.forward_remote_port("127.0.0.1", 0, "127.0.0.1", server.port)

    with pytest.raises(asyncssh.ChannelOpenError):
        connected(server, out)
    with pytest.raises(asyncssh.ChannelListenError):
        connected(server, back)


def test_the_host_key_is_made_once_for_its_owner_only(
    make_server: MakeServer, tmp_path: Path
) -> None:
    with make_server() as first:
        line = first.known_hosts_line
    assert stat.S_IMODE((tmp_path / "host_key").stat().st_mode) == 0o600
    with make_server() as second:
        assert second.known_hosts_line.split()[1:] == line.split()[1:]
    assert line.split()[1] == "ssh-ed25519"
    assert line.startswith("[127.0.0.1]:")


def test_an_unusable_host_key_is_explained(make_server: MakeServer, tmp_path: Path) -> None:
    (tmp_path / "host_key").write_text("not a key")
    with pytest.raises(PermanentError, match="host_key: no usable private host key"), make_server():
        pass


def test_a_missing_folder_is_explained(make_server: MakeServer, tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="nowhere: not a folder"):
        make_server(root=tmp_path / "nowhere").__enter__()


def test_a_port_in_use_is_explained(server: SftpServer, make_server: MakeServer) -> None:
    with pytest.raises(PermanentError, match=f"cannot listen on 127.0.0.1:{server.port}"):
        make_server(port=server.port).__enter__()


@pytest.mark.parametrize("address", [{"port": 70_000}, {"host": "no..host"}])
def test_an_impossible_address_is_explained(
    make_server: MakeServer, address: dict[str, Any]
) -> None:
    with pytest.raises(PermanentError, match="cannot listen on"):
        make_server(**address).__enter__()


def test_it_stops_although_a_client_is_connected_and_frees_its_port(
    make_server: MakeServer,
) -> None:
    running = make_server().__enter__()

    async def stop_meanwhile(connection: asyncssh.SSHClientConnection) -> None:
        await asyncio.to_thread(running.__exit__, None, None, None)
        await connection.wait_closed()

    connected(running, stop_meanwhile)
    with make_server(port=running.port) as again:
        socket.create_connection((again.host, again.port)).close()
