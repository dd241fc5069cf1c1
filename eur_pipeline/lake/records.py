"""Rows of the lake's tables, as Arrow, from what the archives say.

The columns are those of `schema.py`; where the rows are stored is `lake.py`'s business.
"""

import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from eur_pipeline.archives.record import Record, Reject
from eur_pipeline.config import Bodies

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

    def hash(self, body: str | None) -> str | None:
        """HMAC-SHA256 of the body's UTF-8 in hexadecimal; equal bodies have equal hashes."""
        if body is None or self.key is None or self.bodies is Bodies.DROP:
            return None
        return hmac.digest(self.key, body.encode(), hashlib.sha256).hex()


def message_row(record: Record, origin: Origin, policy: BodyPolicy) -> Row:
    """A row of `messages`."""
    return {
        "record_id": f"{origin.archive_sha256[:_ARCHIVE_DIGITS]}-{record.ordinal}",
        "native_id": record.native_id,
        "sent_at": record.sent_at,
        "original_sent_at": record.original_sent_at,
        "sender": record.sender,
        "recipients": record.recipients,
        "owner": record.owner,
        "conversation_id": record.conversation_id,
        "kind": record.kind.value,
        "body": policy.kept(record.body),
        "body_characters": record.body_characters,
        "body_bytes": record.body_bytes,
        "body_hash": policy.hash(record.body),
        "file_name": record.file_name,
        "file_bytes": record.file_bytes,
        "refers_to": record.refers_to,
        "collection": origin.collection,
        "upload_hour": origin.upload_hour,
        "archive_sha256": origin.archive_sha256,
        "archive_name": origin.archive_name,
        "ordinal": record.ordinal,
        "dialect": origin.dialect,
    }


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
