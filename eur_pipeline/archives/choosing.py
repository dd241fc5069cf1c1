"""Chooses the dialect of an archive among several that have its root element.

Roots are the reader's business: most dialects have one that no other has.
"""

import io
from collections.abc import Sequence
from contextlib import suppress
from itertools import islice
from typing import BinaryIO

from eur_pipeline.archives.containers import Document, Readable, in_member
from eur_pipeline.archives.dialect import Dialect
from eur_pipeline.archives.limits import DEFAULT_LIMITS, Limits
from eur_pipeline.archives.reader import read_archive, xml_documents
from eur_pipeline.archives.record import Record
from eur_pipeline.errors import UnreadableArchiveError

# So much of an archive's beginning is tried, and so many records of it.
_HEAD_BYTES = 1024 * 1024
_HEAD_RECORDS = 50


def best_dialect(
    source: BinaryIO, dialects: Sequence[Dialect], limits: Limits = DEFAULT_LIMITS
) -> Dialect | None:
    """The one that reads most of the beginning; of equals the first, None where none reads any.

    Raises UnreadableArchiveError where the container of the archive is damaged.
    """
    for document in xml_documents(source, limits):
        head = _head_of(document)
        read = {one.name: _share_read(head, one, limits) for one in dialects}
        best = max(dialects, key=lambda one: read[one.name])
        if read[best.name] > 0:
            return best
    return None


def _head_of(document: Document) -> bytes:
    with in_member(document.member):
        return _filled(document.source)


def _filled(source: Readable) -> bytes:
    head = b""
    while len(head) < _HEAD_BYTES and (part := source.read(_HEAD_BYTES - len(head))):
        head += part
    return head


def _share_read(head: bytes, dialect: Dialect, limits: Limits) -> float:
    """How much of what the dialect takes for records it can read; 0 where there is none."""
    # Who is in a room needs the whole archive, and changes nothing here.
    alone = dialect.model_copy(update={"participants": None})
    items = read_archive(io.BytesIO(head), alone, presence_domain=None, limits=limits)
    records = rejects = 0
    with suppress(UnreadableArchiveError):  # most heads break off
        for item in islice(items, _HEAD_RECORDS):
            records += isinstance(item, Record)
            rejects += not isinstance(item, Record)
    return records / (records + rejects) if records else 0
