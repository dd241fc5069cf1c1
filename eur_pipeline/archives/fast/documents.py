"""Reads the documents of an archive one after the other, small ones many at a time.

A zip may hold thousands of some kilobytes each: one by one, nearly all of the time would go into
what has to be done once a document.
"""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from eur_pipeline.archives.containers import Damaged, Document, Rejoined
from eur_pipeline.archives.fast.cut import records_alone
from eur_pipeline.archives.fast.reading import REGION_BYTES, FastWay, numbered, records_in
from eur_pipeline.archives.table import Part
from eur_pipeline.errors import UnreadableArchiveError

# Larger ones gain nothing by being read together.
SMALL_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class _Small:
    """A document that seems to hold nothing but records, and these."""

    document: Document
    records: bytes


class Documents:
    """The documents of one archive while they are read."""

    def __init__(self, way: FastWay) -> None:
        self._way = way
        self._records = 0
        self._small: list[_Small] = []
        self._small_bytes = 0

    def parts(self, documents: Iterable[Document]) -> Iterator[Part]:
        """Their records, numbered through; UnreadableArchiveError after those before the damage."""
        try:
            yield from self._parts(documents)
        except UnreadableArchiveError as error:
            error.records_before = self._records
            raise

    def _parts(self, documents: Iterable[Document]) -> Iterator[Part]:
        try:
            for document in documents:
                yield from self._read(document)
        except UnreadableArchiveError:
            yield from self._read_small()
            raise
        yield from self._read_small()

    def _read(self, document: Document) -> Iterator[Part]:
        """The document, and before it small ones; nothing where it is one that can wait."""
        document, content = _with_content(document)
        plan = self._way.columns.plan
        records = None if content is None else records_alone(content, plan)
        if records is None:
            yield from self._read_small()
            yield from self._counted(self._way.parts(document, self._records))
            return
        if self._small_bytes + len(records) > REGION_BYTES:
            yield from self._read_small()
        self._small.append(_Small(document, records))
        self._small_bytes += len(records)

    def _read_small(self) -> Iterator[Part]:
        """Those that wait: as if they were one, or else one by one."""
        small, self._small, self._small_bytes = self._small, [], 0
        if not small:
            return
        records = records_in(b"".join(each.records for each in small), self._way.columns)
        if records is not None:
            yield from self._counted([numbered(records, self._records)])
            return
        for each in small:
            yield from self._counted(self._way.parts(each.document, self._records))

    def _counted(self, parts: Iterable[Part]) -> Iterator[Part]:
        for part in parts:
            self._records += len(part)
            yield part


def _with_content(document: Document) -> tuple[Document, bytes | None]:
    """The document, to be read from its beginning, and all that it holds where that is little."""
    source, content = document.source, b""
    try:
        while len(content) <= SMALL_BYTES:
            if not (piece := source.read(SMALL_BYTES + 1 - len(content))):
                return replace(document, source=io.BytesIO(content)), content
            content += piece
    except UnreadableArchiveError as error:
        # To be raised once more, where what stands before the damage has been read.
        source = Damaged(error)
    return replace(document, source=Rejoined(content, source)), None
