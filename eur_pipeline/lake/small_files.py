"""Reads small archives of flat dialects many at a time, for `files.py`, which reads all others.

Thousands of files of some kilobytes each are usual: one by one, nearly all of the time would go
into what has to be done once an archive.
"""

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pyarrow as pa

from eur_pipeline.archives.dialect import Dialect
from eur_pipeline.archives.fast.bundle import Bundled, read_bundle
from eur_pipeline.archives.fast.chunk import NotPlainError
from eur_pipeline.archives.fast.columns import Columns
from eur_pipeline.archives.fast.cut import records_alone
from eur_pipeline.archives.fast.documents import SMALL_BYTES
from eur_pipeline.archives.identity import archive_sha256
from eur_pipeline.labels import clean
from eur_pipeline.lake.records import BodyPolicy, Origin, message_batch

_BUNDLE_BYTES = 1024 * 1024
_WORKERS = min(4, os.cpu_count() or 1)


@dataclass(frozen=True, slots=True)
class FastDialect:
    """A dialect that no other shares its root element with, and how its archives are read."""

    dialect: Dialect
    columns: Columns


@dataclass(frozen=True, slots=True)
class SmallFile:
    """One that seems to hold nothing but records."""

    path: Path
    origin: Origin
    records: bytes
    way: FastDialect

    @classmethod
    def of(cls, path: Path, content: bytes, ways: Sequence[FastDialect]) -> "SmallFile | None":
        """None where it is a parser's work."""
        for way in ways:
            records = records_alone(content, way.columns.plan)
            if records is not None:
                sha256 = hashlib.sha256(content).hexdigest()
                name = clean(path.name)
                known_by = archive_sha256(way.dialect, sha256, None, name)
                return cls(path, Origin(known_by, name, way.dialect.name), records, way)
        return None


@dataclass(frozen=True, slots=True)
class ReadFiles:
    """Small files that were read together.

    Attributes:
        rows: Rows of `messages`; None where the files have to be read one by one.
        counts: How many of them each file has.
    """

    files: Sequence[SmallFile]
    rows: pa.RecordBatch | None = None
    counts: Sequence[int] = ()


@dataclass
class SmallFiles:
    """Collects small files and reads them, several bundles at once; results come in order."""

    take: Callable[[ReadFiles], None]
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(_WORKERS))
    _files: list[SmallFile] = field(default_factory=list)
    _bytes: int = 0
    _waiting: deque[Future[ReadFiles]] = field(default_factory=deque)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def add(self, file: SmallFile) -> None:
        """One more; some of those before may be given to `take`."""
        is_of_another = bool(self._files) and self._files[0].way is not file.way
        if is_of_another or self._bytes + len(file.records) > _BUNDLE_BYTES:
            self._begin_reading()
        self._files.append(file)
        self._bytes += len(file.records)

    def finish(self) -> None:
        """Give all to `take`."""
        self._begin_reading()
        while self._waiting:
            self.take(self._waiting.popleft().result())

    def _begin_reading(self) -> None:
        if not self._files:
            return
        self._waiting.append(self._pool.submit(_read, tuple(self._files)))
        self._files, self._bytes = [], 0
        while len(self._waiting) > _WORKERS:
            self.take(self._waiting.popleft().result())


def _read(files: Sequence[SmallFile]) -> ReadFiles:
    try:
        bundled = read_bundle([file.records for file in files], files[0].way.columns)
    except NotPlainError:
        return ReadFiles(files)
    return _rows(files, bundled)


def _rows(files: Sequence[SmallFile], bundled: Bundled) -> ReadFiles:
    origins = [file.origin for file in files]
    rows = message_batch(bundled.records, origins, bundled.documents, BodyPolicy())
    return ReadFiles(files, rows, bundled.counts(len(files)))


def small_content(path: Path, read: Callable[[Path], bytes]) -> bytes | None:
    """What is in the file; None where it is not small, or cannot be read."""
    try:
        return read(path) if path.stat().st_size <= SMALL_BYTES else None
    except OSError:
        return None


def ways_of(
    dialects: Sequence[Dialect], columns_of: Callable[[Dialect], Columns | None]
) -> Iterator[FastDialect]:
    """Those of the dialects that small files can be read by."""
    for dialect in dialects:
        columns = columns_of(dialect)
        if columns is None:
            continue
        sharing = [one for one in dialects if one.accepts_root(columns.plan.root)]
        if len(sharing) == 1:
            yield FastDialect(dialect, columns)
