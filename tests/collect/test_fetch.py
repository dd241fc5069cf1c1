"""One file's way here: whole, or going on where it broke, or not at all."""

import errno
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from eur_pipeline.collect.completeness import Ending
from eur_pipeline.collect.fetch import OVERLAP_BYTES, Copy, fetch
from eur_pipeline.collect.remote import RemoteFile
from eur_pipeline.collect.server import PIECE_BYTES, ArchiveServer
from eur_pipeline.project import Project
from tests.conftest import Remote

LARGE = b"<a>" + b"0123456789abcdef" * 400_000 + b"</a>"
HALF = len(LARGE) // 2


class Counter:
    """Counts the bytes that arrive, and those that were here before."""

    def __init__(self) -> None:
        self.arrived = 0
        self.kept = 0

    def __call__(self, count: int, *, before: bool = False) -> None:
        self.arrived += 0 if before else count
        self.kept += count if before else 0


@pytest.fixture
def server(project: Project) -> Iterator[ArchiveServer]:
    with ArchiveServer.of(project, project.config.collections[0]) as server:
        yield server


def fetch_only(server: ArchiveServer, to: Path, counter: Counter | None = None) -> Copy | None:
    (remote,) = server.list().files
    return server.run(fetch(server, remote, to, counter or Counter()))


@pytest.mark.parametrize(
    "size", [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 40 * PIECE_BYTES]
)
def test_a_file_of_any_size_arrives_whole(
    server: ArchiveServer, remote: Remote, tmp_path: Path, size: int
) -> None:
    content = (LARGE * 2)[:size]
    remote.put("a.xml", content)
    copy = fetch_only(server, tmp_path / "copy")
    assert copy is not None
    assert copy.path.read_bytes() == content
    assert copy.sha256 == hashlib.sha256(content).hexdigest()


def test_a_broken_transfer_goes_on_where_it_broke(
    server: ArchiveServer, remote: Remote, tmp_path: Path
) -> None:
    remote.put("a.xml", LARGE)
    to = tmp_path / "copy"
    to.write_bytes(LARGE[:HALF])
    counter = Counter()

    copy = fetch_only(server, to, counter)

    assert copy is not None
    assert copy.sha256 == hashlib.sha256(LARGE).hexdigest()
    assert to.read_bytes() == LARGE
    assert copy.ending is Ending.CLOSED
    assert (counter.kept, counter.arrived) == (HALF, len(LARGE) - HALF)


@pytest.mark.parametrize(
    "beginning",
    [b"x" * HALF, LARGE[: HALF - 1] + b"x", LARGE + b"more"],
    ids=["other", "other at its end", "longer"],
)
def test_a_beginning_that_is_not_the_servers_is_thrown_away(
    server: ArchiveServer, remote: Remote, tmp_path: Path, beginning: bytes
) -> None:
    remote.put("a.xml", LARGE)
    to = tmp_path / "copy"
    to.write_bytes(beginning)

    copy = fetch_only(server, to)

    assert copy is not None
    assert to.read_bytes() == LARGE
    assert copy.sha256 == hashlib.sha256(LARGE).hexdigest()


def test_a_beginning_shorter_than_the_overlap_is_compared_whole(
    server: ArchiveServer, remote: Remote, tmp_path: Path
) -> None:
    remote.put("a.xml", LARGE)
    to = tmp_path / "copy"
    to.write_bytes(LARGE[: OVERLAP_BYTES // 2])
    copy = fetch_only(server, to)
    assert copy is not None
    assert to.read_bytes() == LARGE


@pytest.mark.parametrize(
    "change",
    [LARGE + b" ", LARGE[:-1], LARGE[:100]],
    ids=["longer", "shorter", "much shorter"],
)
def test_a_file_that_is_not_what_was_listed_is_not_taken(
    server: ArchiveServer, remote: Remote, tmp_path: Path, change: bytes
) -> None:
    remote.put("a.xml", LARGE)
    (listed,) = server.list().files
    remote.put("a.xml", change)
    assert server.run(fetch(server, listed, tmp_path / "copy", Counter())) is None


def test_what_the_disk_could_not_keep_on_the_way_is_fetched_anew(
    server: ArchiveServer, remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote.put("a.xml", LARGE)
    to = tmp_path / "copy"
    fsync = os.fsync
    synced = []

    def fail_at_the_second(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_size)
        if len(synced) == 2:
            raise OSError(errno.EIO, "")
        fsync(descriptor)

    monkeypatch.setattr("eur_pipeline.collect.fetch._SYNC_BYTES", len(LARGE) // 4)
    monkeypatch.setattr("os.fsync", fail_at_the_second)
    with pytest.raises(OSError, match="Errno 5"):
        fetch_only(server, to)
    assert synced[0] < synced[1] < len(LARGE)
    # What is there would be taken for kept: a second fsync says that all is well.
    assert not to.exists()

    counter = Counter()
    assert fetch_only(server, to, counter) is not None
    assert (to.read_bytes(), counter.kept) == (LARGE, 0)


def test_a_file_that_was_listed_shorter_than_it_is_is_not_taken(
    server: ArchiveServer, remote: Remote, tmp_path: Path
) -> None:
    remote.put("a.xml", LARGE)
    (listed,) = server.list().files
    shorter = RemoteFile(listed.path, len(LARGE) - 1, listed.mtime)
    assert server.run(fetch(server, shorter, tmp_path / "copy", Counter())) is None
