"""A real disk that is full in the middle of a collection: what is missing waits on the server."""

from pathlib import Path

import pytest

from eur_pipeline.collect.collector import collect
from eur_pipeline.errors import StorageError
from tests.conftest import Remote, archive_xml, project_at
from tests.faults.disk import fill, make_room, small_disk
from tests.faults.world import manifests

ARCHIVES = {f"{n}.xml": archive_xml(f"{n} " + "x" * 100_000) for n in range(8)}


def test_a_disk_that_fills_up_loses_nothing_and_is_collected_to_once_there_is_room(
    tmp_path: Path, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eur_pipeline.collect.collector.LONGEST_PAUSE_SECONDS", 0)
    project = project_at(tmp_path / "project", remote, brakes={"free_disk_mebibytes": 0})
    (collection,) = project.config.collections
    for name, content in ARCHIVES.items():
        remote.put(name, content)
    with small_disk(project.landing_path, 4_000_000):
        fill(project.landing_path, leaving=500_000)
        with pytest.raises(StorageError, match="No space left on device"):
            collect(project, collection)
        assert {m["name"] for m in manifests(project.landing_path)} | set(remote.names()) == set(
            ARCHIVES
        )

        make_room(project.landing_path)
        collect(project, collection)

        landed = {
            m["name"]: (project.landing_path / m["key"]).read_bytes()
            for m in manifests(project.landing_path)
        }
        assert landed == ARCHIVES
        assert remote.names() == []
