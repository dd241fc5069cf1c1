"""Reads documents of a flat dialect region by region, several at once, into tables of records.

Records, rejects and errors are those of the slow way, record by record: what is not provably plain
goes that way, be it a region or all that is left of a document.
"""

import io
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pyarrow as pa

from eur_pipeline.archives.containers import Document, Readable, Rejoined
from eur_pipeline.archives.fast.chunk import NotPlainError
from eur_pipeline.archives.fast.columns import Columns
from eur_pipeline.archives.fast.cut import Cutting, Region
from eur_pipeline.archives.fast.markup import Markup
from eur_pipeline.archives.fast.rewrite import rewritten
from eur_pipeline.archives.limits import Limits
from eur_pipeline.archives.names import Names
from eur_pipeline.archives.reader import Before
from eur_pipeline.archives.record import Record, Reject
from eur_pipeline.archives.table import Part, parts_of, with_ordinals
from eur_pipeline.arrays import array_of
from eur_pipeline.errors import UnreadableArchiveError

# Larger ones are hardly faster, and what is made of them takes many times their memory.
REGION_BYTES = 1024 * 1024
_WORKERS = min(4, os.cpu_count() or 1)

SlowWay = Callable[[Document, Before], Iterator[Record | Reject]]
_Result = Callable[[], pa.RecordBatch | None]


# How far beyond a record's end the slow way may have read when it sees that end.
_READ_AHEAD_BYTES = 64 * 1024
# A record's fields stand in the root's child elements' child elements.
_DEPTH = 3


def allows_regions(limits: Limits) -> bool:
    """Whether nothing that is in a region can be beyond the limits."""
    largest = REGION_BYTES + _READ_AHEAD_BYTES
    return limits.record_bytes >= largest and limits.element_depth >= _DEPTH


@dataclass(frozen=True, slots=True)
class FastWay:
    """How documents of one flat dialect are read.

    Attributes:
        slow: Reads a document, or one from somewhere on, record by record.
    """

    columns: Columns
    slow: SlowWay

    def parts(self, document: Document, records: int) -> Iterator[Part]:
        """All of it, its records numbered on after so many; UnreadableArchiveError."""
        with ThreadPoolExecutor(_WORKERS) as pool:
            yield from _Reading(self, pool, document, records).parts()


class _Reading:
    """A document while it is read."""

    def __init__(
        self, way: FastWay, pool: ThreadPoolExecutor, document: Document, records: int
    ) -> None:
        self._way = way
        self._pool = pool
        self._document = document
        self._cutting = Cutting(document.source, way.columns.plan, REGION_BYTES)
        self._waiting: deque[tuple[Region, _Result]] = deque()
        self._records_before = self._records = records
        self._names = Names()

    def parts(self) -> Iterator[Part]:
        while self._look_ahead():
            region, result = self._waiting[0]
            records = result()
            parts = self._slowly(region) if records is None else [numbered(records, self._records)]
            if not parts:
                break
            self._waiting.popleft()
            self._records += sum(map(len, parts))
            yield from parts
        if self._waiting or not self._cutting.is_at_end():
            yield from parts_of(self._rest())

    def _look_ahead(self) -> bool:
        """Have enough regions worked on; whether there is any."""
        while len(self._waiting) <= _WORKERS and (region := self._cutting.region()):
            work = partial(_records_in_region, region, self._cutting.root, self._way.columns)
            is_only = self._cutting.is_at_end() and not self._waiting
            self._waiting.append((region, work if is_only else self._pool.submit(work).result))
        return bool(self._waiting)

    def _slowly(self, region: Region) -> list[Part]:
        """The region record by record; nothing where it is not a whole number of elements."""
        end = f"</{self._way.columns.plan.root}>".encode()
        region_alone = io.BytesIO(self._cutting.root + region.content + end)
        names = self._names.copy()
        try:
            parts = list(parts_of(self._slow(region_alone, region.lines, names)))
        except UnreadableArchiveError:
            return []
        self._names = names
        return parts

    def _rest(self) -> Iterator[Record | Reject]:
        """All that was not read yet, record by record."""
        regions = [region for region, _ in self._waiting]
        lines = regions[0].lines if regions else self._cutting.lines
        ahead = b"".join([self._cutting.root, *(r.content for r in regions), self._cutting.rest])
        return self._slow(Rejoined(ahead, self._cutting.source), lines, self._names)

    def _slow(self, source: Readable, lines: int, names: Names) -> Iterator[Record | Reject]:
        found = self._records > self._records_before
        document = replace(self._document, source=source)
        return self._way.slow(document, Before(self._records, lines, found, names=names))


def records_in(content: bytes, columns: Columns) -> pa.RecordBatch | None:
    """The records in the content; None where it is not plain."""
    try:
        return columns.of(Markup.of(content, columns.plan.record))
    except NotPlainError:
        return None


def numbered(records: pa.RecordBatch, before: int) -> Part:
    """The records, numbered on after so many."""
    ordinals = np.arange(before + 1, before + 1 + records.num_rows, dtype=np.int32)
    return Part(with_ordinals(records, array_of(ordinals, pa.int32())))


def _records_in_region(region: Region, root: bytes, columns: Columns) -> pa.RecordBatch | None:
    """The records in a region; None where it is not plain, not even when written anew."""
    records = records_in(region.content, columns)
    if records is not None:
        return records
    try:
        return records_in(rewritten(region.content, root, columns.plan.root), columns)
    except NotPlainError:
        return None
