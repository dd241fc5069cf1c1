"""Where a project is found, its secrets and its locks."""

import subprocess
import sys
from pathlib import Path

import pytest

from eur_pipeline.errors import BusyError, ConfigurationError
from eur_pipeline.project import HOME_VARIABLE, Project

HOLD_THE_LOCK = """
import sys
from pathlib import Path
from eur_pipeline.project import Project
with Project(Path(sys.argv[1])).lock("work"):
    sys.stdout.write("held\\n")
    sys.stdout.flush()
    sys.stdin.readline()
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / ".env").write_text("EUR_TEST_SECRET=from the file\nEUR_TEST_EMPTY=\n")
    return Project(tmp_path)


def test_a_project_is_found_by_directory_then_by_eur_home_then_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    assert Project.find(Path("named")).path == tmp_path / "named"
    assert Project.find().path == tmp_path / "home"
    monkeypatch.setenv(HOME_VARIABLE, "")
    assert Project.find().path == tmp_path


def test_a_secret_comes_from_the_environment_before_the_file(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert project.secret("EUR_TEST_SECRET") == "from the file"
    monkeypatch.setenv("EUR_TEST_SECRET", "from the environment")
    assert project.secret("EUR_TEST_SECRET") == "from the environment"
    monkeypatch.setenv("EUR_TEST_SECRET", "")
    assert project.secret("EUR_TEST_SECRET") == "from the file"


@pytest.mark.parametrize("variable", ["EUR_TEST_EMPTY", "EUR_TEST_MISSING"])
def test_a_secret_that_is_not_set_says_where_to_write_it(project: Project, variable: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        project.secret(variable)
    assert str(error.value) == (
        f"{variable} is set neither in the environment nor in {project.path}/.env; "
        f"write {variable}=... into that file"
    )


def test_a_lock_is_held_by_one_process_alone(project: Project) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD_THE_LOCK, str(project.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(BusyError, match="another process is at work on 'work'"):
        project.lock("work").__enter__()
    with project.lock("other work"):
        pass
    holder.communicate("\n", timeout=20)
    with project.lock("work"):
        pass


def test_the_lock_of_a_killed_process_is_free(project: Project) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD_THE_LOCK, str(project.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    holder.kill()
    holder.communicate(timeout=20)
    with project.lock("work"):
        pass
