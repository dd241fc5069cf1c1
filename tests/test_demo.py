"""The demo project and its summary, without the run between them."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from eur_pipeline.collect.server import ArchiveServer
from eur_pipeline.demo import demo_server, is_demo, make_demo_project, remote_files
from eur_pipeline.demo_summary import DemoSummary
from eur_pipeline.doctor import examine
from eur_pipeline.errors import PermanentError
from eur_pipeline.project import Project
from eur_pipeline.simulator.company import Company
from eur_pipeline.simulator.simulation import Period
from eur_pipeline.starter import create_starter

PERIOD = Period.ending(dt.datetime(2026, 3, 11, tzinfo=dt.UTC), hours=48)
SUMMARY = DemoSummary(
    archives_uploaded=4,
    archives_collected=4,
    archives_removed=4,
    messages_sent=9,
    messages_stored=9,
    copies=0,
    duplicate_archives=0,
    rejects=0,
    dearest=(),
)


def make(path: Path) -> Project:
    return make_demo_project(path, Company.make(seed=1, users=5), PERIOD)


def test_a_demo_project_is_healthy_while_its_server_runs(tmp_path: Path) -> None:
    project = make(tmp_path / "demo")
    with demo_server(project):
        assert [f"{f.subject}: {f.detail}" for f in examine(project) if not f.good] == []


def test_every_site_has_a_remote_folder_of_its_own(tmp_path: Path) -> None:
    project = make(tmp_path / "demo")
    (tmp_path / "demo" / "sftp" / "files" / "geneva" / "a.xml").write_bytes(b"<a/>")
    assert remote_files(project) == 1
    with demo_server(project):
        for collection in project.config.collections:
            with ArchiveServer.of(project, collection) as server:
                assert len(server.list().files) == (collection.name == "geneva_im")


def test_a_demo_project_is_made_once(tmp_path: Path) -> None:
    first = make(tmp_path)
    text = first.config_path.read_text()
    assert make(tmp_path) == first
    assert first.config_path.read_text() == text
    assert is_demo(first)


def test_a_real_project_is_never_taken_for_a_demo(tmp_path: Path) -> None:
    project = create_starter(tmp_path)
    assert not is_demo(project)
    with pytest.raises(PermanentError, match="holds a project that is no demo"):
        make(tmp_path)


def test_every_demo_has_secrets_of_its_own(tmp_path: Path) -> None:
    passwords = {make(tmp_path / name).secret("EUR_DEMO_PASSWORD") for name in ("a", "b")}
    assert len(passwords) == 2


def test_a_summary_agrees_when_everything_arrived_once() -> None:
    assert SUMMARY.agrees


@pytest.mark.parametrize(
    "difference",
    [
        {"archives_collected": 3},
        {"archives_removed": 3},
        {"archives_uploaded": 5},
        {"messages_stored": 8},
        {"messages_stored": 10},
    ],
)
def test_a_summary_does_not_agree_when_something_is_lost_or_doubled(
    difference: dict[str, int],
) -> None:
    assert not replace(SUMMARY, **difference).agrees  # type: ignore[arg-type]
