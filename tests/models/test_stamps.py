"""Stamps are read once, and written once."""

import datetime as dt
from pathlib import Path

from eur_pipeline.models.stamps import Stamp, Stamps
from eur_pipeline.models.warehouse import connect, prepare

DAY = dt.date(2026, 3, 9)


def test_what_is_put_is_there_at_once_and_kept_when_it_is_written(tmp_path: Path) -> None:
    with connect(tmp_path / "warehouse.duckdb") as connection:
        stamps = prepare(connection).stamps
        stamps.put("some", {DAY: Stamp("a", "1"), dt.date.min: Stamp("b", "")})
        stamps.put("other", {DAY: Stamp("c", "2")})
        assert stamps.of("some")[DAY] == Stamp("a", "1")
        assert Stamps(connection).of("some") == {}
        stamps.write()

        again = Stamps(connection)
        assert again.of("some") == {DAY: Stamp("a", "1"), dt.date.min: Stamp("b", "")}
        again.put("some", {DAY: Stamp("d", "3")})
        again.put("other", {})
        again.write()
        last = Stamps(connection)
    assert last.of("some") == {DAY: Stamp("d", "3")}
    assert last.of("other") == {}
    assert last.of("none") == {}
