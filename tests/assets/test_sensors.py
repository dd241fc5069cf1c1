"""What a collection's sensor asks for, in the light of its server, its ledger and its runs."""

import socket
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import pytest
import yaml
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)

from assets import sensors
from assets.sensors import LONGEST_PAUSE_SECONDS, Attempt
from eur_pipeline.collect.collector import collect
from eur_pipeline.errors import (
    ConfigurationError,
    LoginRefusedError,
    RemoteFolderError,
    ServerUnreachableError,
)
from eur_pipeline.lake.quarantine import quarantined, read_again
from eur_pipeline.project import BODY_KEY_VARIABLE, Project
from tests.assets.location import HOUR, JOB, CodeLocation, Tick
from tests.conftest import UPLOADED, Remote, archive_xml, project_at

BUILT_IN = files("eur_pipeline.archives") / "dialects"


class Daemon:
    """Ticks the sensor as the daemon would, at a time of its own, and keeps the cursor."""

    def __init__(self, location: CodeLocation) -> None:
        self.now = 1_800_000_000.0
        self.cursor: str | None = None
        self._location = location

    def tick(self, *, after: float = 0) -> Tick:
        """Evaluate the sensor `after` so many seconds."""
        self.now += after
        tick = self._location.ask_sensor(self.cursor)
        self.cursor = tick.cursor
        return tick


@pytest.fixture
def daemon(location: CodeLocation, monkeypatch: pytest.MonkeyPatch) -> Daemon:
    """A daemon whose clock stands still between ticks."""
    daemon = Daemon(location)
    # The sensor's clock alone: the SFTP server and its client go on with theirs.
    monkeypatch.setattr(sensors, "time", SimpleNamespace(time=lambda: daemon.now))
    return daemon


def _add_run(instance: dg.DagsterInstance, status: dg.DagsterRunStatus, job: str = JOB) -> None:
    code = RegisteredCodeLocationOrigin("eur_pipeline")
    # No queued run is without it.
    origin = RemoteJobOrigin(RemoteRepositoryOrigin(code, "__repository__"), job)
    instance.add_run(dg.DagsterRun(job_name=job, status=status, remote_job_origin=origin))


def test_nothing_on_the_server_asks_for_nothing(daemon: Daemon) -> None:
    tick = daemon.tick()
    assert (tick.requests, tick.skipped) == ([], "nothing new")


def test_one_run_is_asked_for_every_contiguous_range(daemon: Daemon, remote: Remote) -> None:
    for number, hours in enumerate((0, 1, 2, 5, 7, 8)):
        remote.put(f"{number}.xml", archive_xml("hello"), UPLOADED + hours * HOUR)
    assert daemon.tick().ranges == [
        ("2026-03-09T08Z", "2026-03-09T10Z"),
        ("2026-03-09T13Z", "2026-03-09T13Z"),
        ("2026-03-09T15Z", "2026-03-09T16Z"),
    ]


def test_a_range_has_fifty_intervals_at_the_most(daemon: Daemon, remote: Remote) -> None:
    for number in range(51):
        remote.put(f"{number}.xml", archive_xml("hello"), UPLOADED + number * HOUR)
    assert daemon.tick().ranges == [
        ("2026-03-09T08Z", "2026-03-11T09Z"),
        ("2026-03-11T10Z", "2026-03-11T10Z"),
    ]


@pytest.mark.parametrize(
    "status",
    [
        dg.DagsterRunStatus.NOT_STARTED,
        dg.DagsterRunStatus.QUEUED,
        dg.DagsterRunStatus.STARTING,
        dg.DagsterRunStatus.STARTED,
        dg.DagsterRunStatus.CANCELING,
    ],
)
def test_nothing_is_asked_for_while_a_run_of_the_collection_is_unfinished(
    daemon: Daemon, remote: Remote, instance: dg.DagsterInstance, status: dg.DagsterRunStatus
) -> None:
    remote.put("im.xml", archive_xml("hello"))
    _add_run(instance, status)
    tick = daemon.tick()
    assert tick.requests == []
    assert "queued or at work" in str(tick.skipped)


def test_runs_of_others_and_finished_runs_hold_nothing_up(
    daemon: Daemon, remote: Remote, instance: dg.DagsterInstance
) -> None:
    remote.put("im.xml", archive_xml("hello"))
    _add_run(instance, dg.DagsterRunStatus.STARTED, job="collect_boston_im")
    _add_run(instance, dg.DagsterRunStatus.SUCCESS)
    _add_run(instance, dg.DagsterRunStatus.FAILURE)
    assert daemon.tick().ranges


def test_the_same_work_is_asked_for_again_after_growing_pauses(
    daemon: Daemon, remote: Remote
) -> None:
    remote.put("im.xml", archive_xml("hello"))
    assert daemon.tick().requests
    for pause in (30, 60, 120, 240, 480, 900, 900):
        assert daemon.tick(after=pause - 1).requests == []
        assert daemon.tick(after=1).requests


def test_no_number_of_attempts_makes_a_longer_pause() -> None:
    assert Attempt("work", 1000).pause() == LONGEST_PAUSE_SECONDS == 15 * 60


def test_every_attempt_has_a_run_key_of_its_own(daemon: Daemon, remote: Remote) -> None:
    remote.put("im.xml", archive_xml("hello"))
    keys = [daemon.tick(after=wait).requests[0].run_key for wait in (0, 31, 61)]
    assert len(set(keys)) == 3


def test_a_new_listing_is_asked_for_at_once(daemon: Daemon, remote: Remote) -> None:
    remote.put("im.xml", archive_xml("hello"))
    assert daemon.tick().requests
    assert daemon.tick(after=1).requests == []
    remote.put("next.xml", archive_xml("hello"), UPLOADED + HOUR)
    assert daemon.tick(after=1).requests


def test_pauses_begin_anew_when_all_was_done_in_between(daemon: Daemon, remote: Remote) -> None:
    path = remote.put("im.xml", archive_xml("hello"))
    daemon.tick()
    path.unlink()
    assert daemon.tick(after=1).skipped == "nothing new"
    assert not daemon.cursor
    remote.put("im.xml", archive_xml("hello"))
    assert daemon.tick(after=1).requests


def test_a_folder_that_cannot_be_listed_fails_the_tick(daemon: Daemon, remote: Remote) -> None:
    remote.folder.rmdir()
    with pytest.raises(RemoteFolderError):
        daemon.tick()


def test_a_server_that_is_down_fails_the_tick(
    tmp_path: Path, remote: Remote, instance: dg.DagsterInstance
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    project = project_at(tmp_path / "down", remote, port=port)
    with pytest.raises(ServerUnreachableError):
        CodeLocation(project, instance).ask_sensor()


def test_a_file_that_waits_too_long_raises_the_check_without_a_run(
    daemon: Daemon, remote: Remote
) -> None:
    path = remote.put("old.part", b"")
    ticks = [daemon.tick(), daemon.tick()]
    path.unlink()
    ticks += [daemon.tick(), daemon.tick()]
    assert [tick.requests for tick in ticks] == [[]] * 4
    assert [tick.verdicts for tick in ticks] == [[False], [], [True], []]


def test_what_was_landed_and_not_read_is_asked_for_although_the_server_is_empty(
    daemon: Daemon, remote: Remote, location: CodeLocation
) -> None:
    remote.put("im.xml", archive_xml("hello"))
    collect(location.project, location.project.config.collections[0])
    assert remote.names() == []
    tick = daemon.tick()
    assert tick.ranges == [("2026-03-09T08Z", "2026-03-09T08Z")]
    assert location.collect().success
    assert daemon.tick(after=1).skipped == "nothing new"


def test_what_is_to_be_read_again_is_asked_for_and_leaves_the_quarantine(
    daemon: Daemon, location: CodeLocation, remote: Remote
) -> None:
    remote.put("a.xml", archive_xml("hello").replace(b"im-archive", b"archive-of-im"))
    location.collect()
    assert daemon.tick().skipped == "nothing new"
    project = location.project
    built_in = (BUILT_IN / "avaya-ps.yml").read_text(encoding="utf-8")
    project.dialects_path.mkdir()
    (project.dialects_path / "avaya-ps.yml").write_text(
        built_in.replace("im-archive/", "archive-of-im/"), encoding="utf-8"
    )
    read_again(project, quarantined(project))
    (request,) = daemon.tick().requests
    assert location.run(request).success
    assert quarantined(project) == []
    assert daemon.tick().skipped == "nothing new"


def test_the_run_that_was_asked_for_does_the_work(
    daemon: Daemon, remote: Remote, location: CodeLocation
) -> None:
    remote.put("im.xml", archive_xml("hello"))
    (request,) = daemon.tick().requests
    assert location.run(request).success
    assert remote.names() == []
    assert daemon.tick(after=1).skipped == "nothing new"


def test_a_permanent_failure_stops_until_the_configuration_changes(
    daemon: Daemon, remote: Remote, location: CodeLocation, project: Project
) -> None:
    secrets = project.path / ".env"
    right = secrets.read_text()
    secrets.write_text(_without_body_key(right))
    _configure(project, after_collect="keep")
    remote.put("im.xml", archive_xml("hello"))
    (request,) = daemon.tick().requests
    assert not location.run(request).success
    # Collected, but not read: that is other work than before, and is tried once too.
    (request,) = daemon.tick(after=1).requests
    assert not location.run(request).success

    tick = daemon.tick(after=10 * LONGEST_PAUSE_SECONDS)
    assert tick.requests == []
    assert "failed for good" in str(tick.skipped)

    secrets.write_text(right)
    (request,) = daemon.tick(after=1).requests
    assert location.run(request).success
    assert daemon.tick(after=1).skipped == "nothing new"


def test_a_permanent_failure_stops_until_the_listing_changes(
    daemon: Daemon, remote: Remote, location: CodeLocation, project: Project
) -> None:
    secrets = project.path / ".env"
    secrets.write_text(_without_body_key(secrets.read_text()))
    remote.put("im.xml", archive_xml("hello"))
    for _ in range(2):
        (request,) = daemon.tick(after=1).requests
        assert not location.run(request).success
    assert "failed for good" in str(daemon.tick(after=10 * LONGEST_PAUSE_SECONDS).skipped)
    remote.put("next.xml", archive_xml("more"), UPLOADED + HOUR)
    assert daemon.tick(after=1).requests


def test_a_dialect_that_is_missing_fails_a_tick_and_stops_until_it_is_there(
    daemon: Daemon, remote: Remote, location: CodeLocation, project: Project
) -> None:
    remote.put("im.xml", archive_xml("hello"))
    _configure(project, dialect="our-own")
    with pytest.raises(ConfigurationError, match="no dialect is named 'our-own'"):
        daemon.tick()
    assert "see the failed tick before" in str(daemon.tick(after=3600).skipped)

    project.dialects_path.mkdir()
    (project.dialects_path / "our-own.yml").write_bytes((BUILT_IN / "avaya-ps.yml").read_bytes())
    (request,) = daemon.tick().requests
    assert location.run(request).success


def _without_body_key(secrets: str) -> str:
    """Collecting goes well without it, and reading fails for good."""
    lines = secrets.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(BODY_KEY_VARIABLE))


def _configure(project: Project, **collection: str) -> None:
    """Change the collection in the project's file."""
    content = yaml.safe_load(project.config_path.read_text(encoding="utf-8"))
    content["collections"][0].update(collection)
    project.config_path.write_text(yaml.safe_dump(content), encoding="utf-8")


def test_a_refused_login_is_not_tried_again_until_the_configuration_changes(
    daemon: Daemon, remote: Remote, location: CodeLocation
) -> None:
    remote.put("im.xml", archive_xml("hello"))
    secrets = location.project.path / ".env"
    right = secrets.read_text()
    secrets.write_text(right.replace("correct", "wrong"))

    with pytest.raises(LoginRefusedError):
        daemon.tick()
    assert "this configuration was refused" in (daemon.tick(after=3600).skipped or "")

    secrets.write_text(right)
    assert len(daemon.tick().requests) == 1
