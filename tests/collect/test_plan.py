"""What a run is to do, and the brakes."""

import datetime as dt
import os
from pathlib import Path
from typing import Any

import pytest

from eur_pipeline.collect.collector import collect
from eur_pipeline.collect.index import INDEX_NAME
from eur_pipeline.collect.landing import LandingZone
from eur_pipeline.collect.plan import Plan, preview
from eur_pipeline.errors import MassChangeError, StorageError
from eur_pipeline.project import Project
from tests.conftest import UPLOADED, Remote, archive_xml, project_at

HOUR = dt.timedelta(hours=1)


def previewed(project: Project) -> Plan:
    return preview(project, project.config.collections[0])


def landed_names(project: Project) -> set[str]:
    return {m.name for m in LandingZone.of(project).manifests("geneva_im")}


def braked(path: Path, remote: Remote, **brakes: Any) -> Project:
    return project_at(path, remote, brakes=brakes)


def test_a_preview_says_what_would_be_done_and_leaves_nothing_but_the_index(
    project: Project, remote: Remote
) -> None:
    remote.put("a.xml", archive_xml("a"))
    remote.put("b.xml.part", archive_xml("b"), dt.datetime.now(dt.UTC))
    (remote.folder / "folder").mkdir()

    plan = previewed(project)

    assert [archive.file.name for archive in plan.new] == ["a.xml"]
    assert plan.bytes == len(archive_xml("a"))
    assert [path.rsplit("/", 1)[1] for path in plan.waiting] == ["b.xml.part"]
    assert plan.left_alone == {"folder": "a folder"}
    assert remote.names() == ["a.xml", "b.xml.part", "folder"]
    files = {path.name for path in project.landing_path.rglob("*") if path.is_file()}
    assert files - {".index.lock"} == {INDEX_NAME}


def test_a_temporary_name_raises_an_alarm_when_it_stands_too_long(
    project: Project, remote: Remote
) -> None:
    remote.put("young.part", b"", dt.datetime.now(dt.UTC))
    remote.put("old.part", b"")
    alarms = {name.rsplit("/", 1)[1]: w.alarm for name, w in previewed(project).waiting.items()}
    assert alarms == {"young.part": False, "old.part": True}


def test_a_run_takes_no_more_files_than_it_may(tmp_path: Path, remote: Remote) -> None:
    project = braked(tmp_path / "braked", remote, files_per_run=2)
    for name in "abc":
        remote.put(f"{name}.xml", archive_xml(name))

    report = collect(project, project.config.collections[0])

    assert (len(report.collected), report.postponed) == (2, 1)
    assert remote.names() == ["c.xml"]
    assert previewed(project).postponed == 0


def test_a_run_takes_no_more_bytes_than_it_may_but_one_file_always(
    tmp_path: Path, remote: Remote
) -> None:
    project = braked(tmp_path / "braked", remote, mebibytes_per_run=1)
    for name in "ab":
        remote.put(f"{name}.xml", archive_xml("x" * (2 << 20)))
    plan = previewed(project)
    assert (len(plan.todo), plan.postponed) == (1, 1)


def test_nothing_is_fetched_onto_a_disk_that_is_nearly_full(tmp_path: Path, remote: Remote) -> None:
    project = braked(tmp_path / "braked", remote, free_disk_mebibytes=1 << 40)
    remote.put("a.xml", archive_xml("a"))
    with pytest.raises(StorageError, match="free_disk_mebibytes of geneva_im"):
        collect(project, project.config.collections[0])
    assert remote.names() == ["a.xml"]


def collect_usual_intervals(project: Project, remote: Remote) -> None:
    """Ten intervals of one file each."""
    for hour in range(10):
        remote.put(f"usual-{hour}.xml", archive_xml(f"{hour}"), UPLOADED + hour * HOUR)
    collect(project, project.config.collections[0])


def put_a_mass(remote: Remote, count: int) -> None:
    for number in range(count):
        remote.put(f"mass-{number}.xml", archive_xml(f"mass {number}"), UPLOADED + 20 * HOUR)


def test_an_archive_that_does_not_fit_keeps_no_other_from_being_collected(
    tmp_path: Path, remote: Remote
) -> None:
    project = braked(tmp_path / "small", remote, free_disk_mebibytes=0)
    # Without content, so that it takes no room on the server.
    os.truncate(remote.put("a.xml", b""), 1 << 42)
    remote.put("b.xml", archive_xml("b"))
    with pytest.raises(StorageError, match="are to be collected"):
        collect(project, project.config.collections[0])
    assert landed_names(project) == {"b.xml"}


def test_a_mass_of_files_needs_consent(project: Project, remote: Remote) -> None:
    collect_usual_intervals(project, remote)
    put_a_mass(remote, 101)
    with pytest.raises(MassChangeError, match=r"101 new files .* 2026-03-10T04Z; usual are 1"):
        collect(project, project.config.collections[0])
    assert len(remote.names()) == 101


def test_a_mass_that_was_consented_to_is_collected(tmp_path: Path, remote: Remote) -> None:
    project = braked(tmp_path / "braked", remote, confirmed_files=101)
    collect_usual_intervals(project, remote)
    put_a_mass(remote, 101)
    assert len(collect(project, project.config.collections[0]).collected) == 101


def test_many_files_in_many_intervals_are_no_mass(project: Project, remote: Remote) -> None:
    collect_usual_intervals(project, remote)
    for number in range(120):
        at = UPLOADED + (20 + number % 24) * HOUR
        remote.put(f"late-{number}.xml", archive_xml(f"late {number}"), at)
    assert len(previewed(project).new) == 120


def test_what_is_usual_is_not_known_of_a_new_collection(project: Project, remote: Remote) -> None:
    put_a_mass(remote, 150)
    assert len(previewed(project).new) == 150
