"""With `after_collect: keep` the server is left as it is, and nothing is downloaded twice."""

from collections import Counter
from pathlib import Path

import pytest

from eur_pipeline.collect.collector import collect
from eur_pipeline.collect.remote import RemoteFile
from eur_pipeline.collect.server import ArchiveServer
from tests.conftest import Remote, archive_xml, project_at

from .command import eur
from .demo import published

pytestmark = pytest.mark.xdist_group("xmpp-mam")


def test_a_second_run_downloads_nothing_and_publishes_the_same(
    tmp_path: Path, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = project_at(tmp_path / "project", remote, after_collect="keep")
    uploaded = [remote.put(f"{n}.xml", archive_xml(f"body {n}", minute=n)) for n in range(3)]
    as_uploaded = [(path.read_bytes(), path.stat().st_mtime) for path in uploaded]
    messages = "select * from messages order by message_id"
    assert eur("run", "--dir", project.path).returncode == 0
    first = published(project.path, messages)

    reads: Counter[str] = Counter()
    opened = ArchiveServer.open

    def counted(server: ArchiveServer, file: RemoteFile) -> object:
        reads[file.path] += 1
        return opened(server, file)

    monkeypatch.setattr(ArchiveServer, "open", counted)
    again = collect(project, project.config.collections[0])
    assert eur("run", "--dir", project.path).returncode == 0

    assert (again.collected, reads) == ([], Counter())
    assert published(project.path, messages) == first
    assert len(first) == 3
    assert [(path.read_bytes(), path.stat().st_mtime) for path in uploaded] == as_uploaded
