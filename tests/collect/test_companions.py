"""Archives of two files: collected, verified and removed together, or not yet."""

import datetime as dt
import hashlib
from pathlib import Path

import pytest
import time_machine

from eur_pipeline.archives.dialect import load_dialect
from eur_pipeline.archives.identity import archive_sha256
from eur_pipeline.collect.collector import collect
from eur_pipeline.collect.landing import LandingZone, Manifest
from eur_pipeline.collect.report import CollectReport
from eur_pipeline.collect.server import ArchiveServer
from eur_pipeline.lake.ingest import ingest_hour
from eur_pipeline.project import Project
from tests.conftest import Remote, project_at

CASES = Path(__file__).parent.parent / "cases" / "prosody-xmlarchive"
DAY = CASES / "presence%2eexample%2etest" / "archive" / "56207%402026%2d11%2d23.xml"
DAY_FILES = {path.name: path.read_bytes() for path in (DAY, DAY.with_suffix(".list"))}
UPLOADED = dt.datetime(2026, 11, 24, tzinfo=dt.UTC)
LATER = dt.timedelta(minutes=61)


@pytest.fixture
def project(tmp_path: Path, remote: Remote) -> Project:
    """A project that collects Prosody's day files."""
    return project_at(tmp_path / "project", remote, dialect="prosody-xmlarchive")


def collect_all(project: Project, *, later: dt.timedelta = dt.timedelta()) -> CollectReport:
    with time_machine.travel(dt.datetime.now(dt.UTC) + later):
        return collect(project, project.config.collections[0])


def put_day_files(remote: Remote) -> None:
    for name, content in DAY_FILES.items():
        remote.put(name, content, UPLOADED)


def landed(project: Project) -> list[Manifest]:
    return list(LandingZone.of(project).manifests("geneva_im"))


def test_both_files_are_landed_and_one_archive_is_known(project: Project, remote: Remote) -> None:
    put_day_files(remote)

    (manifest,) = collect_all(project).collected

    zone, companion = LandingZone.of(project), manifest.companion
    opened = zone.open_companion(manifest)
    assert companion is not None
    assert opened is not None
    with zone.open(manifest) as archive, opened:
        assert archive.read() == DAY_FILES[manifest.name]
        assert opened.read() == DAY_FILES[companion.name]
    content, beside = (hashlib.sha256(c).hexdigest() for c in DAY_FILES.values())
    dialect = load_dialect("prosody-xmlarchive")
    assert manifest.sha256 == archive_sha256(dialect, content, beside, manifest.name)
    assert companion.sha256 == beside


def test_both_files_are_removed_once_they_stood_unchanged(project: Project, remote: Remote) -> None:
    put_day_files(remote)
    first = collect_all(project)
    second = collect_all(project, later=LATER)
    assert (first.removed, second.removed) == (0, 1)
    assert (remote.names(), len(landed(project))) == ([], 1)


@pytest.mark.parametrize("suffix", [".xml", ".list"])
def test_one_file_without_the_other_waits(project: Project, remote: Remote, suffix: str) -> None:
    name = DAY.with_suffix(suffix).name
    remote.put(name, DAY_FILES[name])
    report = collect_all(project)
    assert report.collected == []
    assert remote.names() == [name]
    missing = (
        "file that its dialect reads beside it"
        if suffix == ".xml"
        else "archive that it belongs to"
    )
    assert [w.reason for w in report.waiting.values()] == [f"the {missing} has not arrived"]
    assert list(collect_all(project, later=LATER).alarms) == [f"{remote.path}/{name}"]


def test_of_two_archives_that_one_companion_could_belong_to_the_xml_file_has_it(
    project: Project, remote: Remote
) -> None:
    put_day_files(remote)
    other = DAY.with_suffix(".log").name
    remote.put(other, DAY_FILES[DAY.name])

    report = collect_all(project)

    assert [manifest.name for manifest in report.collected] == [DAY.name]
    assert "has not arrived" in report.waiting[f"{remote.path}/{other}"].reason


def test_a_companion_that_could_belong_to_two_other_files_belongs_to_none(
    project: Project, remote: Remote
) -> None:
    for suffix, content in zip((".log", ".list", ".old"), (*DAY_FILES.values(), b""), strict=True):
        remote.put(DAY.with_suffix(suffix).name, content)

    report = collect_all(project)

    assert (report.collected, len(report.waiting), len(remote.names())) == ([], 3, 3)


def test_equal_files_of_two_owners_are_two_archives(project: Project, remote: Remote) -> None:
    put_day_files(remote)
    for name, content in DAY_FILES.items():
        remote.put(name.replace("56207", "56299"), content)
    report = collect_all(project)
    assert (len(report.collected), report.duplicates) == (2, 0)


def test_another_companion_makes_another_archive(project: Project, remote: Remote) -> None:
    put_day_files(remote)
    collect_all(project)
    name = DAY.with_suffix(".list").name
    remote.put(name, DAY_FILES[name] + b"-- more\n")
    report = collect_all(project)
    assert (len(report.collected), report.duplicates) == (1, 0)
    assert len(landed(project)) == 2


def test_a_removal_broken_off_between_the_two_is_finished(
    project: Project, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_day_files(remote)
    collect_all(project)
    remove = ArchiveServer.remove

    async def crash_at_the_archive(server: ArchiveServer, path: str) -> None:
        if path.endswith(".xml"):
            raise RuntimeError
        await remove(server, path)

    monkeypatch.setattr(ArchiveServer, "remove", crash_at_the_archive)
    with pytest.raises(RuntimeError):
        collect_all(project, later=LATER)
    monkeypatch.undo()
    assert remote.names() == [DAY.name]

    report = collect_all(project, later=2 * LATER)

    assert (report.collected, report.removed) == ([], 1)
    assert (remote.names(), len(landed(project))) == ([], 1)


def test_what_was_landed_is_read_with_its_companion(project: Project, remote: Remote) -> None:
    put_day_files(remote)
    (manifest,) = collect_all(project).collected
    hour = manifest.upload_hour

    report = ingest_hour(project, project.config.collections[0], hour)
    assert (report.archives, report.unreadable) == (1, 0)
    assert report.records > 10
