"""The lake's layout, and how one upload hour of a collection is replaced in it.

What the rows say is the business of `records.py`, where they come from that of `ingest.py`.
"""

import datetime as dt
import filecmp
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from eur_pipeline.lake import schema
from eur_pipeline.lake.spool import GROUP_ROWS, Spool, on_date, write_parquet
from eur_pipeline.storage import UNFINISHED_PREFIX, LocalStore, make_private_folder

PREVIEW_ROWS = 5
PREVIEW_COLUMNS = ["sent_at", "sender", "recipients", "kind", "body_characters", "file_bytes"]

_STAGING = UNFINISHED_PREFIX + "staging"


def lock_name(collection: str) -> str:
    """The project's lock for who changes the collection's files, or must see them unchanged."""
    return f"lake-{collection}"


def file_name(collection: str, hour: dt.datetime) -> str:
    """The name that all files of one upload hour of a collection have."""
    return f"{collection}--{hour.astimezone(dt.UTC):{schema.HOUR_FORMAT}}.parquet"


def file_key(table: str, date: dt.date, collection: str, hour: dt.datetime) -> str:
    """Where the rows of a date lie that one upload hour brought."""
    return f"{table}/event_date={date.isoformat()}/{file_name(collection, hour)}"


@dataclass
class HourWriter:
    """Takes the rows of one upload hour, in archive order.

    Attributes:
        dates_touched: The event dates whose files were written or removed; known at the end.
    """

    messages: Spool
    rejects: Spool
    archives: Spool
    dates_touched: tuple[dt.date, ...] = field(default=(), init=False)

    def spools(self) -> dict[str, Spool]:
        """The tables in the order in which they are stored."""
        return {"messages": self.messages, "rejects": self.rejects, "archives": self.archives}


@dataclass(frozen=True)
class Lake:
    """Parquet files below one folder."""

    store: LocalStore

    @contextmanager
    def rewriting(self, collection: str, hour: dt.datetime) -> Iterator[HourWriter]:
        """Replace all that the lake has of one upload hour by the rows written in the block.

        Only one process at a time may rewrite an hour. Files that would not change stay as they
        are, so that nothing that depends on them becomes stale.
        """
        staging = self.store.path(f"{_STAGING}-{file_name(collection, hour)}")
        _empty(staging)
        try:
            with ExitStack() as stack:
                writer = HourWriter(
                    **{
                        table: stack.enter_context(Spool(staging / f"{table}.arrow", columns))
                        for table, columns in schema.TABLES.items()
                    }
                )
                yield writer
            writer.dates_touched = self._replace(collection, hour, writer, staging)
        finally:
            shutil.rmtree(staging, ignore_errors=True)

    def rows(
        self,
        table: str,
        collection: str,
        hour: dt.datetime,
        columns: list[str],
        batch_rows: int = GROUP_ROWS,
    ) -> Iterator[pa.Table]:
        """These columns of what the table has of an upload hour, so many rows at a time."""
        for key in self._keys(collection, hour):
            if key.startswith(f"{table}/"):
                file = pq.ParquetFile(self.store.path(key))
                for batch in file.iter_batches(batch_rows, columns=columns):
                    yield pa.Table.from_batches([batch])

    def preview(self, collection: str, hour: dt.datetime) -> list[dict[str, object]]:
        """The first records of an upload hour as shown to people: without bodies."""
        for first in self.rows("messages", collection, hour, PREVIEW_COLUMNS, PREVIEW_ROWS):
            rows: list[dict[str, object]] = first.to_pylist()
            return rows
        return []

    def files_of(self, table: str, collection: str) -> dict[dt.datetime, list[Path]]:
        """The files that a collection has in a table, by upload hour."""
        found: dict[dt.datetime, list[Path]] = {}
        for path in sorted(self.store.path(table).glob(f"event_date=*/{collection}--*.parquet")):
            found.setdefault(_hour_of(path), []).append(path)
        return found

    def collections(self) -> set[str]:
        """The collections whose messages are there."""
        paths = self.store.path("messages").glob("event_date=*/*--*.parquet")
        return {path.name.partition("--")[0] for path in paths}

    def _replace(
        self, collection: str, hour: dt.datetime, writer: HourWriter, staging: Path
    ) -> tuple[dt.date, ...]:
        """Make the hour's files those of the writer's rows; returns the event dates touched."""
        staged = {
            file_key(table, date, collection, hour): path
            for table, spool in writer.spools().items()
            for date, path in _write_dates(staging, table, spool)
        }
        stale = [key for key in self._keys(collection, hour) if key not in staged]
        changed = [key for key, path in staged.items() if not self._equals(key, path)]
        if stale or changed:
            self._carry_out(stale, changed, staged, collection, hour)
        touched = {key.split("/")[1] for key in (*stale, *changed) if key.startswith("messages/")}
        return tuple(sorted(dt.date.fromisoformat(folder.partition("=")[2]) for folder in touched))

    def _carry_out(
        self,
        stale: list[str],
        changed: list[str],
        staged: dict[str, Path],
        collection: str,
        hour: dt.datetime,
    ) -> None:
        # The archives' file says that an hour is complete, so it goes first and comes last: a
        # crash in between leaves an hour that has to be read again.
        archives = file_key("archives", hour.astimezone(dt.UTC).date(), collection, hour)
        self.store.remove(archives)
        for key in stale:
            self.store.remove(key)
        for key in (*(k for k in changed if k != archives), *({archives} & staged.keys())):
            with self.store.create(key) as target, staged[key].open("rb") as source:
                shutil.copyfileobj(source, target)

    def _keys(self, collection: str, hour: dt.datetime) -> list[str]:
        """The files that the hour has now, on whatever dates."""
        name = file_name(collection, hour)
        return [
            path.relative_to(self.store.root).as_posix()
            for table in schema.TABLES
            for path in sorted(self.store.path(table).glob(f"event_date=*/{name}"))
        ]

    def _equals(self, key: str, staged: Path) -> bool:
        stored = self.store.path(key)
        return stored.exists() and filecmp.cmp(stored, staged, shallow=False)


def _hour_of(path: Path) -> dt.datetime:
    text = path.stem.partition("--")[2]
    return dt.datetime.strptime(text, schema.HOUR_FORMAT).replace(tzinfo=dt.UTC)


def _write_dates(staging: Path, table: str, spool: Spool) -> Iterator[tuple[dt.date, Path]]:
    """One Parquet file for each event date of the spooled rows."""
    columns = schema.TABLES[table]
    instant = "sent_at" if table == "messages" else "upload_hour"
    for date, numbers in spool.numbers_by_date(instant).items():
        path = staging / f"{table}-{date}.parquet"
        write_parquet(path, columns, on_date(spool.batches(numbers), instant, date))
        yield date, path


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    make_private_folder(folder)
