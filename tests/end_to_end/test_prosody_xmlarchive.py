"""Day files with an index beside them as one more collection, from upload to published tables."""

import datetime as dt
from collections import Counter
from pathlib import Path

import pytest

from eur_pipeline.project import Project
from eur_pipeline.simulator.sftp_server import SftpServer
from tests.archives.prosody_run import ARCHIVED, DOMAIN, messages_of
from tests.conftest import Remote, project_at

from .command import eur
from .demo import published

CASES = Path(__file__).parent.parent / "cases" / "prosody-xmlarchive"
UPLOADED = dt.datetime(2026, 11, 23, 22, 15, tzinfo=dt.UTC)
DAY_FILES = sorted(CASES.rglob("*.xml"))
# Both tests want the same project: a run through Dagster takes seconds.
pytestmark = pytest.mark.xdist_group("prosody-xmlarchive")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project that has collected the day files of users and rooms, all from one folder."""
    home = tmp_path_factory.mktemp("prosody")
    folder = home / "remote" / "archives"
    folder.mkdir(parents=True)
    with SftpServer(
        root=folder.parent, user="avaya", password="correct", host_key_path=home / "host_key"
    ) as server:
        remote = Remote(server, folder)
        project = project_at(
            home / "project",
            remote,
            dialect="prosody-xmlarchive",
            presence_domain=DOMAIN,
            start=dt.date(2026, 11, 1),
        )
        for path in CASES.rglob("*.*"):
            if path.suffix in (".xml", ".list"):
                remote.put(path.name, path.read_bytes(), UPLOADED)
        done = eur("run", "--dir", project.path)
        assert done.returncode == 0, done.stderr
    return project


def test_every_day_file_was_read_with_its_index(project: Project) -> None:
    found = published(project.path, "select archive_name, status, rejects from archives")
    assert sorted(found) == sorted((path.name, "read", 0) for path in DAY_FILES)


def test_every_message_is_published_once_with_whom_it_reached(project: Project) -> None:
    rows = published(
        project.path,
        "select native_id, kind, sender, recipients, body_characters from messages "
        "where kind not in ('join', 'leave')",
    )
    found = Counter((*row[:3], frozenset(row[3]), row[4]) for row in rows)
    assert found == messages_of(ARCHIVED, joins_are_told=True)
