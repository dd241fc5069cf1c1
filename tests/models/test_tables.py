"""A table is made when there is none with just these columns."""

from pathlib import Path

from eur_pipeline.models.model import Column
from eur_pipeline.models.tables import Tables
from eur_pipeline.models.warehouse import connect, prepare

COLUMNS = [Column("day", "date", ""), Column("amount", "decimal(18, 3)", "")]


def test_a_table_is_made_anew_only_where_names_types_or_order_differ(tmp_path: Path) -> None:
    with connect(tmp_path / "warehouse.duckdb") as connection:
        tables = prepare(connection).tables
        assert tables.make("inputs.some", COLUMNS)
        connection.execute("insert into inputs.some values ('2026-03-09', 1)")
        assert not tables.make("inputs.some", COLUMNS)

        found = Tables(connection)
        assert not found.make("inputs.some", COLUMNS)
        assert found.made == set()
        assert connection.execute("select count(*) from inputs.some").fetchone() == (1,)
        assert found.make("inputs.some", COLUMNS[::-1])
        assert found.make("inputs.some", [*COLUMNS[::-1], Column("name", "varchar", "")])
        assert found.make("inputs.some", [Column("day", "timestamp", "")])
        assert found.made == {"inputs.some"}


def test_tables_that_nobody_keeps_are_dropped_and_views_stay(tmp_path: Path) -> None:
    with connect(tmp_path / "warehouse.duckdb") as connection:
        prepare(connection).tables.make("inputs.some", COLUMNS)
        connection.execute("create view seen as from inputs.some")
        tables = Tables(connection)
        tables.make("main.other", COLUMNS)
        assert tables.drop_except({"main.other", "build.stamps"}) == ["inputs.some"]
        assert tables.drop_except({"main.other", "build.stamps"}) == []
        left = connection.execute(
            "select table_name from duckdb_tables() where database_name = 'warehouse' order by all"
        ).fetchall()
    assert left == [("other",), ("stamps",)]
