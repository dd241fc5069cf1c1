"""Rows on their way to Parquet: kept on disk until it is certain that they are to be stored.

An archive can turn out to be damaged after thousands of good records; its rows are then taken back.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from eur_pipeline.lake.records import Row

# A million rows a group peaked at 508 MB, 64 Ki at 183 MB. With long bodies even 64 Ki rows are
# too many, so bytes are bounded too.
GROUP_ROWS = 64 * 1024
GROUP_BYTES = 64 * 1024 * 1024
COMPRESSION = "zstd"


class Spool:
    """The rows of one table, in order, in a file of batches: read once it is closed."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path = path
        self._schema = schema
        self._writer = pa.ipc.new_file(path, schema)
        self._rows: list[Row] = []
        self._bytes = 0
        self._written = 0
        self._committed: list[int] = []
        self._pending: list[int] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._writer.close()

    def add(self, row: Row, text_bytes: int = 0) -> None:
        """Take a row; `text_bytes` is about how much text it holds."""
        self._rows.append(row)
        self._bytes += text_bytes
        if len(self._rows) >= GROUP_ROWS or self._bytes >= GROUP_BYTES:
            self._flush()

    def add_batch(self, batch: pa.RecordBatch) -> None:
        """Take rows that are a batch already."""
        self._flush()
        self._write(batch)

    def commit(self) -> None:
        """Keep all rows since the last commit."""
        self._flush()
        self._committed += self._pending
        self._pending = []

    def roll_back(self) -> None:
        """Forget all rows since the last commit."""
        self._rows, self._bytes, self._pending = [], 0, []

    def __len__(self) -> int:
        """How many batches are committed."""
        return len(self._committed)

    def batches(self, numbers: Iterable[int] | None = None) -> Iterator[pa.RecordBatch]:
        """The committed rows, or of them the batches with those numbers."""
        # Not mapped into memory: what was read of a mapped file counts as the process's own.
        with pa.OSFile(str(self._path)) as source:
            reader = pa.ipc.open_file(source)
            for number in self._committed if numbers is None else numbers:
                yield reader.get_batch(number)

    def numbers_by_date(self, column: str) -> dict[dt.date, list[int]]:
        """For each UTC date in a column of instants, in order, the batches with rows on it."""
        found: dict[dt.date, list[int]] = defaultdict(list)
        for number, batch in zip(self._committed, self.batches(), strict=True):
            for date in pc.unique(batch[column].cast(pa.date32())).to_pylist():
                found[date].append(number)
        return dict(sorted(found.items()))

    def _flush(self) -> None:
        if self._rows:
            self._write(pa.RecordBatch.from_pylist(self._rows, schema=self._schema))
        self._rows, self._bytes = [], 0

    def _write(self, batch: pa.RecordBatch) -> None:
        self._writer.write_batch(batch)
        self._pending.append(self._written)
        self._written += 1


def on_date(
    batches: Iterable[pa.RecordBatch], column: str, date: dt.date
) -> Iterator[pa.RecordBatch]:
    """The rows whose instant lies on the UTC date."""
    for batch in batches:
        is_on_date = pc.equal(batch[column].cast(pa.date32()), pa.scalar(date))
        # Most archives are of one date, and a copy takes time and memory.
        yield batch if pc.all(is_on_date).as_py() else batch.filter(is_on_date)


def write_parquet(
    target: Path | BinaryIO, schema: pa.Schema, batches: Iterator[pa.RecordBatch]
) -> None:
    """Write the rows as row groups of bounded size; equal rows give equal bytes."""
    with pq.ParquetWriter(target, schema, compression=COMPRESSION) as writer:
        for table in _groups(schema, batches):
            writer.write_table(table, row_group_size=GROUP_ROWS)


def _groups(schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    pending: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        pending.append(batch)
        rows, size = rows + batch.num_rows, size + batch.nbytes
        while rows >= GROUP_ROWS:
            table = pa.Table.from_batches(pending, schema)
            yield table.slice(0, GROUP_ROWS)
            rest = table.slice(GROUP_ROWS)
            pending, rows, size = rest.to_batches(), rest.num_rows, rest.nbytes
        if size >= GROUP_BYTES:
            yield pa.Table.from_batches(pending, schema)
            pending, rows, size = [], 0, 0
    if rows:
        yield pa.Table.from_batches(pending, schema)
