"""What lies in the landing zone is its owner's alone, whatever the umask; secrets are nowhere."""

import os
import stat
from collections.abc import Iterator

import pytest

from eur_pipeline.collect.collector import collect
from eur_pipeline.project import Project
from tests.conftest import Remote, archive_xml


@pytest.fixture(autouse=True)
def permissive_umask() -> Iterator[None]:
    """What is private has to be so by itself."""
    before = os.umask(0)
    yield
    os.umask(before)


def test_all_of_the_landing_zone_is_its_owners_alone(project: Project, remote: Remote) -> None:
    remote.put("a.xml", archive_xml("hello"))
    remote.put("b.xml", archive_xml("hello"))
    collect(project, project.config.collections[0])

    everything = [project.landing_path, *project.landing_path.rglob("*")]
    assert sum(path.suffix == ".json" for path in everything) == 2
    wrong = {
        path: oct(stat.S_IMODE(path.stat().st_mode))
        for path in everything
        if stat.S_IMODE(path.stat().st_mode) != (0o700 if path.is_dir() else 0o600)
    }
    assert wrong == {}


def test_no_secret_is_written_beside_the_archives(project: Project, remote: Remote) -> None:
    remote.put("a.xml", archive_xml("hello"))
    collect(project, project.config.collections[0])

    written = [path for path in (project.path / "data").rglob("*") if path.is_file()]
    assert written
    assert not [path for path in written if b"correct" in path.read_bytes()]
