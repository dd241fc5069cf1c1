"""Collecting with the whole protocol, beside an sshfs `get` and `rm` of the same files."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sshfs import SSHFileSystem

from eur_pipeline.collect.collector import collect
from eur_pipeline.project import Project
from eur_pipeline.simulator.sftp_server import SftpServer
from tests.conftest import UPLOADED, Remote, archive_xml, project_at

Case = tuple[str, str, tuple[Callable[[], object], Callable[[], object]]]

SMALL_FILES, SMALL_BYTES = 200, 5_000
LARGE_BYTES = 50_000_000


@contextmanager
def many_small_archives(folder: Path) -> Iterator[Case]:
    """Hundreds of small files."""
    contents = [archive_xml(f"{n} " + "x" * SMALL_BYTES) for n in range(SMALL_FILES)]
    with _case(folder, contents) as work:
        yield f"collect {SMALL_FILES} archives of {SMALL_BYTES:,} bytes", "sshfs get + rm", work


@contextmanager
def one_large_archive(folder: Path) -> Iterator[Case]:
    """One large file."""
    with _case(folder, [archive_xml("x" * LARGE_BYTES)]) as work:
        yield f"collect 1 archive of {LARGE_BYTES:,} bytes", "sshfs get + rm", work


@contextmanager
def _case(
    folder: Path, contents: list[bytes]
) -> Iterator[tuple[Callable[[], object], Callable[[], object]]]:
    remote_folder = folder / "remote" / "archives"
    remote_folder.mkdir(parents=True)
    with SftpServer(
        root=remote_folder.parent, user="avaya", password="correct", host_key_path=folder / "key"
    ) as server:
        remote = Remote(server, remote_folder)
        project = project_at(folder / "project", remote)
        rounds = iter(range(1000))

        def upload() -> None:
            # Other content every time: what is known already would be recognised.
            number = next(rounds)
            for n, content in enumerate(contents):
                remote.put(f"{number}-{n}.xml", content + f"<!--{number}-->".encode(), UPLOADED)

        yield (lambda: _collect(project, upload), lambda: _get_and_remove(remote, folder, upload))


def _collect(project: Project, upload: Callable[[], None]) -> None:
    upload()
    report = collect(project, project.config.collections[0])
    assert report.removed == len(report.collected) > 0


def _get_and_remove(remote: Remote, folder: Path, upload: Callable[[], None]) -> None:
    upload()
    files = SSHFileSystem(
        remote.server.host,
        port=remote.server.port,
        username="avaya",
        password="correct",
        skip_instance_cache=True,
    )
    for path in files.ls("/archives", detail=False):
        files.get_file(path, str(folder / "got"))
        files.rm_file(path)
    # Goes on the loop that the connection lives on.
    files.loop.call_soon_threadsafe(files.client.close)
