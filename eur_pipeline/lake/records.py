"""Rows of the lake's tables, as Arrow, from what the archives say.

The columns are those of `schema.py`; where the rows are stored is `lake.py`'s business.
"""

import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from eur_pipeline.archives.record import Reject
from eur_pipeline.arrays import Positions, picked, texts_of
from eur_pipeline.config import Bodies
from eur_pipeline.lake.schema import MESSAGES

Row = Mapping[str, object]

_OF_ORIGINS = ("collection", "archive_sha256", "archive_name", "dialect")
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


def message_batch(
    records: pa.RecordBatch, origins: Sequence[Origin], places: Positions, policy: BodyPolicy
) -> pa.RecordBatch:
    """Rows of `messages`; the records' columns are those of `archives.table.RECORDS`.

    `places` says, for each record, which of the origins is its.
    """
    body = records["body"]
    columns = dict(zip(records.schema.names, records.columns, strict=True))
    of_origins = {name: _texts_of(origins, name, places) for name in _OF_ORIGINS}
    columns |= of_origins | {
        "record_id": _record_ids(of_origins["archive_sha256"], records["ordinal"]),
        "body": body if policy.bodies is Bodies.KEEP else pa.nulls(len(body), pa.string()),
        "body_characters": pc.utf8_length(body),
        "body_bytes": pc.binary_length(body),
        "body_hash": policy.hashes(body),
        "upload_hour": _upload_hours(origins, places),
    }
    return pa.RecordBatch.from_arrays([columns[name] for name in MESSAGES.names], schema=MESSAGES)


def _texts_of(origins: Sequence[Origin], name: str, places: Positions) -> pa.StringArray:
    return picked(texts_of([getattr(origin, name) for origin in origins]), places)


def _record_ids(archives: pa.StringArray, ordinals: pa.Array) -> pa.StringArray:
    begins = pc.utf8_slice_codeunits(archives, 0, _ARCHIVE_DIGITS)
    return pc.binary_join_element_wise(begins, ordinals.cast(pa.string()), "-")


def _upload_hours(origins: Sequence[Origin], places: Positions) -> pa.Array:
    instant = MESSAGES.field("upload_hour").type
    hours = {origin.upload_hour for origin in origins}
    if len(hours) > 1:
        return picked(pa.array([origin.upload_hour for origin in origins], instant), places)
    # To make an array of datetimes, pyarrow loads pandas; a scalar is made without.
    (hour,) = hours
    if hour is None:
        return pa.nulls(len(places), instant)
    return pa.repeat(pa.scalar(hour, instant), len(places))


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
        "byte_offset": reject.byte_offset,
        "field": reject.field,
        "reason": reject.reason,
        "raw": policy.kept(reject.raw),
    }
