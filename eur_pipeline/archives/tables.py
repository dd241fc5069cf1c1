"""Reads archives into tables of records: flat dialects the fast way, others record by record.

Which way it goes shows in nothing but the time it takes.
"""

import datetime as dt
from collections.abc import Iterator
from functools import lru_cache, partial
from typing import BinaryIO

from eur_pipeline.archives import values
from eur_pipeline.archives.containers import Contents, Document, documents
from eur_pipeline.archives.dialect import Dialect
from eur_pipeline.archives.extract import Extractor
from eur_pipeline.archives.fast.columns import Columns
from eur_pipeline.archives.fast.documents import Documents
from eur_pipeline.archives.fast.plan import plan_of
from eur_pipeline.archives.fast.reading import FastWay, allows_regions
from eur_pipeline.archives.limits import DEFAULT_LIMITS, Limits
from eur_pipeline.archives.reader import Before, extractor_of, is_of, read_archive, read_document
from eur_pipeline.archives.record import Record, Reject
from eur_pipeline.archives.surroundings import ALONE, Surroundings
from eur_pipeline.archives.table import Part, parts_of

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
# So many addresses are known without asking again.
_ADDRESSES = 16 * 1024


def read_tables(
    source: BinaryIO,
    dialect: Dialect,
    *,
    presence_domain: str | None,
    extension_length: int | None = None,
    uploaded: dt.datetime | None = None,
    limits: Limits = DEFAULT_LIMITS,
    contents: Contents | None = None,
    surroundings: Surroundings = ALONE,
) -> Iterator[Part]:
    """All that `read_archive` gives, in parts, and with its errors."""
    columns = columns_of(
        dialect,
        presence_domain=presence_domain,
        extension_length=extension_length,
        uploaded=uploaded,
        limits=limits,
    )
    if columns is None:
        items = read_archive(
            source,
            dialect,
            presence_domain=presence_domain,
            extension_length=extension_length,
            uploaded=uploaded,
            limits=limits,
            contents=contents,
            surroundings=surroundings,
        )
        yield from parts_of(items)
        return
    extractor = extractor_of(
        dialect,
        presence_domain=presence_domain,
        extension_length=extension_length,
        uploaded=uploaded,
        limits=limits,
    )
    found = documents(source, partial(is_of, dialect), limits, contents)
    yield from Documents(_fast_way(dialect, columns, extractor, limits)).parts(found)


def columns_of(
    dialect: Dialect,
    *,
    presence_domain: str | None,
    extension_length: int | None = None,
    uploaded: dt.datetime | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Columns | None:
    """The fast way to read such archives; None where there is none."""
    plan = plan_of(dialect)
    if plan is None or not allows_regions(limits):
        return None
    bare = partial(
        values.bare_address, presence_domain=presence_domain, extension_length=extension_length
    )
    earliest, latest = limits.times(uploaded)
    return Columns(
        plan,
        lru_cache(_ADDRESSES)(bare),
        earliest=_microseconds(max(earliest, values.EARLIEST)),
        latest=_microseconds(min(latest, values.LATEST)),
    )


def _fast_way(dialect: Dialect, columns: Columns, extractor: Extractor, limits: Limits) -> FastWay:
    def slow(document: Document, before: Before) -> Iterator[Record | Reject]:
        return read_document(document, dialect, extractor, limits, before)

    return FastWay(columns, slow)


def _microseconds(moment: dt.datetime) -> int:
    return (moment - _EPOCH) // dt.timedelta(microseconds=1)
