"""Collecting from a real SFTP server: nothing lost, nothing twice, nothing removed unproven."""

import datetime as dt
import gzip
import hashlib
import time
from pathlib import Path
from threading import Event

import pytest
import time_machine

from eur_pipeline.collect.collector import collect
from eur_pipeline.collect.index import INDEX_NAME, LandingIndex
from eur_pipeline.collect.landing import LandingZone, Manifest
from eur_pipeline.collect.report import CollectReport, Progress
from eur_pipeline.collect.server import ArchiveServer
from eur_pipeline.errors import (
    BusyError,
    HostKeyError,
    LoginRefusedError,
    RemoteFolderError,
    ServerUnreachableError,
)
from eur_pipeline.intervals import Window
from eur_pipeline.lake.reading import read_window
from eur_pipeline.project import Project
from tests.conftest import UPLOADED, Remote, archive_xml, project_at, through
from tests.faults.proxy import End, Link, TcpProxy

HOUR = dt.timedelta(hours=1)


def collect_all(project: Project, window: Window | None = None) -> CollectReport:
    return collect(project, project.config.collections[0], window)


def zone_of(project: Project) -> LandingZone:
    return LandingZone.of(project)


def landed(project: Project) -> dict[str, bytes]:
    zone = zone_of(project)
    return {m.name: zone.open(m).read() for m in zone.manifests("geneva_im")}


def test_archives_are_landed_to_the_byte_and_then_removed(project: Project, remote: Remote) -> None:
    contents = {f"im_{n}.xml": archive_xml(f"body {n}") for n in range(3)}
    for name, content in contents.items():
        remote.put(name, content)

    report = collect_all(project)

    assert landed(project) == contents
    assert remote.names() == []
    assert (len(report.collected), report.removed, report.duplicates) == (3, 3, 0)


def test_a_manifest_says_what_was_collected(project: Project, remote: Remote) -> None:
    content = archive_xml("hello")
    remote.put("im 1.xml", content)

    (manifest,) = collect_all(project).collected

    sha256 = hashlib.sha256(content).hexdigest()
    assert manifest == Manifest(
        collection="geneva_im",
        upload_hour=UPLOADED,
        name="im 1.xml",
        remote_path=f"{remote.path}/im 1.xml",
        size=len(content),
        mtime=UPLOADED,
        sha256=sha256,
        collected_at=manifest.collected_at,
        key=f"geneva_im/2026-03-09T08Z/{sha256[:16]}-im_1.xml",
        duplicate_of=None,
    )
    assert zone_of(project).manifest(manifest.key) == manifest


def test_kept_archives_stay_on_the_server_and_are_collected_once(
    tmp_path: Path, remote: Remote
) -> None:
    project = project_at(tmp_path / "keeping", remote, after_collect="keep")
    remote.put("im.xml", archive_xml("hello"))

    assert len(collect_all(project).collected) == 1
    again = collect_all(project)

    assert (again.collected, again.removed) == ([], 0)
    assert remote.names() == ["im.xml"]


def test_only_the_hours_of_the_window_are_collected(project: Project, remote: Remote) -> None:
    remote.put("early.xml", archive_xml("early"), UPLOADED - HOUR)
    remote.put("inside.xml", archive_xml("inside"), UPLOADED + HOUR / 2)
    remote.put("late.xml", archive_xml("late"), UPLOADED + HOUR)

    collect_all(project, Window(UPLOADED, UPLOADED + HOUR))

    assert list(landed(project)) == ["inside.xml"]
    assert remote.names() == ["early.xml", "late.xml"]


def test_what_has_arrived_of_a_large_archive_is_kept_by_runs_over_other_hours(
    tmp_path: Path, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eur_pipeline.collect.collector.ATTEMPTS", 1)
    large = archive_xml("x" * 3_000_000)
    remote.put("large.xml", large)
    remote.put("late.xml", archive_xml("late"), UPLOADED + HOUR)
    with TcpProxy(remote.server.host, remote.server.port) as link:
        project = project_at(tmp_path / "far", through(link, remote))
        link.plan(Link(End.CUT, after_bytes=2_000_000))
        with pytest.raises(ServerUnreachableError):
            collect_all(project, Window(UPLOADED, UPLOADED + HOUR))
        (begun,) = project.landing_path.rglob(".unfinished-*")
        arrived = begun.stat().st_size

        collect_all(project, Window(UPLOADED + HOUR, UPLOADED + 2 * HOUR))

        assert 0 < arrived == begun.stat().st_size
        collect_all(project)
    assert landed(project) == {"large.xml": large, "late.xml": archive_xml("late")}
    assert not begun.exists()


def test_known_content_under_another_name_is_a_duplicate(project: Project, remote: Remote) -> None:
    remote.put("first.xml", archive_xml("hello"))
    (first,) = collect_all(project).collected
    remote.put("second.xml", archive_xml("hello"), UPLOADED + HOUR)

    report = collect_all(project)

    assert [m.duplicate_of for m in report.collected] == [first.key]
    assert remote.names() == []


def test_twins_of_one_batch_have_keys_of_their_own(project: Project, remote: Remote) -> None:
    remote.put("a b.xml", archive_xml("hello"))
    remote.put("a_b.xml", archive_xml("hello"))

    first, second = collect_all(project).collected

    assert second.key == f"{first.key}~2"
    assert second.duplicate_of == first.key


def test_a_twin_called_like_a_manifest_overwrites_none(project: Project, remote: Remote) -> None:
    for name in ("im.xml", "im.xml.json", "other.xml.json"):
        remote.put(name, archive_xml("hello"))
    collect_all(project)
    remote.put("other.xml", archive_xml("hello"))
    collect_all(project)

    names = ("im.xml", "im.xml.json", "other.xml", "other.xml.json")
    assert landed(project) == dict.fromkeys(names, archive_xml("hello"))


def test_what_has_a_damaged_manifest_is_landed_once_more(
    project: Project, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = leave_collected_on_server(project, remote, monkeypatch)
    project.landing_path.joinpath(f"{manifest.key}.json").write_bytes(b"{")

    assert len(collect_all(project).collected) == 1
    assert landed(project) == {"im.xml": archive_xml("hello")}
    assert remote.names() == []


def test_the_same_name_with_other_content_is_kept_too(project: Project, remote: Remote) -> None:
    remote.put("im.xml", archive_xml("first"))
    collect_all(project)
    remote.put("im.xml", archive_xml("second"))
    collect_all(project)

    zone = zone_of(project)
    contents = {zone.open(m).read() for m in zone.manifests("geneva_im")}
    assert contents == {archive_xml("first"), archive_xml("second")}


def test_files_still_being_uploaded_wait(project: Project, remote: Remote) -> None:
    now = dt.datetime.now(dt.UTC)
    remote.put(".im.xml.part", archive_xml("hidden"))
    remote.put("im.xml.filepart", archive_xml("partial"))
    remote.put("unclosed.xml", archive_xml("half")[:-5], now)
    remote.put("half.xml.gz", gzip.compress(archive_xml("half"))[:-5], now)
    remote.put("empty.xml", b"", now)

    report = collect_all(project)

    assert report.collected == []
    assert len(report.waiting) == 5
    assert len(remote.names()) == 5


@pytest.mark.parametrize(
    "content", [archive_xml("half")[:-5], archive_xml("half").decode().encode("utf-16")[:90]]
)
def test_what_may_still_grow_is_collected_but_not_removed_until_it_stood_unchanged(
    project: Project, remote: Remote, content: bytes
) -> None:
    remote.put("unclosed.xml", content)

    first = collect_all(project)
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(minutes=61)):
        second = collect_all(project)

    assert (len(first.collected), first.removed) == (1, 0)
    assert "may still grow" in first.waiting[f"{remote.path}/unclosed.xml"].reason
    assert (second.collected, second.removed) == ([], 1)
    assert landed(project) == {"unclosed.xml": content}


def test_a_file_that_changed_since_it_was_collected_is_not_removed(
    project: Project, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = remote.put("im.xml", archive_xml("hello"))
    record = LandingZone.record

    def grow_before_the_removal(zone: LandingZone, manifests: list[Manifest]) -> None:
        record(zone, manifests)
        path.write_bytes(archive_xml("hello", "and more"))

    monkeypatch.setattr(LandingZone, "record", grow_before_the_removal)
    assert collect_all(project).removed == 0
    monkeypatch.undo()

    assert path.read_bytes() == archive_xml("hello", "and more")
    assert len(collect_all(project).collected) == 1


@pytest.mark.parametrize(
    "step",
    [
        "eur_pipeline.storage.LocalStore.adopt",
        "eur_pipeline.collect.index.LandingIndex.announce",
        "eur_pipeline.collect.landing.LandingZone.record",
        "eur_pipeline.collect.server.ArchiveServer.remove",
    ],
)
def test_a_crash_before_any_step_is_repaired_by_the_next_run(
    project: Project, remote: Remote, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    remote.put("im.xml", archive_xml("hello"))

    def crash(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(step, crash)
    with pytest.raises(RuntimeError):
        collect_all(project)
    monkeypatch.undo()
    collect_all(project)

    assert landed(project) == {"im.xml": archive_xml("hello")}
    assert remote.names() == []
    assert not list(project.landing_path.rglob(".unfinished-*"))


@pytest.mark.parametrize("method", ["open", "remove"])
def test_a_file_that_cannot_be_had_or_removed_keeps_no_other_from_it(
    project: Project, remote: Remote, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    for name in ("a.xml", "b.xml", "c.xml"):
        remote.put(name, archive_xml(name))
    works = getattr(ArchiveServer, method)

    def refuse_one(server: ArchiveServer, file: object) -> object:
        if "b.xml" in str(file):
            raise RemoteFolderError("no permission")
        return works(server, file)

    monkeypatch.setattr(ArchiveServer, method, refuse_one)
    report = collect_all(project)

    assert report.alarms == {f"{remote.path}/b.xml": "no permission"}
    assert remote.names() == ["b.xml"]
    assert {"a.xml", "c.xml"} <= landed(project).keys()


async def do_nothing(*_: object) -> None:
    """In the place of a removal."""


def leave_collected_on_server(
    project: Project, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> Manifest:
    """A run that was broken off between recording and removing."""
    remote.put("im.xml", archive_xml("hello"))
    monkeypatch.setattr(ArchiveServer, "remove", do_nothing)
    (manifest,) = collect_all(project).collected
    monkeypatch.undo()
    return manifest


def test_a_damaged_landed_copy_is_mended_before_the_servers_is_removed(
    project: Project, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = leave_collected_on_server(project, remote, monkeypatch)
    project.landing_path.joinpath(manifest.key).write_bytes(b"\0" * manifest.size)

    report = collect_all(project)

    assert (report.collected, report.removed) == ([], 1)
    assert landed(project) == {"im.xml": archive_xml("hello")}
    assert remote.names() == []


def test_an_hour_that_is_read_while_an_archive_lands_is_read_again(
    project: Project, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote.put("im.xml", archive_xml("hello"))
    record = LandingZone.record

    def be_overtaken(zone: LandingZone, manifests: list[Manifest]) -> None:
        hours = Window(UPLOADED, UPLOADED + HOUR)
        list(read_window(project, project.config.collections[0], hours))
        record(zone, manifests)

    monkeypatch.setattr(LandingZone, "record", be_overtaken)
    collect_all(project)

    assert list(LandingIndex(zone_of(project), "geneva_im").unread()) == [UPLOADED]


def test_other_content_of_the_same_name_size_and_time_is_collected_too(
    project: Project, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_collected_on_server(project, remote, monkeypatch)
    remote.put("im.xml", archive_xml("world"))

    assert len(collect_all(project).collected) == 1

    zone = zone_of(project)
    contents = {zone.open(m).read() for m in zone.manifests("geneva_im")}
    assert contents == {archive_xml("hello"), archive_xml("world")}
    assert remote.names() == []


def test_contents_that_share_name_size_and_time_are_each_landed_once(
    tmp_path: Path, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = project_at(tmp_path / "project", remote)
    remote.put("other.xml", archive_xml("world"))
    collect_all(project)
    leave_collected_on_server(project, remote, monkeypatch)
    monkeypatch.setattr(ArchiveServer, "remove", do_nothing)
    remote.put("im.xml", archive_xml("world"))

    landings = [len(collect_all(project).collected) for _ in range(3)]

    assert landings == [1, 0, 0]


def test_a_lost_index_is_rebuilt_from_the_manifests(project: Project, remote: Remote) -> None:
    remote.put("im.xml", archive_xml("hello"))
    (first,) = collect_all(project).collected
    (project.landing_path / "geneva_im" / INDEX_NAME).unlink()
    remote.put("copy.xml", archive_xml("hello"))

    assert [m.duplicate_of for m in collect_all(project).collected] == [first.key]


def test_an_mtime_outside_the_collections_life_files_by_first_sight(
    project: Project, remote: Remote
) -> None:
    remote.put("old.xml", archive_xml("old"), dt.datetime(1999, 1, 1, tzinfo=dt.UTC))
    remote.put("new.xml", archive_xml("new"), dt.datetime(2099, 1, 1, tzinfo=dt.UTC))
    before = dt.datetime.now(dt.UTC) - HOUR

    hours = {m.upload_hour for m in collect_all(project).collected}

    assert all(before <= hour <= dt.datetime.now(dt.UTC) for hour in hours)


@pytest.mark.parametrize("name", ["with space.xml", "-rf.xml", "ünï ☃.xml", "a\nb.xml", "a\\b.xml"])
def test_any_name_is_collected_and_is_no_path(project: Project, remote: Remote, name: str) -> None:
    remote.put(name, archive_xml("hello"))

    (manifest,) = collect_all(project).collected

    assert manifest.name == name.replace("\\", "\\\\").replace("\n", "\\x0a")
    assert set(manifest.key.split("-", 5)[-1]) <= set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
    )
    assert remote.names() == []


def test_a_name_that_is_no_utf8_is_collected(project: Project, remote: Remote) -> None:
    path = bytes(remote.folder) + b"/caf\xe9.xml"
    Path(path.decode("utf-8", "surrogateescape")).write_bytes(archive_xml("hello"))

    (manifest,) = collect_all(project).collected

    assert manifest.name == "caf\\xe9.xml"
    assert remote.names() == []


def test_folders_and_links_are_left_alone(project: Project, remote: Remote) -> None:
    (remote.folder / "folder.xml").mkdir()
    (remote.folder / "link.xml").symlink_to("elsewhere")

    assert collect_all(project).collected == []
    assert remote.names() == ["folder.xml", "link.xml"]


def test_an_interrupted_run_ends_when_what_it_is_landing_has_landed(
    project: Project, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote.put("im.xml", archive_xml("hello"))
    record, landing, interrupted = LandingZone.record, Event(), Event()

    def be_interrupted(zone: LandingZone, manifests: list[Manifest]) -> None:
        landing.set()
        interrupted.wait()
        # What does not wait has ended long before.
        time.sleep(0.3)
        record(zone, manifests)

    def interrupt(_: Progress) -> None:
        if landing.is_set():
            interrupted.set()
            raise KeyboardInterrupt

    monkeypatch.setattr(LandingZone, "record", be_interrupted)
    with pytest.raises(KeyboardInterrupt):
        collect(project, project.config.collections[0], on_progress=interrupt)

    assert landed(project) == {"im.xml": archive_xml("hello")}


def test_two_collectors_of_one_collection_exclude_each_other(project: Project) -> None:
    with project.lock("collect-geneva_im"), pytest.raises(BusyError, match="another process"):
        collect_all(project)


@pytest.mark.parametrize("remote", ["embedded"], indirect=True)
def test_a_wrong_password_is_permanent_and_is_not_shown(
    project: Project, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EUR_TEST_PASSWORD", "not-this-one")

    with pytest.raises(LoginRefusedError) as error:
        collect_all(project)

    assert "EUR_TEST_PASSWORD" in str(error.value)
    assert "not-this-one" not in str(error.value)


def test_another_host_key_is_permanent(project: Project, remote: Remote) -> None:
    line = remote.server.known_hosts_line
    other = "AAAAC3NzaC1lZDI1NTE5AAAAIGtYt8v2cXq0Xr9cUQp0m3R0y0m1wqvT9m0e1m1JQmXk"
    project.known_hosts_path.write_text(f"{line.rsplit(' ', 1)[0]} {other}\n")

    with pytest.raises(HostKeyError, match="host key"):
        collect_all(project)


def test_an_unknown_host_is_permanent(project: Project) -> None:
    project.known_hosts_path.write_text("")

    with pytest.raises(HostKeyError, match="host key"):
        collect_all(project)


def test_a_missing_folder_is_an_error_and_not_an_empty_one(tmp_path: Path, remote: Remote) -> None:
    project = project_at(tmp_path / "lost", remote, remote_path="/missing")

    with pytest.raises(RemoteFolderError, match="no such folder"):
        collect_all(project)


def test_a_server_that_is_down_is_transient(
    tmp_path: Path, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eur_pipeline.collect.collector.LONGEST_PAUSE_SECONDS", 0)
    project = project_at(tmp_path / "down", remote, port=1)

    with pytest.raises(ServerUnreachableError, match="connect"):
        collect_all(project)
