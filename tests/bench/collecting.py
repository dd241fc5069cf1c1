"""Collecting and listing, beside OpenSSH's own `sftp` on the same OpenSSH server.

Ours is the whole protocol: verified, hashed, synced, recorded, and only then removed.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from unittest import mock

from eur_pipeline.collect.backlog import backlog
from eur_pipeline.collect.collector import collect
from eur_pipeline.collect.server import ArchiveServer
from eur_pipeline.errors import ServerUnreachableError
from eur_pipeline.project import Project
from tests.bench.measuring import Case
from tests.conftest import UPLOADED, Remote, archive_xml, openssh, project_at, through
from tests.faults.proxy import End, Link, TcpProxy

SMALL_FILES, SMALL_BYTES = 1_000, 5_000
LARGE_BYTES = 500_000_000
LISTED_FILES = 50_000
FAR_FILES, FAR_SECONDS = 200, 0.02
# What a sensor's tick may take over the long listing, and over a network that swallows everything.
TICK_SECONDS, HOLE_SECONDS = 10, 20


@dataclass(frozen=True)
class _Bench:
    """An OpenSSH server, a project that collects from it, and how `sftp` does the same."""

    folder: Path
    remote: Remote
    project: Project

    def start_over(self, contents: list[bytes]) -> None:
        """Archives that stood there for long, in the place of what either of the two got before.

        Whoever keeps all that it got writes to memory that was never used, which a virtual machine
        has to ask its host for: 500 MB took one second longer.
        """
        for got in (self._got, self.project.path / "data"):
            shutil.rmtree(got, ignore_errors=True)
        for n, content in enumerate(contents):
            self.remote.put(f"{n}.xml", content, UPLOADED)
        # Or whoever syncs first waits for the upload too.
        os.sync()

    def collect(self) -> None:
        """Ours."""
        report = collect(self.project, self.project.config.collections[0])
        assert report.removed == len(report.collected) > 0
        assert not self.remote.names()

    def get_and_remove(self) -> None:
        """OpenSSH's."""
        self._got.mkdir()
        self.sftp(f"get {self.remote.path}/* {self._got}/", f"rm {self.remote.path}/*")
        assert not self.remote.names()

    @property
    def _got(self) -> Path:
        return self.folder / "got"

    def sftp(self, *commands: str) -> None:
        """Run OpenSSH's client."""
        batch = self.folder / "batch"
        batch.write_text("\n".join(commands))
        server, login = self.remote.server, self.remote.login
        options = [
            *("-P", str(server.port)),
            *("-i", str(login["private_key"])),
            *("-o", f"UserKnownHostsFile={self.project.known_hosts_path}"),
            *("-o", "IdentitiesOnly=yes"),
        ]
        subprocess.run(
            [
                shutil.which("sftp") or "sftp",
                "-q",
                "-b",
                str(batch),
                *options,
                f"{login['user']}@{server.host}",
            ],
            check=True,
            stdout=subprocess.DEVNULL,
        )


@contextmanager
def _bench(folder: Path, link: Link | None = None) -> Iterator[_Bench]:
    with openssh(folder) as remote, TcpProxy(remote.server.host, remote.server.port) as proxy:
        if link is not None:
            proxy.plan(then=link)
            remote = through(proxy, remote)
        yield _Bench(folder, remote, project_at(folder / "project", remote))


def _small(count: int) -> list[bytes]:
    return [archive_xml(f"{n} " + "x" * SMALL_BYTES) for n in range(count)]


@contextmanager
def many_small_archives(folder: Path) -> Iterator[Case]:
    """A thousand small files."""
    with _bench(folder) as bench:
        yield Case(
            what=f"collect {SMALL_FILES:,} archives of {SMALL_BYTES:,} bytes",
            floor="sftp get, rm",
            subject=bench.collect,
            rival=bench.get_and_remove,
            target=0.9,
            prepare=partial(bench.start_over, _small(SMALL_FILES)),
        )


@contextmanager
def the_price_of_syncing(folder: Path) -> Iterator[Case]:
    """What it costs that files are durable before they are removed."""
    with _bench(folder) as bench:

        def collect_unsynced() -> None:
            with mock.patch("os.fsync"):
                bench.collect()

        yield Case(
            what="the same, with fsync",
            floor="without fsync",
            subject=bench.collect,
            rival=collect_unsynced,
            prepare=partial(bench.start_over, _small(SMALL_FILES)),
        )


@contextmanager
def one_large_archive(folder: Path) -> Iterator[Case]:
    """One large file."""
    with _bench(folder) as bench:
        yield Case(
            what=f"collect 1 archive of {LARGE_BYTES:,} bytes",
            floor="sftp get, rm",
            subject=bench.collect,
            rival=bench.get_and_remove,
            target=1.1,
            prepare=partial(bench.start_over, [archive_xml("x" * LARGE_BYTES)]),
        )


@contextmanager
def a_distant_server(folder: Path) -> Iterator[Case]:
    """Small files, and every answer takes its time."""
    with _bench(folder, Link(round_trip_seconds=FAR_SECONDS)) as bench:
        yield Case(
            what=f"collect {FAR_FILES} of them at {1000 * FAR_SECONDS:.0f} ms a round trip",
            floor="sftp get, rm",
            subject=bench.collect,
            rival=bench.get_and_remove,
            target=0.1,
            prepare=partial(bench.start_over, _small(FAR_FILES)),
        )


@contextmanager
def _long_folder(folder: Path) -> Iterator[_Bench]:
    with _bench(folder) as bench:
        for n in range(LISTED_FILES):
            bench.remote.put(f"im-archive-20260309-{n:06}.xml", b"")
        yield bench


@contextmanager
def a_long_listing(folder: Path) -> Iterator[Case]:
    """Listing a folder of many files, connecting included."""
    with _long_folder(folder) as bench:

        def list_folder() -> None:
            with ArchiveServer.of(bench.project, bench.project.config.collections[0]) as server:
                assert len(server.list().files) == LISTED_FILES

        yield Case(
            what=f"list {LISTED_FILES:,} files",
            floor="sftp ls -l",
            subject=list_folder,
            rival=lambda: bench.sftp(f"ls -ln {bench.remote.path}"),
            target=1.15,
            note=lambda: _memory(bench.project),
        )


@contextmanager
def a_tick_of_the_sensor(folder: Path) -> Iterator[Case]:
    """What a sensor does with such a folder, every time."""
    with _long_folder(folder) as bench:

        def tick() -> None:
            assert backlog(bench.project, bench.project.config.collections[0]).files == LISTED_FILES

        yield Case(
            what=f"a sensor's tick over {LISTED_FILES:,} files",
            floor="sftp ls -l",
            subject=tick,
            rival=lambda: bench.sftp(f"ls -ln {bench.remote.path}"),
            note=lambda: f"wanted: below {TICK_SECONDS} s",
        )


@contextmanager
def a_tick_beside_a_black_hole(folder: Path) -> Iterator[Case]:
    """A sensor's tick while that of another collection gets no answer, side by side as they run."""
    with _bench(folder) as bench, TcpProxy("127.0.0.1", 0) as hole, ThreadPoolExecutor(1) as beside:
        hole.plan(then=Link(End.STALL))
        lost = project_at(folder / "lost", through(hole, bench.remote))
        bench.start_over(_small(SMALL_FILES))
        running: list[Future[None]] = []
        seconds: list[float] = []
        reasons: set[str] = set()

        def tick() -> None:
            assert backlog(bench.project, bench.project.config.collections[0]).files == SMALL_FILES

        def tick_into_the_hole() -> None:
            begun = time.perf_counter()
            try:
                backlog(lost, lost.config.collections[0])
            except ServerUnreachableError as error:
                reasons.add(str(error))
            seconds.append(time.perf_counter() - begun)

        def tick_beside_it() -> None:
            running.append(beside.submit(tick_into_the_hole))
            tick()
            assert not running[-1].done()

        yield Case(
            what=f"a tick over {SMALL_FILES:,} files beside a black hole",
            floor="the same alone",
            subject=tick_beside_it,
            rival=tick,
            prepare=lambda: wait(running),
            note=lambda: (
                f"the other failed after {max(seconds):.1f} s at most (wanted: "
                f"{HOLE_SECONDS}): {' or '.join(reasons)}"
            ),
        )


# VmHWM begins anew with a program, unlike what getrusage tells. It counts the code of libraries,
# which all processes share; RssAnon is without it.
_PEAK = """
import re, sys
from pathlib import Path
from eur_pipeline.collect.server import ArchiveServer
from eur_pipeline.project import Project
def told(name):
    return re.search(name + r":\\s+(\\d+)", Path("/proc/self/status").read_text())[1]
project = Project.find(Path(sys.argv[1]))
with ArchiveServer.of(project, project.config.collections[0]) as server:
    before = told("VmHWM")
    listing = server.list()
    print(before, told("VmHWM"), told("RssAnon"))
"""


def _memory(project: Project) -> str:
    """The peak of a process that lists, once connected and in the end, and what is its own."""
    run = subprocess.run(
        [sys.executable, "-c", _PEAK, project.path], check=True, capture_output=True, text=True
    )
    before, after, own = (int(kibibytes) / 1024 for kibibytes in run.stdout.split())
    return (
        f"peak memory {after:.0f} MB, {after - before:.0f} MB of it for the listing, "
        f"{own:.0f} MB without the code of libraries"
    )
