"""The columns of the lake: the contract between reading and everything after it.

Every table is stored as `<table>/event_date=YYYY-MM-DD/<collection>--<upload hour>.parquet`; the
date is a folder key only, because a column that is also a folder key breaks pyarrow and pandas.
"""

import pyarrow as pa

_instant = pa.timestamp("us", tz="UTC")


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


# One row per record; event_date is the UTC date of sent_at.
MESSAGES = pa.schema(
    [
        _required("record_id", pa.string()),
        pa.field("native_id", pa.string()),
        _required("sent_at", _instant),
        pa.field("original_sent_at", _instant),
        _required("sender", pa.string()),
        pa.field("occupant", pa.string()),
        _required("recipients", pa.list_(pa.string())),
        pa.field("owner", pa.string()),
        pa.field("conversation_id", pa.string()),
        _required("kind", pa.string()),
        pa.field("body", pa.string()),
        pa.field("body_characters", pa.int32()),
        pa.field("body_bytes", pa.int32()),
        pa.field("body_hash", pa.string()),
        pa.field("file_name", pa.string()),
        pa.field("file_bytes", pa.int64()),
        pa.field("refers_to", pa.string()),
        _required("collection", pa.string()),
        pa.field("upload_hour", _instant),
        _required("archive_sha256", pa.string()),
        _required("archive_name", pa.string()),
        _required("ordinal", pa.int32()),
        _required("dialect", pa.string()),
    ]
)

# One row per archive file; event_date is the UTC date of upload_hour. Status: `read`,
# `duplicate` (content already landed, not read again) or `unreadable` (set aside whole; `reason`
# says why, `records_before_damage` how many records could be read first).
# `records` are those present, with the `rejects` among them. A zip has several `documents`, and
# `attachments` that nobody reads; both are null where the archive was not read to its end.
ARCHIVES = pa.schema(
    [
        _required("collection", pa.string()),
        _required("upload_hour", _instant),
        _required("archive_name", pa.string()),
        _required("archive_sha256", pa.string()),
        _required("landing_path", pa.string()),
        _required("bytes", pa.int64()),
        pa.field("uploaded_at", _instant),
        _required("collected_at", _instant),
        _required("dialect", pa.string()),
        _required("status", pa.string()),
        pa.field("reason", pa.string()),
        _required("records", pa.int64()),
        _required("rejects", pa.int64()),
        _required("records_before_damage", pa.int64()),
        pa.field("documents", pa.int64()),
        pa.field("attachments", pa.int64()),
    ]
)

# One row per record that could not be read; event_date is the UTC date of upload_hour. Where the
# archive is a zip, `line` is that of its `member`.
REJECTS = pa.schema(
    [
        _required("collection", pa.string()),
        _required("upload_hour", _instant),
        _required("archive_name", pa.string()),
        _required("archive_sha256", pa.string()),
        pa.field("member", pa.string()),
        _required("ordinal", pa.int32()),
        pa.field("line", pa.int32()),
        pa.field("byte_offset", pa.int64()),
        pa.field("field", pa.string()),
        _required("reason", pa.string()),
        pa.field("raw", pa.string()),
    ]
)

TABLES = {"messages": MESSAGES, "archives": ARCHIVES, "rejects": REJECTS}

# Folder keys and file names write an upload hour so.
HOUR_FORMAT = "%Y-%m-%dT%HZ"
