"""`eur dialect`: what it lists, shows, finds and proposes."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from eur_pipeline.archives.dialect import dialect_file, dialect_names
from eur_pipeline.cli import app
from eur_pipeline.errors import ConfigurationError, UnreadableArchiveError

AVAYA = Path(__file__).parents[1] / "cases" / "avaya-ps" / "normal.xml"
GOOD = """\
description: our own
records: log/entry
fields:
  sent_at: {xpath: "@at", format: iso}
  sender: who
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "dialects").mkdir()
    (tmp_path / "dialects" / "own.yml").write_text(GOOD)
    return tmp_path


def _dialect(project: Path, *arguments: str | Path) -> Result:
    command = ["dialect", *map(str, arguments), "--dir", str(project)]
    return CliRunner().invoke(app, command)


def test_the_built_in_dialects_and_the_projects_own_are_listed(project: Path) -> None:
    listed = json.loads(_dialect(project, "list", "--json").stdout)["dialects"]
    assert [one["name"] for one in listed] == dialect_names(project / "dialects")
    assert [one["name"] for one in listed if not one["built_in"]] == ["own"]
    assert all(one["description"] and not one["error"] for one in listed)
    lines = _dialect(project, "list").stdout.splitlines()
    assert [line.split() for line in lines if "our own" in line] == [["own", "own", "our", "own"]]


def test_a_faulty_dialect_hides_no_other_in_the_list(project: Path) -> None:
    (project / "dialects" / "own.yml").write_text(GOOD.replace("format: iso", "format: dmy"))
    result = _dialect(project, "list")
    assert result.exit_code == 0
    assert "own.yml, line 4, fields.sent_at.format" in result.stdout
    assert "avaya-ps" in result.stdout


@pytest.mark.parametrize("name", dialect_names())
def test_a_dialect_is_shown_to_the_byte(project: Path, name: str) -> None:
    assert _dialect(project, "show", name).stdout_bytes == dialect_file(name).read_bytes()


def test_the_projects_own_is_shown_before_a_built_in_of_its_name(project: Path) -> None:
    (project / "dialects" / "avaya-ps.yml").write_text("extends: avaya-ps # mine")
    assert _dialect(project, "show", "avaya-ps").stdout == "extends: avaya-ps # mine"


def test_an_unknown_name_is_an_error_that_names_those_there_are(project: Path) -> None:
    result = _dialect(project, "show", "avaya")
    assert isinstance(result.exception, ConfigurationError)
    assert "avaya-ps" in str(result.exception)


def test_a_good_file_is_good_wherever_it_lies(project: Path) -> None:
    file = project / "draft.yaml"
    file.write_text("extends: own\nother_kind: message")
    result = _dialect(project, "lint", file)
    assert result.exit_code == 0
    assert "good" in result.stderr
    assert json.loads(_dialect(project, "lint", file, "--json").stdout)["good"] is True


def test_every_fault_of_a_file_is_told_with_line_and_key(project: Path) -> None:
    file = project / "draft.yml"
    file.write_text(
        GOOD.replace("who", "'who['").replace("format: iso", "format: dmy") + "knds: []"
    )
    result = _dialect(project, "lint", file, "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert found["good"] is False
    faults = "\n".join(found["faults"])
    assert "draft.yml, line 4, fields.sent_at.format: expected" in faults
    assert "draft.yml, line 6, knds: no such key" in faults
    assert str(_dialect(project, "lint", file).exception) == faults


@pytest.mark.parametrize("content", ["", "- a list", "a: [", "\0", "a: &a [*a]"])
def test_what_is_no_dialect_is_an_error_and_no_crash(project: Path, content: str) -> None:
    (project / "draft.yml").write_text(content)
    assert isinstance(
        _dialect(project, "lint", project / "draft.yml").exception, ConfigurationError
    )


def test_a_file_that_is_not_there_is_an_error(project: Path) -> None:
    result = _dialect(project, "lint", project / "none.yml")
    assert isinstance(result.exception, ConfigurationError)


def test_what_infer_prints_is_a_dialect_file_and_nothing_else(project: Path) -> None:
    result = _dialect(project, "infer", AVAYA)
    assert result.exit_code == 0
    (project / "dialects" / "mine.yml").write_bytes(result.stdout_bytes)
    assert _dialect(project, "lint", project / "dialects" / "mine.yml").exit_code == 0
    assert "it reads 5 records, and rejects 0" in result.stderr
    assert "56207@presence.example" in result.stderr


def test_infer_shows_what_people_wrote_only_when_asked(project: Path) -> None:
    said = "Can you check the 10y?"
    assert said not in _dialect(project, "infer", AVAYA).output
    assert said not in _dialect(project, "infer", AVAYA, "--json").output
    assert said in _dialect(project, "infer", AVAYA, "--bodies").stderr


def test_infer_tells_programs_the_file_its_doubts_and_records(project: Path) -> None:
    found = json.loads(_dialect(project, "infer", AVAYA, "--json").stdout)
    assert found["dialect"] == _dialect(project, "infer", AVAYA).stdout
    assert (found["read"], found["rejects"], len(found["records"])) == (5, 0, 5)
    assert any("'poke'" in doubt for doubt in found["doubts"])


def test_infer_of_garbage_is_an_error_that_names_it(project: Path) -> None:
    (project / "garbage").write_bytes(b"\0\1\2")
    result = _dialect(project, "infer", project / "garbage")
    assert isinstance(result.exception, UnreadableArchiveError)
    assert "garbage: not well-formed XML" in str(result.exception)
    assert result.stdout == ""
