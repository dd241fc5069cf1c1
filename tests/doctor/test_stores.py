"""The doctor finds where landing zone, index and lake do not agree."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from eur_pipeline.collect.collector import collect
from eur_pipeline.collect.index import INDEX_NAME, LandingIndex
from eur_pipeline.collect.landing import LandingZone
from eur_pipeline.lake.ingest import ingest_hour
from eur_pipeline.lake.lake import lock_name
from eur_pipeline.project import Project
from tests.collect.test_companions import DAY_FILES
from tests.conftest import Remote, archive_xml, project_at

from .looking import faults_of, findings_of

LANDING, INDEX, LAKE = "geneva_im: landing zone", "geneva_im: index", "geneva_im: lake"


@pytest.fixture
def collected(project: Project, remote: Remote) -> Project:
    """A project that has collected and read two archives."""
    remote.put("a.xml", archive_xml("a"))
    remote.put("b.xml", archive_xml("b", minute=1))
    (collection,) = project.config.collections
    collect(project, collection)
    index = LandingIndex(LandingZone.of(project), collection.name)
    for hour, change in index.unread().items():
        ingest_hour(project, collection, hour)
        index.mark_read(hour, change)
    return project


def landed(project: Project, pattern: str) -> Path:
    (path,) = project.landing_path.rglob(pattern)
    return path


def index_of(project: Project) -> Path:
    return project.landing_path / "geneva_im" / INDEX_NAME


def test_what_agrees_is_good_and_counted(collected: Project) -> None:
    findings = findings_of(collected)
    assert all(finding.good for finding in findings.values())
    assert findings[LANDING].detail.startswith("2 archives")
    assert findings[LAKE].detail == "1 upload hours are landed, 0 of them not read yet"


def test_a_missing_archive_is_found(collected: Project) -> None:
    path = landed(collected, "*-a.xml")
    path.unlink()
    fault = faults_of(collected)[LANDING]
    assert "1 landed files are missing" in fault
    assert path.name in fault
    assert "restore them from a backup" in fault


def test_a_cut_archive_is_found_with_both_sizes(collected: Project) -> None:
    path = landed(collected, "*-a.xml")
    size = path.stat().st_size
    os.truncate(path, 7)
    assert f"(expected {size:,} bytes, found 7)" in faults_of(collected)[LANDING]


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_text("{")])
def test_a_missing_or_damaged_manifest_is_found(
    collected: Project, damage: Callable[[Path], object]
) -> None:
    archive = landed(collected, "*-a.xml")
    damage(landed(collected, "*-a.xml.json"))
    for path in archive.parent.iterdir():
        os.utime(path, (0, 0))
    fault = faults_of(collected)[LANDING]
    assert "no manifest that can be read" in fault
    assert archive.name in fault


def test_what_is_just_being_landed_is_no_fault(collected: Project) -> None:
    landed(collected, "*-a.xml.json").unlink()
    assert LANDING not in faults_of(collected)


def test_an_index_that_lacks_an_archive_is_found_and_removing_it_mends_it(
    collected: Project,
) -> None:
    with sqlite3.connect(index_of(collected)) as connection:
        connection.execute("delete from landed where key like '%-a.xml'")
    fault = faults_of(collected)[INDEX]
    assert "does not know 1 archives" in fault
    assert f"remove {index_of(collected)}" in fault

    index_of(collected).unlink()
    assert findings_of(collected)[INDEX].good
    assert not index_of(collected).exists()


def test_a_damaged_index_is_found(collected: Project) -> None:
    index_of(collected).write_bytes(b"no database")
    assert "remove it: it is made anew" in faults_of(collected)[INDEX]


def test_an_hour_that_the_lake_has_not_wholly_is_found(collected: Project) -> None:
    (file,) = (collected.lake_path / "archives").rglob("*.parquet")
    file.unlink()
    fault = faults_of(collected)[LAKE]
    assert "the lake has 0 archives, and 2 are landed" in fault
    assert "eur run --from 2026-03-09T08Z --to 2026-03-09T09Z" in fault


def test_an_hour_of_the_lake_that_was_never_landed_is_found(collected: Project) -> None:
    for path in collected.landing_path.rglob("*.json"):
        path.unlink()
    assert "the lake has 2 archives, and 0 are landed" in faults_of(collected)[LAKE]


def test_what_is_landed_and_not_read_yet_is_no_fault(collected: Project, remote: Remote) -> None:
    remote.put("c.xml", archive_xml("c", minute=2))
    collect(collected, collected.config.collections[0])
    finding = findings_of(collected)[LAKE]
    assert finding.good
    assert "1 of them not read yet" in finding.detail


def test_a_damaged_file_of_the_lake_is_found(collected: Project) -> None:
    (file,) = (collected.lake_path / "messages").rglob("*.parquet")
    os.truncate(file, 9)
    fault = faults_of(collected)[LAKE]
    assert f"{file} cannot be read" in fault
    assert "eur run --from 2026-03-09T08Z" in fault


def test_a_lake_that_is_being_written_is_not_judged(collected: Project) -> None:
    with collected.lock(lock_name("geneva_im")):
        assert findings_of(collected)[LAKE].good is None


@pytest.fixture
def with_companion(tmp_path: Path, remote: Remote) -> Project:
    """A project that has collected a day file of Prosody with the index beside it."""
    for name, content in DAY_FILES.items():
        remote.put(name, content)
    project = project_at(tmp_path / "prosody", remote, dialect="prosody-xmlarchive")
    collect(project, project.config.collections[0])
    return project


def test_a_companion_belongs_to_its_archive(with_companion: Project) -> None:
    for path in with_companion.landing_path.rglob("*"):
        os.utime(path, (0, 0))
    assert LANDING not in faults_of(with_companion)


def test_a_missing_companion_is_found(with_companion: Project) -> None:
    companion = landed(with_companion, "*.companion")
    companion.unlink()
    fault = faults_of(with_companion)[LANDING]
    assert "1 landed files are missing" in fault
    assert companion.name in fault


def test_a_cut_companion_is_found_with_both_sizes(with_companion: Project) -> None:
    companion = landed(with_companion, "*.companion")
    size = companion.stat().st_size
    os.truncate(companion, 7)
    fault = faults_of(with_companion)[LANDING]
    assert f"{companion.name} (expected {size:,} bytes, found 7)" in fault
