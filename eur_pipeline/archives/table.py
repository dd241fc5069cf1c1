"""Records as Arrow tables: the form in which many of them go on at once."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from eur_pipeline.archives.record import Record, Reject
from eur_pipeline.errors import UnreadableArchiveError

_instant = pa.timestamp("us", tz="UTC")

# A column for each attribute of Record, under its name.
RECORDS = pa.schema(
    [
        ("ordinal", pa.int32()),
        ("native_id", pa.string()),
        ("sent_at", _instant),
        ("original_sent_at", _instant),
        ("sender", pa.string()),
        ("occupant", pa.string()),
        ("recipients", pa.list_(pa.string())),
        ("owner", pa.string()),
        ("conversation_id", pa.string()),
        ("kind", pa.string()),
        ("body", pa.string()),
        ("file_name", pa.string()),
        ("file_bytes", pa.int64()),
        ("refers_to", pa.string()),
    ]
)
# A part read record by record has no more than this, for the sake of memory.
_PART_RECORDS = 8192
_PART_CHARACTERS = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Part:
    """Some records and rejects that follow each other in an archive, each in order."""

    records: pa.RecordBatch
    rejects: tuple[Reject, ...] = ()

    def __len__(self) -> int:
        return int(self.records.num_rows) + len(self.rejects)


def with_ordinals(records: pa.RecordBatch, ordinals: pa.Array) -> pa.RecordBatch:
    """The records under other numbers."""
    column = RECORDS.get_field_index("ordinal")
    return records.set_column(column, RECORDS.field(column), ordinals)


def parts_of(items: Iterable[Record | Reject]) -> Iterator[Part]:
    """The records and rejects in parts of bounded size, also those before damage."""
    parts = _Parts()
    try:
        for item in items:
            if parts.add(item):
                yield parts.taken()
    except UnreadableArchiveError:
        if parts.count:
            yield parts.taken()
        raise
    if parts.count:
        yield parts.taken()


class _Parts:
    """Collects what becomes a part.

    Attributes:
        count: How much is waiting.
    """

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._records: list[Record] = []
        self._rejects: list[Reject] = []
        self.count = self._characters = 0

    def add(self, item: Record | Reject) -> bool:
        """Take one more; whether that is enough."""
        if isinstance(item, Record):
            self._records.append(item)
            self._characters += len(item.body or "")
        else:
            self._rejects.append(item)
            self._characters += len(item.raw)
        self.count += 1
        return self.count >= _PART_RECORDS or self._characters >= _PART_CHARACTERS

    def taken(self) -> Part:
        """What is waiting, which begins anew."""
        part = Part(_batch_of(self._records), tuple(self._rejects))
        self._begin()
        return part


def _batch_of(records: Sequence[Record]) -> pa.RecordBatch:
    columns = [
        pa.array([getattr(record, field.name) for record in records], field.type)
        for field in RECORDS
    ]
    return pa.RecordBatch.from_arrays(columns, schema=RECORDS)
