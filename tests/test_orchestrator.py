"""Dagster's processes: their logs, their failures, and their end."""

import datetime as dt
import json
import stat
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from eur_pipeline import orchestrator
from eur_pipeline.errors import OrchestratorError
from eur_pipeline.intervals import Window
from eur_pipeline.orchestrator import (
    RANGE_END_TAG,
    RANGE_START_TAG,
    Run,
    collection_run,
    execute,
    prepare_home,
)
from eur_pipeline.project import Project
from tests.conftest import Remote, project_at

START = dt.datetime(2026, 3, 9, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def execute_programs(project: Project, monkeypatch: pytest.MonkeyPatch, **programs: str) -> None:
    """Execute runs that are these Python programs instead of Dagster's."""
    monkeypatch.setattr(
        orchestrator, "_command", lambda run: [sys.executable, "-c", programs[run.job]]
    )
    execute(project, [Run(name, {}) for name in programs])


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_a_run_that_ends_well_says_nothing_and_leaves_a_log(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute_programs(project, monkeypatch, good="import sys; sys.stderr.write('done')")
    (log,) = (project.path / "data" / "logs").iterdir()
    assert log.name.endswith("-good.log")
    assert log.read_text() == "done"


def test_a_failed_run_is_named_with_the_end_of_its_log(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = "for n in range(100): print('line', n)\nraise SystemExit('disk full')"
    with pytest.raises(OrchestratorError) as error:
        execute_programs(project, monkeypatch, models=program)
    said = str(error.value)
    assert "'models' failed" in said
    assert str(next((project.path / "data" / "logs").iterdir())) in said
    assert "disk full" in said
    assert "line 99" in said
    assert "line 5\n" not in said


def test_a_library_that_complains_at_exit_does_not_hide_the_failure(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = (
        "print('the reason')\n"
        "print('nanobind: leaked 84 functions!')\n"
        "for n in range(100): print(' - leaked function')\n"
        "raise SystemExit(1)"
    )
    with pytest.raises(OrchestratorError, match=r"which ends:\nthe reason$"):
        execute_programs(project, monkeypatch, models=program)


def test_every_failed_run_is_told(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OrchestratorError) as error:
        execute_programs(
            project, monkeypatch, a="raise SystemExit('A')", b="raise SystemExit('B')", c=""
        )
    assert "'a' failed" in str(error.value)
    assert "'b' failed" in str(error.value)
    assert "'c'" not in str(error.value)


def test_runs_go_side_by_side(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    wait = (
        "import pathlib, time\n"
        "pathlib.Path('{mine}').touch()\n"
        "while not pathlib.Path('{other}').exists(): time.sleep(0.01)"
    )
    execute_programs(
        project,
        monkeypatch,
        a=wait.format(mine="a", other="b"),
        b=wait.format(mine="b", other="a"),
    )


def test_an_interruption_ends_the_processes(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Any] = []
    start = orchestrator._start

    def start_and_be_interrupted(*arguments: object) -> object:
        if started:
            raise KeyboardInterrupt
        started.append(start(*arguments))  # type: ignore[arg-type]
        return started[0]

    monkeypatch.setattr(orchestrator, "_start", start_and_be_interrupted)
    with pytest.raises(KeyboardInterrupt):
        execute_programs(project, monkeypatch, a="import time; time.sleep(600)", b="")
    assert not psutil.pid_exists(started[0].popen.pid)


def test_processes_know_their_project_and_its_dagster_home(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EUR_HOME", "/elsewhere")
    names = ["EUR_HOME", "DAGSTER_HOME"]
    program = f"import json, os; print(json.dumps([os.environ[name] for name in {names}]))"
    execute_programs(project, monkeypatch, show=program)
    (log,) = (project.path / "data" / "logs").iterdir()
    assert json.loads(log.read_text()) == [str(project.path), str(project.dagster_home)]


def test_processes_start_where_no_secrets_are_taken_into_their_environment(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project.path / ".env").write_text("SECRET=secret")
    execute_programs(project, monkeypatch, show="import os; print(os.path.exists('.env'))")
    (log,) = (project.path / "data" / "logs").iterdir()
    assert log.read_text() == "False\n"


def test_dagsters_home_is_private_and_tells_nobody_about_it(tmp_path: Path, remote: Remote) -> None:
    project = project_at(tmp_path / "project", remote)
    prepare_home(project)
    prepare_home(project)
    for folder in (project.dagster_home, project.path / "data"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    settings = yaml.safe_load((project.dagster_home / "dagster.yaml").read_text())
    assert settings["telemetry"] == {"enabled": False}


def test_every_collection_has_a_sensor_thread_of_its_own(tmp_path: Path, remote: Remote) -> None:
    project = project_at(tmp_path / "project", remote)
    prepare_home(project)
    settings = yaml.safe_load((project.dagster_home / "dagster.yaml").read_text())
    assert settings["sensors"]["num_workers"] > len(project.config.collections)


def test_a_collections_run_covers_its_window_by_first_and_last_interval(
    tmp_path: Path, remote: Remote
) -> None:
    project = project_at(tmp_path / "project", remote, upload_frequency_hours=6)
    collection = project.config.collections[0]
    run = collection_run(collection, Window(START, START + 18 * HOUR))
    assert run.job == "collect_geneva_im"
    assert run.tags == {RANGE_START_TAG: "2026-03-09T00Z", RANGE_END_TAG: "2026-03-09T12Z"}
    assert run.label == "collect_geneva_im-2026-03-09T00Z-2026-03-09T12Z"
