"""What a collection has to do, as the sensor asks it."""

import datetime as dt
from pathlib import Path

import pytest

from eur_pipeline.collect.backlog import Backlog, backlog
from eur_pipeline.collect.collector import collect
from eur_pipeline.collect.index import LandingIndex
from eur_pipeline.collect.landing import LandingZone
from eur_pipeline.collect.server import ArchiveServer
from eur_pipeline.errors import RemoteFolderError
from eur_pipeline.project import Project
from eur_pipeline.storage import LocalStore
from tests.conftest import UPLOADED, Remote, archive_xml, project_at

HOUR = dt.timedelta(hours=1)


def work_of(project: Project) -> Backlog:
    return backlog(project, project.config.collections[0])


def collect_all(project: Project) -> None:
    collect(project, project.config.collections[0])


def read_all(project: Project) -> None:
    index = LandingIndex(LandingZone(LocalStore(project.landing_path)), "geneva_im")
    for hour, change in index.unread().items():
        index.mark_read(hour, change)


def test_an_empty_server_is_no_work(project: Project) -> None:
    work = work_of(project)
    assert (work.hours, work.files) == (frozenset(), 0)


def test_new_files_are_the_work_of_their_hours(project: Project, remote: Remote) -> None:
    remote.put("a.xml", archive_xml("a"))
    remote.put("b.xml", archive_xml("b"), UPLOADED + HOUR / 2)
    remote.put("c.xml", archive_xml("c"), UPLOADED + 3 * HOUR)
    remote.put("d.xml.part", archive_xml("d"), UPLOADED + 5 * HOUR)
    work = work_of(project)
    assert work.hours == {UPLOADED, UPLOADED + 3 * HOUR}
    assert work.files == 3


def test_looking_changes_nothing(project: Project, remote: Remote) -> None:
    remote.put("a.xml", archive_xml("a"))
    assert work_of(project) == work_of(project)
    assert remote.names() == ["a.xml"]


def test_what_is_collected_and_not_read_is_work_still(project: Project, remote: Remote) -> None:
    remote.put("a.xml", archive_xml("a"))
    collect_all(project)
    assert (work_of(project).hours, work_of(project).files) == (frozenset({UPLOADED}), 0)
    read_all(project)
    assert work_of(project).hours == frozenset()


async def do_nothing(*_: object) -> None:
    """In the place of a removal."""


def test_a_removal_that_was_not_finished_is_work_still(
    project: Project, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote.put("a.xml", archive_xml("a"))
    with monkeypatch.context() as patch:
        patch.setattr(ArchiveServer, "remove", do_nothing)
        collect_all(project)
    read_all(project)
    assert (work_of(project).hours, work_of(project).files) == (frozenset({UPLOADED}), 1)


def test_what_is_kept_on_the_server_is_no_work(tmp_path: Path, remote: Remote) -> None:
    project = project_at(tmp_path / "keeping", remote, after_collect="keep")
    remote.put("a.xml", archive_xml("a"))
    collect_all(project)
    read_all(project)
    assert work_of(project).hours == frozenset()


def test_other_work_and_another_configuration_have_another_digest(
    tmp_path: Path, project: Project, remote: Remote
) -> None:
    digests = [work_of(project).digest]
    remote.put("a.xml", archive_xml("a"))
    digests.append(work_of(project).digest)
    remote.put("a.xml", archive_xml("a longer one"))
    digests.append(work_of(project).digest)
    digests.append(work_of(project_at(tmp_path / "other", remote, extension_length=4)).digest)
    assert len(set(digests)) == 4


def test_a_server_that_cannot_be_listed_is_an_error_and_not_nothing_to_do(
    tmp_path: Path, remote: Remote
) -> None:
    with pytest.raises(RemoteFolderError):
        work_of(project_at(tmp_path / "lost", remote, remote_path="/missing"))


def test_the_server_of_a_collection_that_has_stopped_is_left_alone(
    tmp_path: Path, remote: Remote
) -> None:
    project = project_at(tmp_path / "stopped", remote, port=1, stop=dt.date(2026, 3, 10))
    (collection,) = project.config.collections
    LandingIndex(LandingZone.of(project), collection.name).mark_unread([UPLOADED])
    found = backlog(project, collection)
    assert found.hours == {UPLOADED}
    assert found.files == 0
