"""What lies in a remote folder and is no ordinary archive: for each it is defined what happens."""

import datetime as dt
import os
import socket
import stat
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import asyncssh
import pytest
import time_machine

from eur_pipeline.collect.collector import collect
from eur_pipeline.collect.landing import LandingZone, Manifest
from eur_pipeline.collect.remote import Attributes, reason_to_leave
from eur_pipeline.collect.report import CollectReport
from eur_pipeline.errors import ServerUnreachableError
from eur_pipeline.project import Project
from tests.conftest import Remote, archive_xml, embedded, project_at
from tests.faults.lying import LyingFiles, empty, fail, twice, without_size, without_times
from tests.faults.script import Answer, Event, Script, Step, Strike

HOUR = dt.timedelta(hours=1)
LARGE = archive_xml(*("x" * 8000 for _ in range(160)))


@pytest.fixture
def lying(tmp_path: Path) -> Iterator[tuple[Project, Remote, Script]]:
    """A project, its server, and what that says that is not so."""
    script = Script()
    with embedded(tmp_path, partial(LyingFiles, script=script)) as remote:
        yield project_at(tmp_path / "project", remote), remote, script


def collect_all(project: Project, *, later: dt.timedelta = dt.timedelta()) -> CollectReport:
    with time_machine.travel(dt.datetime.now(dt.UTC) + later):
        return collect(project, project.config.collections[0])


def landed(project: Project) -> list[bytes]:
    zone = LandingZone.of(project)
    return [zone.open(manifest).read() for manifest in zone.manifests("geneva_im")]


def always(*answers: Answer) -> list[Strike]:
    """The server describes its files so, whenever it is asked."""
    looks = (Step.LIST, Step.VERIFY, Step.STAT)
    return [Strike(step, answer=answer, times=None) for step in looks for answer in answers]


def make_socket(path: Path) -> None:
    # A socket's path may have 107 bytes only.
    here = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name)
    finally:
        os.chdir(here)


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (Path.mkdir, "a folder"),
        (lambda path: path.symlink_to("elsewhere"), "a symbolic link"),
        (os.mkfifo, "a pipe"),
        (make_socket, "a socket"),
    ],
    ids=["folder", "link", "pipe", "socket"],
)
def test_what_is_no_file_is_left_alone_and_named(
    project: Project, remote: Remote, make: Any, kind: str
) -> None:
    make(remote.folder / "odd.xml")
    remote.put("archive.xml", archive_xml("hello"))

    report = collect_all(project)

    # SFTP's third version has no word for a socket or a pipe but their mode.
    assert report.left_alone["odd.xml"] in {kind, "a special file"}
    assert (len(report.collected), remote.names()) == (1, ["odd.xml"])


def test_a_link_to_an_archive_is_not_followed(project: Project, remote: Remote) -> None:
    outside = remote.folder.parent / "outside.xml"
    outside.write_bytes(archive_xml("not ours"))
    (remote.folder / "link.xml").symlink_to(outside)
    assert collect_all(project).collected == []
    assert outside.exists()


def test_archives_in_folders_are_not_looked_for(project: Project, remote: Remote) -> None:
    (remote.folder / "folder").mkdir()
    (remote.folder / "folder" / "a.xml").write_bytes(archive_xml("deep"))
    assert collect_all(project).collected == []


def test_a_name_as_long_as_names_can_be_is_collected(project: Project, remote: Remote) -> None:
    name = "ä" * 125 + "b.xml"
    assert len(name.encode()) == 255
    remote.put(name, archive_xml("hello"))
    (manifest,) = collect_all(project).collected
    assert (manifest.name, remote.names()) == (name, [])


@pytest.mark.parametrize("name", ["../up.xml", "/etc/passwd", "a/b.xml", "a\0b.xml"])
def test_a_name_that_is_a_path_is_left_alone(name: str) -> None:
    file = Attributes(size=1, uid=0, mode=stat.S_IFREG, mtime=0)
    assert reason_to_leave(name, file) == "its name is a path"


def test_an_entry_that_the_server_does_not_explain_may_be_a_file() -> None:
    unknown = Attributes(size=None, uid=None, mode=None, mtime=None)
    assert reason_to_leave("a.xml", unknown) is None


def test_an_entry_without_a_name_is_left_alone() -> None:
    file = Attributes(size=1, uid=0, mode=stat.S_IFREG, mtime=0)
    assert reason_to_leave("", file) == "it has no name"


def test_a_file_that_the_server_lists_twice_is_one(
    lying: tuple[Project, Remote, Script],
) -> None:
    project, remote, script = lying
    remote.put("a.xml", archive_xml("hello"))
    remote.put("b.xml", archive_xml("world"))
    script.set(Strike(Step.LIST, answer=twice))

    report = collect_all(project)

    assert (len(report.collected), report.removed, remote.names()) == (2, 2, [])


def test_a_listing_that_the_server_fails_without_a_reason_is_tried_again(
    lying: tuple[Project, Remote, Script], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eur_pipeline.collect.collector.LONGEST_PAUSE_SECONDS", 0)
    project, remote, script = lying
    remote.put("a.xml", archive_xml("hello"))
    script.set(Strike(Step.LIST, fail))
    assert (len(collect_all(project).collected), remote.names()) == (1, [])

    script.set(Strike(Step.LIST, fail, times=None))
    with pytest.raises(ServerUnreachableError, match="look whether remote_path of geneva_im is a"):
        collect_all(project)


def test_a_size_that_no_disk_has_keeps_no_other_file_from_being_collected(
    lying: tuple[Project, Remote, Script],
) -> None:
    project, remote, script = lying
    remote.put("a.xml", archive_xml("hello"))
    remote.put("huge.xml", archive_xml("world"))
    script.set(Strike(Step.LIST, answer=_huge, times=None))

    report = collect_all(project)

    assert report.left_alone == {"huge.xml": "it says to have 18,446,744,073,709,551,615 bytes"}
    assert (len(report.collected), remote.names()) == (1, ["huge.xml"])


def _huge(event: Event, answer: asyncssh.SFTPName) -> asyncssh.SFTPName:
    if answer.filename == b"huge.xml":
        answer.attrs.size = 2**64 - 1
    return answer


@pytest.mark.parametrize("answers", [(empty,), (empty, without_times)], ids=["", "no times"])
def test_a_file_that_the_server_says_is_empty_and_is_not_is_never_removed(
    lying: tuple[Project, Remote, Script], answers: tuple[Answer, ...]
) -> None:
    project, remote, script = lying
    remote.put("a.xml", archive_xml("hello"))
    script.set(*always(*answers))

    reports = [collect_all(project, later=hours * HOUR) for hours in range(0, 6, 2)]

    assert (remote.names(), landed(project)) == (["a.xml"], [])
    assert list(reports[-1].alarms) == ["/archives/a.xml"]
    script.set()
    assert (collect_all(project).removed, landed(project)) == (1, [archive_xml("hello")])


@pytest.mark.parametrize("content", [archive_xml("hello"), LARGE], ids=["small", "large"])
@pytest.mark.parametrize("answers", [(without_size,), (without_size, without_times)])
def test_a_file_whose_size_the_server_does_not_tell_is_collected_whole_and_removed(
    lying: tuple[Project, Remote, Script], answers: tuple[Answer, ...], content: bytes
) -> None:
    project, remote, script = lying
    remote.put("a.xml", content)
    script.set(*always(*answers))

    report = collect_all(project)

    assert (landed(project), remote.names(), report.removed) == ([content], [], 1)
    assert report.bytes == len(content)


def test_a_file_whose_size_is_not_told_is_removed_only_while_it_is_what_was_collected(
    lying: tuple[Project, Remote, Script], monkeypatch: pytest.MonkeyPatch
) -> None:
    project, remote, script = lying
    remote.put("a.xml", archive_xml("hello"))
    script.set(*always(without_size))
    record = LandingZone.record

    def replace_before_the_removal(zone: LandingZone, manifests: list[Manifest]) -> None:
        record(zone, manifests)
        remote.put("a.xml", archive_xml("hello", "and more"))

    monkeypatch.setattr(LandingZone, "record", replace_before_the_removal)
    assert collect_all(project).removed == 0
    monkeypatch.undo()

    assert remote.names() == ["a.xml"]
    assert collect_all(project).removed == 1
    assert sorted(landed(project), key=len) == [
        archive_xml("hello"),
        archive_xml("hello", "and more"),
    ]


def test_a_kept_file_whose_size_is_not_told_is_collected_once(
    tmp_path: Path, lying: tuple[Project, Remote, Script]
) -> None:
    _, remote, script = lying
    project = project_at(tmp_path / "keeping", remote, after_collect="keep")
    remote.put("a.xml", archive_xml("hello"))
    script.set(*always(without_size))
    assert [len(collect_all(project).collected) for _ in range(2)] == [1, 0]


def test_a_large_file_whose_size_is_not_told_goes_on_where_it_broke(
    lying: tuple[Project, Remote, Script],
) -> None:
    project, remote, script = lying
    remote.put("a.xml", LARGE)
    script.set(*always(without_size), Strike(Step.READ, fail, nth=4))
    assert collect_all(project).collected == []
    script.set(*always(without_size))

    assert collect_all(project).removed == 1

    assert landed(project) == [LARGE]
    assert next(event.offset for event in script.events if event.step is Step.READ) > 0


def test_an_empty_file_waits_and_is_then_kept_as_it_is(project: Project, remote: Remote) -> None:
    remote.put("empty.xml", b"", dt.datetime.now(dt.UTC))

    first = collect_all(project)
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(minutes=61)):
        second = collect_all(project)

    assert [w.alarm for w in first.waiting.values()] == [False]
    assert (len(second.collected), remote.names()) == (1, [])
    zone = LandingZone.of(project)
    assert [zone.open(m).read() for m in zone.manifests("geneva_im")] == [b""]
