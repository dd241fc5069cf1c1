"""What the README shows of the published tables is true of the demo."""

import re
from pathlib import Path

import pytest

from .demo import DemoFiles

pytestmark = pytest.mark.xdist_group("demo")

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
USAGE = (ROOT / "docs" / "usage.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```sql\n(.+?)```", README, re.DOTALL)
IN_COMMANDS = re.findall(r'eur query [^"\n]*"([^"\n]+)"', README)
USAGE_TABLES = re.compile(r"`((?:usage_by|usage_changes|busy_hours|people_without)_\w+)`")


def test_the_readme_shows_queries() -> None:
    assert len(QUERIES) >= 3
    assert IN_COMMANDS


@pytest.mark.parametrize("sql", [*QUERIES, *IN_COMMANDS])
def test_a_query_of_the_readme_has_an_answer_in_the_demo(files: DemoFiles, sql: str) -> None:
    assert files.published(sql)


def test_the_readme_names_every_table_of_usage_and_none_that_is_not_there(
    files: DemoFiles,
) -> None:
    names = [name for (name,) in files.published("select table_name from duckdb_tables()")]
    usage = {name for name in names if USAGE_TABLES.fullmatch(f"`{name}`")}
    assert set(USAGE_TABLES.findall(README)) == usage


def test_every_measure_of_usage_is_defined(files: DemoFiles) -> None:
    columns = files.published(
        "select distinct column_name from duckdb_columns() where table_name like 'usage_by_%' "
        "and table_name not like '%_monthly' and data_type in ('BIGINT', 'DECIMAL(34,3)', "
        "'DECIMAL(37,6)', 'DECIMAL(38,0)') and column_name not like 'own_%'"
    )
    undefined = [name for (name,) in columns if f"`{name}`" not in USAGE]
    assert columns
    assert undefined == []
