"""The lying server tells what its script says, and the truth otherwise."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

import asyncssh
import pytest

from eur_pipeline.simulator.sftp_server import SftpServer
from tests.faults import lying
from tests.faults.lying import LyingFiles
from tests.faults.script import Script, Step, Strike

T = TypeVar("T")
NAMES = ["a.xml", "b.xml", "c.xml"]


@pytest.fixture
def script() -> Script:
    """No lies yet."""
    return Script()


@pytest.fixture
def server(tmp_path: Path, script: Script) -> Iterator[SftpServer]:
    """A server with three files that follows the script."""
    folder = tmp_path / "files"
    folder.mkdir()
    for name in NAMES:
        (folder / name).write_bytes(name.encode() * 1000)
    with (
        lying.two_names_at_a_time(),
        SftpServer(
            root=folder,
            user="avaya",
            password="correct",
            host_key_path=tmp_path / "key",
            files=partial(LyingFiles, script=script),
        ) as server,
    ):
        yield server


def ask(server: SftpServer, use: Callable[[asyncssh.SFTPClient], Awaitable[T]]) -> T:
    """What an ordinary client gets."""

    async def connect() -> T:
        async with (
            asyncssh.connect(
                server.host,
                server.port,
                username="avaya",
                password="correct",
                known_hosts=asyncssh.import_known_hosts(server.known_hosts_line),
                config=None,
            ) as connection,
            connection.start_sftp_client() as sftp,
        ):
            return await use(sftp)

    return asyncio.run(connect())


async def listed(sftp: asyncssh.SFTPClient) -> list[str]:
    names = await sftp.listdir("/")
    return sorted(str(name) for name in names if name not in (".", ".."))


async def content_of_b(sftp: asyncssh.SFTPClient) -> str | bytes:
    async with sftp.open("/b.xml", "rb") as file:
        return await file.read()


def test_without_lies_it_is_an_ordinary_server(server: SftpServer, script: Script) -> None:
    assert ask(server, listed) == NAMES
    assert ask(server, content_of_b) == b"b.xml" * 1000
    assert script.events[0].step is Step.LIST
    assert script.struck == []


def test_a_lie_is_told_about_one_file_at_its_turn(server: SftpServer, script: Script) -> None:
    strike = Strike(Step.OPEN, lying.refuse, name="b.xml", nth=2)
    script.set(strike)
    assert ask(server, content_of_b) == b"b.xml" * 1000
    with pytest.raises(asyncssh.SFTPPermissionDenied):
        ask(server, content_of_b)
    assert ask(server, content_of_b) == b"b.xml" * 1000
    assert script.struck == [strike]


def test_a_listing_fails_half_way(server: SftpServer, script: Script) -> None:
    script.set(Strike(Step.LIST, answer=lying.after_names(4)))
    with pytest.raises(asyncssh.SFTPFailure):
        ask(server, listed)


def test_sizes_are_wrong_and_times_missing(server: SftpServer, script: Script) -> None:
    script.set(
        Strike(Step.STAT, answer=lying.sized(-1)), Strike(Step.STAT, answer=lying.without_times)
    )
    attributes = ask(server, lambda sftp: sftp.stat("/b.xml"))
    assert (attributes.size, attributes.mtime) == (4999, None)


def test_a_file_ends_early(server: SftpServer, script: Script) -> None:
    script.set(
        Strike(Step.READ, answer=lying.read_little),
        Strike(Step.READ, answer=lying.end_early, nth=2),
    )
    assert len(ask(server, content_of_b)) < 5000


def test_it_does_what_it_says_went_wrong(
    server: SftpServer, script: Script, tmp_path: Path
) -> None:
    script.set(Strike(Step.REMOVE, answer=lying.fail_afterwards))
    with pytest.raises(asyncssh.SFTPFailure):
        ask(server, lambda sftp: sftp.remove("/b.xml"))
    assert not (tmp_path / "files" / "b.xml").exists()
