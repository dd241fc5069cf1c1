"""A table that differs in a row, a column or a type is found, and so is one that is missing."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from eur_pipeline.models import build, load_models
from eur_pipeline.models.sql import literal
from eur_pipeline.project import Project
from tests.dbt_check.comparing import compare
from tests.models.lake_project import make_project, record, write_archive


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = make_project(tmp_path / "project")
    write_archive(project, "a.xml", [record("2026-03-10T12:00"), record("2026-03-10T12:01")])
    assert build(project).committed
    return project


@pytest.fixture
def dbts(project: Project, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """What dbt would have made: the same tables, all in one schema."""
    with duckdb.connect(tmp_path / "dbt.duckdb") as connection:
        connection.execute(f"attach {literal(project.warehouse_path)} as ours (read_only)")
        for model in load_models():
            connection.execute(f"create table {model.name} as select * from ours.{model.table}")
        connection.execute("detach ours")
        yield connection


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ("update charges_by_site_monthly set charge = charge + 0.01", "1 rows are only in"),
        ("insert into messages select * from messages limit 1", "1 only in dbt's"),
        ("alter table messages alter copies type hugeint", "copies BIGINT / HUGEINT"),
        ("alter table messages rename copies to others", "columns differ"),
        ("drop table messages", "dbt made no such table"),
    ],
)
def test_a_difference_is_found(
    project: Project, dbts: duckdb.DuckDBPyConnection, tmp_path: Path, change: str, finding: str
) -> None:
    dbts.execute(change)
    dbts.close()
    (found,) = (
        comparison
        for comparison in compare(project.warehouse_path, tmp_path / "dbt.duckdb")
        if not comparison.is_equal
    )
    assert finding in str(found)


def test_equal_tables_are_equal(
    project: Project, dbts: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    dbts.close()
    found = compare(project.warehouse_path, tmp_path / "dbt.duckdb")
    assert [c.model for c in found if not c.is_equal] == []
    assert sum(c.rows for c in found) > 0
