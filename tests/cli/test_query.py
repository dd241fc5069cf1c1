"""`eur query`: answers for people and for programs, from the published database."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from eur_pipeline.analyst import QueryError
from eur_pipeline.cli import app
from eur_pipeline.models import build, publish
from eur_pipeline.project import Project
from tests.models.lake_project import copy_of, make_project, record, write_archive


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with one published message, from `[bold]`."""
    project = make_project(tmp_path_factory.mktemp("built") / "project")
    write_archive(project, "a.xml", [record("2026-03-10T12:00", "[bold]@else.example")])
    build(project)
    publish(project)
    return project


@pytest.fixture
def directory(built: Project, tmp_path: Path) -> Path:
    return copy_of(built, tmp_path / "project").path


def ask(directory: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["query", *arguments, "--dir", str(directory)])


def test_an_answer_is_shown_as_a_table_with_markup_as_text(directory: Path) -> None:
    result = ask(directory, "select sender as who, null as nothing from messages")
    assert result.exit_code == 0
    assert "who" in result.output
    assert "[bold]@else.example" in result.output


@pytest.mark.parametrize("width", [1, 300], ids=["as a table", "line by line"])
def test_control_characters_do_not_reach_the_terminal(directory: Path, width: int) -> None:
    sql = f"select repeat('a', {width}) as b, chr(27) || '[2J' || chr(8238) || 'é' as \"a\x1b[31m\""
    result = ask(directory, sql)
    assert "\\x1b[2J\\u202eé" in result.output
    assert "a\\x1b[31m" in result.output
    assert not {"\x1b", "\u202e"} & set(result.output)
    assert "\x1b[2J\u202eé" in ask(directory, sql, "--csv").output


def test_json_is_an_array_of_objects(directory: Path) -> None:
    result = ask(directory, "select local_date, recipients from messages", "--json")
    assert json.loads(result.output) == [
        {"local_date": "2026-03-10", "recipients": ["10002@presence.example"]}
    ]


def test_csv_holds_no_formula(directory: Path) -> None:
    sql = "select '=HYPERLINK(1)' as a, '@x' as b, 'a=b' as c, -1 as d"
    assert ask(directory, sql, "--csv").output == "a,b,c,d\n'=HYPERLINK(1),'@x,a=b,-1\n"


def test_csv_has_the_names_first(directory: Path) -> None:
    result = ask(directory, "select 1 as a, 'x,y' as b", "--csv")
    assert result.output == 'a,b\n1,"x,y"\n'


def test_two_formats_at_once_are_wrong_use(directory: Path) -> None:
    assert ask(directory, "from messages", "--csv", "--json").exit_code == 2


def test_an_unknown_table_is_answered_with_the_published_ones(directory: Path) -> None:
    result = ask(directory, "from mesages")
    assert "The published tables are: archives, bill_allocations_monthly," in str(result.exception)
    assert "rejects" in str(result.exception)


def test_wrong_sql_is_explained(directory: Path) -> None:
    result = ask(directory, "select nothing from messages")
    assert isinstance(result.exception, QueryError)
    assert "nothing" in str(result.exception)
