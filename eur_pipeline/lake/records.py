"""Rows of the lake's tables, as Arrow, from what the archives say.

The columns are those of `schema.py`; where the rows are stored is `lake.py`'s business.
"""

import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from eur_pipeline.archives.record import Reject
from eur_pipeline.arrays import repeated, texts_of
from eur_pipeline.config import Bodies
from eur_pipeline.lake.schema import MESSAGES

Row = Mapping[str, object]

# So many hexadecimal digits of the archive's hash begin a record's id.
_ARCHIVE_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Origin:
    """The archive that records come from; outside a project it has no collection and no hour."""

    archive_sha256: str
    archive_name: str
    dialect: str
    collection: str = ""
    upload_hour: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class BodyPolicy:
    """What is stored of bodies, and the key of their hashes (None: no hashes)."""

    bodies: Bodies = Bodies.KEEP
    key: bytes | None = None

    def kept(self, text: str | None) -> str | None:
        """The text itself, if bodies are kept."""
        return text if self.bodies is Bodies.KEEP else None

    def hashes(self, bodies: pa.StringArray) -> pa.StringArray:
        """HMAC-SHA256 of each body's UTF-8 in hexadecimal; equal bodies have equal hashes."""
        if self.key is None or self.bodies is Bodies.DROP:
            return pa.nulls(len(bodies), pa.string())
        # What people write is often just what they wrote before.
        distinct = bodies.dictionary_encode()
        hashes = [_hash(self.key, body) for body in distinct.dictionary.to_pylist()]
        return texts_of(hashes).take(distinct.indices)


def _hash(key: bytes, body: str) -> str:
    return hmac.digest(key, body.encode(), hashlib.sha256).hex()


def message_batch(records: pa.RecordBatch, origin: Origin, policy: BodyPolicy) -> pa.RecordBatch:
    """Rows of `messages`; the records' columns are those of `archives.table.RECORDS`."""
    count, body = records.num_rows, records["body"]
    columns = dict(zip(records.schema.names, records.columns, strict=True))
    columns |= {
        "record_id": _record_ids(origin, records["ordinal"]),
        "body": body if policy.bodies is Bodies.KEEP else pa.nulls(count, pa.string()),
        "body_characters": pc.utf8_length(body),
        "body_bytes": pc.binary_length(body),
        "body_hash": policy.hashes(body),
        "collection": repeated(origin.collection, count),
        "upload_hour": _instants(origin.upload_hour, count),
        "archive_sha256": repeated(origin.archive_sha256, count),
        "archive_name": repeated(origin.archive_name, count),
        "dialect": repeated(origin.dialect, count),
    }
    return pa.RecordBatch.from_arrays([columns[name] for name in MESSAGES.names], schema=MESSAGES)


def _record_ids(origin: Origin, ordinals: pa.Array) -> pa.StringArray:
    count = len(ordinals)
    archive = repeated(origin.archive_sha256[:_ARCHIVE_DIGITS], count)
    return pc.binary_join_element_wise(archive, ordinals.cast(pa.string()), repeated("-", count))


def _instants(moment: dt.datetime | None, count: int) -> pa.Array:
    instant = MESSAGES.field("upload_hour").type
    return (
        pa.nulls(count, instant) if moment is None else pa.repeat(pa.scalar(moment, instant), count)
    )


def reject_row(reject: Reject, origin: Origin, policy: BodyPolicy) -> Row:
    """A row of `rejects`; its raw text is there only where bodies are kept."""
    return {
        "collection": origin.collection,
        "upload_hour": origin.upload_hour,
        "archive_name": origin.archive_name,
        "archive_sha256": origin.archive_sha256,
        "member": reject.member,
        "ordinal": reject.ordinal,
        "line": reject.line,
        "field": reject.field,
        "reason": reject.reason,
        "raw": policy.kept(reject.raw),
    }
