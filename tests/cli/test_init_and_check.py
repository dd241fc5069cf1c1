"""`eur init` and `eur check`, as a newcomer types them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from eur_pipeline.cli import app
from eur_pipeline.errors import PermanentError
from eur_pipeline.project import Project
from tests.conftest import Remote, archive_xml, openssh, project_at


def eur(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_init_writes_a_project_and_says_what_to_type_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = eur("init", "new")
    assert result.exit_code == 0
    assert Project(tmp_path / "new").config
    assert result.output.splitlines()[-1] == "Then: eur check --dir new"


def test_init_leaves_a_project_alone(tmp_path: Path) -> None:
    eur("init", tmp_path)
    assert isinstance(eur("init", tmp_path).exception, PermanentError)


def test_check_ends_with_0_when_all_is_good(project: Project, remote: Remote) -> None:
    remote.put("a.xml", archive_xml("a"))
    result = eur("check", "--dir", project.path)
    assert result.exit_code == 0
    assert "bad" not in result.output
    assert "geneva_im: server" in result.output


def test_check_ends_with_1_when_something_is_bad(project: Project) -> None:
    project.known_hosts_path.write_text("")
    result = eur("check", "--dir", project.path)
    assert result.exit_code == 1
    (line,) = (line for line in result.output.splitlines() if line.startswith("bad"))
    assert "geneva_im: server" in line


def test_check_says_the_same_to_a_program(project: Project) -> None:
    project.tariff_path.unlink()
    result = eur("check", "--dir", project.path, "--json")
    assert result.exit_code == 1
    findings = json.loads(result.stdout)["findings"]
    assert [f["subject"] for f in findings if not f["good"]] == ["tariff"]
    assert all(finding["detail"] for finding in findings)


def test_what_is_not_known_is_said_and_is_no_failure(tmp_path: Path) -> None:
    with openssh(tmp_path, "ForceCommand internal-sftp -R") as remote:
        project = project_at(tmp_path / "project", remote)
        result, as_json = (
            eur("check", "--dir", project.path),
            eur("check", "--dir", project.path, "--json"),
        )
    assert result.exit_code == as_json.exit_code == 0
    assert "unknown  geneva_im: removal" in result.output
    findings = {f["subject"]: f["good"] for f in json.loads(as_json.stdout)["findings"]}
    assert findings["geneva_im: removal"] is None
