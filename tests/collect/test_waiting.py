"""Files that stay on the server: who is told, and when they are tried again."""

import datetime as dt
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import time_machine

from eur_pipeline.collect import collector
from eur_pipeline.collect.backlog import backlog
from eur_pipeline.collect.landing import LandingZone, Manifest
from eur_pipeline.collect.listing import FIRST_PAUSE, LONGEST_PAUSE
from eur_pipeline.collect.report import CollectReport
from eur_pipeline.intervals import Window
from eur_pipeline.project import Project
from tests.conftest import UPLOADED, Remote, archive_xml, embedded, project_at
from tests.faults.lying import LyingFiles, refuse, without_times
from tests.faults.script import Script, Step, Strike

HOUR = dt.timedelta(hours=1)
MINUTE = dt.timedelta(minutes=1)
HALF = archive_xml("half")[:-5]


@pytest.fixture
def script() -> Script:
    """What the server does wrong, and what it was asked."""
    return Script()


@pytest.fixture
def remote(tmp_path: Path, script: Script) -> Iterator[Remote]:
    """A server that follows the script."""
    with embedded(tmp_path, partial(LyingFiles, script=script)) as remote:
        yield remote


def collect_all(
    project: Project, *, insist: bool = False, window: Window | None = None
) -> CollectReport:
    """As Dagster's runs do, unless a person insists."""
    return collector.collect(project, project.config.collections[0], window, insist=insist)


def alarms(project: Project) -> dict[str, str]:
    """What a sensor sees."""
    return dict(backlog(project, project.config.collections[0]).alarms)


def work(project: Project) -> int:
    """How many files a sensor would ask a run for."""
    return backlog(project, project.config.collections[0]).files


def reads(script: Script) -> int:
    """How often the server was asked for content, since the script was set."""
    return sum(event.step is Step.READ for event in script.events)


def after(time: dt.timedelta) -> time_machine.travel:
    """That much later."""
    return time_machine.travel(dt.datetime.now(dt.UTC) + time)


def test_a_file_that_grows_and_grows_raises_an_alarm_in_the_end(
    project: Project, remote: Remote
) -> None:
    seen = []
    for minutes in (0, 30, 61):
        with after(minutes * MINUTE):
            remote.put("log.xml", HALF + b"<!-- -->" * minutes, dt.datetime.now(dt.UTC))
            seen.append([w.alarm for w in collect_all(project).waiting.values()])
            seen.append([True] * len(alarms(project)))
    assert seen == [[False], [], [False], [], [True], [True]]


def test_a_name_that_is_used_again_and_again_raises_no_alarm(
    project: Project, remote: Remote
) -> None:
    for hours in range(3):
        with after(hours * HOUR):
            remote.put("latest.xml", HALF, dt.datetime.now(dt.UTC))
            assert collect_all(project).alarms == {}
            remote.put("latest.xml", archive_xml(f"{hours}"), dt.datetime.now(dt.UTC))
            assert len(collect_all(project).collected) == 1


def test_what_waits_too_long_is_said_by_the_runs_of_all_hours(
    project: Project, remote: Remote
) -> None:
    remote.put("old.part", b"")
    report = collect_all(project, window=Window(UPLOADED + HOUR, UPLOADED + 2 * HOUR))
    assert report.alarms == {"/archives/old.part": "its name says that it is still being uploaded"}
    assert alarms(project) == report.alarms


def test_what_may_not_be_removed_is_not_fetched_again_by_every_run(
    project: Project, remote: Remote, script: Script
) -> None:
    remote.put("a.xml", archive_xml("hello"))
    script.set(Strike(Step.REMOVE, refuse, times=None))
    assert len(collect_all(project).collected) == 1
    script.set(Strike(Step.REMOVE, refuse, times=None))

    report = collect_all(project)

    assert (reads(script), work(project)) == (0, 0)
    assert list(report.alarms) == list(alarms(project)) == ["/archives/a.xml"]
    with after(FIRST_PAUSE):
        assert work(project) == 1
        collect_all(project)
        assert work(project) == 0
    with after(3 * FIRST_PAUSE):
        assert work(project) == 1


def test_no_number_of_refusals_makes_a_longer_pause(
    project: Project, remote: Remote, script: Script
) -> None:
    remote.put("a.xml", archive_xml("hello"))
    script.set(Strike(Step.OPEN, refuse, times=None))
    for _ in range(12):
        collect_all(project, insist=True)
    assert work(project) == 0
    with after(LONGEST_PAUSE + MINUTE):
        assert work(project) == 1


def test_no_pause_outlasts_a_clock_that_was_wrong(
    project: Project, remote: Remote, script: Script
) -> None:
    remote.put("a.xml", archive_xml("hello"))
    script.set(Strike(Step.OPEN, refuse, times=None))
    with after(dt.timedelta(days=365)):
        collect_all(project)
        assert work(project) == 0
    assert work(project) == 1


def test_who_insists_is_served_at_once(project: Project, remote: Remote, script: Script) -> None:
    remote.put("a.xml", archive_xml("hello"))
    script.set(Strike(Step.REMOVE, refuse, times=None))
    collect_all(project)
    script.set()
    assert collect_all(project).removed == 0
    assert collect_all(project, insist=True).removed == 1
    assert alarms(project) == {}


def test_what_may_still_grow_is_not_fetched_again_before_it_can_be_removed(
    project: Project, remote: Remote, script: Script
) -> None:
    remote.put("unclosed.xml", HALF)
    assert len(collect_all(project).collected) == 1
    script.set()

    report = collect_all(project)

    assert "may still grow" in report.waiting["/archives/unclosed.xml"].reason
    assert (reads(script), work(project), report.alarms) == (0, 0, {})
    with after(61 * MINUTE):
        assert work(project) == 1
        assert collect_all(project).removed == 1


def test_a_file_that_cannot_be_had_takes_no_place_in_a_run(
    tmp_path: Path, remote: Remote, script: Script
) -> None:
    project = project_at(tmp_path / "braked", remote, brakes={"files_per_run": 1})
    remote.put("a.xml", archive_xml("never"))
    remote.put("b.xml", archive_xml("hello"))
    script.set(Strike(Step.OPEN, refuse, name="a.xml", times=None))
    assert collect_all(project).collected == []
    assert [m.name for m in collect_all(project).collected] == ["b.xml"]


def test_files_that_wait_take_no_place_in_a_run_from_those_that_do_not(
    tmp_path: Path, remote: Remote
) -> None:
    project = project_at(tmp_path / "braked", remote, brakes={"files_per_run": 1})
    for name in ("a.xml", "b.xml"):
        remote.put(name, HALF, dt.datetime.now(dt.UTC))
    remote.put("c.xml", archive_xml("hello"))

    tried = [list(collect_all(project).waiting) for _ in range(2)]
    collected = collect_all(project).collected

    assert tried == [["/archives/a.xml"], ["/archives/a.xml", "/archives/b.xml"]]
    assert [m.name for m in collected] == ["c.xml"]


def test_where_there_are_no_times_all_is_compared_before_it_is_removed(
    project: Project, remote: Remote, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = remote.put("a.xml", archive_xml("hello"))
    looks = (Step.LIST, Step.VERIFY, Step.STAT)
    script.set(*(Strike(step, answer=without_times, times=None) for step in looks))
    record = LandingZone.record

    def replace_before_the_removal(zone: LandingZone, manifests: list[Manifest]) -> None:
        record(zone, manifests)
        path.write_bytes(archive_xml("world"))

    monkeypatch.setattr(LandingZone, "record", replace_before_the_removal)
    assert collect_all(project).removed == 0
    monkeypatch.undo()

    assert path.read_bytes() == archive_xml("world")
    report = collect_all(project)
    assert (len(report.collected), report.removed) == (1, 1)
