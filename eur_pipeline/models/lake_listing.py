"""What lies in the lake: its files by table and event date, listed without being opened.

The lake's files are replaced whole, so path, size and modification time tell when one changed.
"""

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from eur_pipeline.lake.schema import TABLES
from eur_pipeline.models.loading import load_sources
from eur_pipeline.models.model import Column
from eur_pipeline.models.sql import identifier, literal
from eur_pipeline.storage import LocalStore

_FOLDER_PREFIX = "event_date="


@dataclass(frozen=True)
class LakeTable:
    """The files of one table of the lake, by event date."""

    files: dict[dt.date, tuple[Path, ...]]
    stamps: dict[dt.date, str]
    columns: tuple[Column, ...]

    def relation(self, dates: list[dt.date]) -> str:
        """The rows of these dates as a query; at least one of the dates has files.

        Columns that files of an older version lack are null there.
        """
        paths = ", ".join(
            literal(path) for date in sorted(dates) for path in self.files.get(date, ())
        )
        return (
            f"(select * from read_parquet([{paths}], hive_partitioning = true, "
            f"hive_types = {{'event_date': date}}, union_by_name = true) "
            f"union all by name select {self._nulls()} where false)"
        )

    def _nulls(self) -> str:
        return ", ".join(f"null::{c.type} as {identifier(c.name)}" for c in self.columns)


def list_lake(root: Path) -> dict[str, LakeTable]:
    """The tables of the lake by names such as `lake.messages`.

    An upload hour whose writing was broken off has no file in `archives`, which is written last: it
    is not there until it was read again.
    """
    store = LocalStore(root)
    complete = {PurePosixPath(key).name for key in store.files("archives")}
    return {f"lake.{name}": _list_table(store, name, complete) for name in TABLES}


def _list_table(store: LocalStore, name: str, complete: Container[str]) -> LakeTable:
    files: defaultdict[dt.date, list[Path]] = defaultdict(list)
    digests: defaultdict[dt.date, list[str]] = defaultdict(list)
    for key in store.files(name):
        path = store.path(key)
        if path.name not in complete:
            continue
        date = dt.date.fromisoformat(path.parent.name.removeprefix(_FOLDER_PREFIX))
        status = path.stat()
        files[date].append(path)
        digests[date].append(f"{key} {status.st_size} {status.st_mtime_ns}")
    stamps = {
        date: hashlib.sha256("\n".join(lines).encode()).hexdigest()
        for date, lines in digests.items()
    }
    return LakeTable(
        files={date: tuple(paths) for date, paths in files.items()},
        stamps=stamps,
        columns=load_sources()[f"lake.{name}"].columns,
    )
