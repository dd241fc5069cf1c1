"""What analysts get: tables and queries of the published database, and clear refusals."""

from pathlib import Path

import duckdb
import pytest

import eur_pipeline
from eur_pipeline.analyst import Published, QueryError
from eur_pipeline.models import build, publish
from eur_pipeline.project import Project
from tests.models.lake_project import copy_of, make_project, record, write_archive


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Two published messages."""
    project = make_project(tmp_path_factory.mktemp("built") / "project")
    times = ("2026-03-10T12:00", "2026-03-10T12:01")
    write_archive(project, "a.xml", [record(time) for time in times])
    build(project)
    publish(project)
    return project


@pytest.fixture
def published(built: Project, tmp_path: Path) -> Published:
    return eur_pipeline.open(copy_of(built, tmp_path / "project").path)


def test_a_table_comes_as_a_data_frame(published: Published) -> None:
    messages = published.table("messages")
    assert list(messages["sender"]) == ["10001@presence.example"] * 2


def test_tables_are_listed(published: Published) -> None:
    assert "usage_by_person_daily" in published.tables()


def test_a_query_comes_as_a_data_frame(published: Published) -> None:
    assert published.query("select sum(messages) as n from usage_by_person_daily")["n"][0] == 2


def test_an_unknown_table_is_answered_with_those_there_are(published: Published) -> None:
    with pytest.raises(QueryError, match="'mesages'; there are: ") as refused:
        published.table("mesages")
    assert str(refused.value).endswith(", ".join(published.tables()))


@pytest.mark.parametrize(
    "sql",
    [
        "select from",
        "delete from messages",
        "create table main.x (a int)",
        "from read_text('/etc/hostname')",
        "copy messages to 'here.csv'",
        "attach 'other.duckdb'",
        "create table eur.main.x (a int)",
        "export database 'here'",
        "load httpfs",
        "set enable_external_access = true",
    ],
)
def test_a_query_can_only_read_the_published_tables(published: Published, sql: str) -> None:
    with pytest.raises(QueryError, match="cannot be answered"):
        published.query(sql)


def test_queries_can_be_asked_while_an_answer_is_open(published: Published) -> None:
    with published.answer("from messages") as answer:
        assert published.query("select count(*) as n from messages")["n"][0] == 2
        assert len(answer.fetchall()) == 2


def test_queries_can_be_asked_beside_a_connection_of_the_users_own(published: Published) -> None:
    with duckdb.connect(published.path, read_only=True) as own:
        assert len(published.table("messages")) == 2
        assert own.execute("select count(*) from messages").fetchone() == (2,)


def test_who_has_the_database_open_for_writing_is_told_so(published: Published) -> None:
    with (
        duckdb.connect(published.path),
        pytest.raises(QueryError, match="open it with read_only=True"),
    ):
        published.tables()


def test_an_error_of_the_callers_own_stays_what_it_is(published: Published) -> None:
    with pytest.raises(duckdb.ParserException), published.answer("from messages"):
        duckdb.execute("select from")


def test_an_error_that_shows_only_while_fetching_is_explained(published: Published) -> None:
    late = "select cast(if(i = 1900000, 'x', '1') as int) from range(2000000) as rows(i)"
    with published.answer(late) as answer, pytest.raises(QueryError, match="cannot be answered"):
        answer.fetchall()


def test_nothing_published_yet_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(QueryError, match="nothing is published there yet"):
        eur_pipeline.open(tmp_path).table("messages")


def test_a_file_that_is_no_database_is_named(published: Published) -> None:
    published.path.write_bytes(b"no database" * 1000)
    with pytest.raises(QueryError, match=r"eur\.duckdb: not readable"):
        published.tables()
