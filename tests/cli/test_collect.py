"""`eur collect`: archives to the landing zone, for people and for programs."""

import json
import subprocess
import sys
from pathlib import Path

import yaml
from typer.testing import CliRunner, Result

from eur_pipeline.cli import app
from eur_pipeline.errors import ConfigurationError
from eur_pipeline.project import Project
from tests.conftest import Remote, archive_xml, project_at


def eur_collect(project: Project, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["collect", *arguments, "--dir", str(project.path)])


def test_it_says_what_came_and_what_waits(project: Project, remote: Remote) -> None:
    remote.put("a.xml", archive_xml("a"))
    remote.put("b.xml", archive_xml("a"))
    remote.put("c.xml.part", b"<")
    result = eur_collect(project)
    assert result.exit_code == 0
    size = 2 * len(archive_xml("a"))
    assert (
        result.stdout.split()
        == (
            f"geneva_im: 2 archives collected ({size:,} bytes, 1 duplicates), "
            f"2 removed from the server"
        ).split()
    )
    assert "waits: /archives/c.xml.part" in result.stderr


def test_a_program_gets_the_same_as_json(project: Project, remote: Remote) -> None:
    content = archive_xml("a")
    remote.put("a.xml", content)
    figures = json.loads(eur_collect(project, "geneva_im", "--json").stdout)
    assert figures == {
        "geneva_im": {
            "collected": 1,
            "duplicates": 0,
            "bytes": len(content),
            "removed": 1,
            "waiting": {},
            "left_alone": {},
            "postponed": 0,
        }
    }


def test_a_dry_run_says_what_it_would_do_and_does_nothing(project: Project, remote: Remote) -> None:
    content = archive_xml("a")
    remote.put("a.xml", content)
    (remote.folder / "folder").mkdir()
    result = eur_collect(project, "--dry-run")
    assert f"would fetch 1 archives ({len(content):,} bytes)" in result.stdout
    assert "left alone: folder: a folder" in result.stderr
    as_json = json.loads(eur_collect(project, "--dry-run", "--json").stdout)
    assert as_json["geneva_im"]["to_fetch"] == ["/archives/a.xml"]
    assert remote.names() == ["a.xml", "folder"]


def test_a_collection_that_fails_keeps_no_other_from_being_collected(
    tmp_path: Path, remote: Remote
) -> None:
    project = project_at(tmp_path / "two", remote)
    content = yaml.safe_load(project.config_path.read_text())
    (good,) = content["collections"]
    content["collections"] = [{**good, "name": "lost_im", "remote_path": "/missing"}, good]
    project.config_path.write_text(yaml.safe_dump(content))
    remote.put("a.xml", archive_xml("a"))

    result = eur_collect(project)

    assert result.exit_code == 1
    assert "lost_im: could not list /missing" in " ".join(result.stderr.split())
    assert "geneva_im: 1 archives collected" in result.stdout
    assert remote.names() == []


def test_an_unknown_collection_is_explained(project: Project) -> None:
    result = eur_collect(project, "lyon_im")
    assert isinstance(result.exception, ConfigurationError)
    assert "geneva_im" in str(result.exception)


def test_where_there_is_no_terminal_there_is_no_progress(project: Project, remote: Remote) -> None:
    remote.put("a.xml", archive_xml("a"))
    command = "from eur_pipeline.cli import main; main()"
    result = subprocess.run(
        [sys.executable, "-c", command, "collect", "--dir", str(project.path)],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0
    assert result.stderr == ""
