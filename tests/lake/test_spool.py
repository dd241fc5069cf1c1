"""Rows on their way to Parquet: order, row groups, and rows that are taken back."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from eur_pipeline.lake import spool
from eur_pipeline.lake.spool import Spool, on_date, write_parquet

COLUMNS = pa.schema(
    [("n", pa.int32()), ("at", pa.timestamp("us", tz="UTC")), ("text", pa.string())]
)
START = dt.datetime(2026, 3, 9, 23, tzinfo=dt.UTC)


def _row(number: int) -> dict[str, object]:
    return {"n": number, "at": START + dt.timedelta(hours=number), "text": "x" * 100}


def _numbers(batches: Iterator[pa.RecordBatch]) -> list[int]:
    return [number for batch in batches for number in batch["n"].to_pylist()]


def test_rows_come_back_in_order_without_those_rolled_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "GROUP_ROWS", 3)
    with Spool(tmp_path / "s", COLUMNS) as rows:
        for number in range(7):
            rows.add(_row(number))
        rows.commit()
        for number in range(7, 15):
            rows.add(_row(number))
        rows.roll_back()
        rows.add(_row(15))
        rows.commit()
        rows.add(_row(16))
    assert _numbers(rows.batches()) == [0, 1, 2, 3, 4, 5, 6, 15]


def test_each_utc_date_gets_its_own_rows_in_order(tmp_path: Path) -> None:
    with Spool(tmp_path / "s", COLUMNS) as rows:
        for number in (1, 0, 25, 2):
            rows.add(_row(number))
        rows.commit()
        rows.add(_row(3))
        rows.commit()
    found = rows.numbers_by_date("at")
    assert list(found) == [dt.date(2026, 3, 9), dt.date(2026, 3, 10), dt.date(2026, 3, 11)]
    numbers = [_numbers(on_date(rows.batches(n), "at", date)) for date, n in found.items()]
    assert numbers == [[0], [1, 2, 3], [25]]


def test_only_batches_with_rows_on_a_date_are_looked_through_for_it(tmp_path: Path) -> None:
    with Spool(tmp_path / "s", COLUMNS) as rows:
        for number in range(0, 24 * 50, 24):
            rows.add(_row(number))
            rows.commit()
    found = rows.numbers_by_date("at")
    assert [len(numbers) for numbers in found.values()] == [1] * 50


def test_small_batches_fill_whole_row_groups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "GROUP_ROWS", 10)
    with Spool(tmp_path / "s", COLUMNS) as rows:
        for number in range(25):
            rows.add(_row(number))
            rows.commit()
    write_parquet(tmp_path / "p", COLUMNS, rows.batches())
    file = pq.ParquetFile(tmp_path / "p")
    groups = [file.metadata.row_group(n) for n in range(file.num_row_groups)]
    assert [group.num_rows for group in groups] == [10, 10, 5]
    assert groups[0].column(0).compression == "ZSTD"
    assert file.read()["n"].to_pylist() == list(range(25))


def test_long_texts_close_a_row_group_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "GROUP_BYTES", 1000)
    with Spool(tmp_path / "s", COLUMNS) as rows:
        for number in range(40):
            rows.add(_row(number), text_bytes=100)
        rows.commit()
    write_parquet(tmp_path / "p", COLUMNS, rows.batches())
    assert pq.ParquetFile(tmp_path / "p").num_row_groups == 4


def test_no_rows_make_a_file_with_columns(tmp_path: Path) -> None:
    with Spool(tmp_path / "s", COLUMNS) as rows:
        pass
    write_parquet(tmp_path / "p", COLUMNS, rows.batches())
    assert pq.read_schema(tmp_path / "p").equals(COLUMNS)
