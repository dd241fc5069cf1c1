"""What an archive gives by each of the two ways, in a form that can be compared."""

import dataclasses
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from eur_pipeline.archives.dialect import Dialect, load_dialect
from eur_pipeline.archives.reader import read_archive
from eur_pipeline.archives.record import Record, Reject
from eur_pipeline.archives.tables import read_tables
from eur_pipeline.errors import UnreadableArchiveError

AVAYA = load_dialect("avaya-ps")


@dataclass
class Outcome:
    """All that came of an archive."""

    records: list[dict[str, Any]] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    error: str | None = None
    records_before: int | None = None

    def take(self, items: Iterable[tuple[list[dict[str, Any]], Iterable[Reject]]]) -> "Outcome":
        try:
            for records, rejects in items:
                self.records += records
                self.rejects += rejects
        except UnreadableArchiveError as error:
            self.error, self.records_before = str(error), error.records_before
        return self


def slowly(content: bytes, dialect: Dialect = AVAYA, **options: Any) -> Outcome:
    options = {"presence_domain": "presence.example", **options}
    items = read_archive(io.BytesIO(content), dialect, **options)
    return Outcome().take(_one_by_one(items))


def fast(content: bytes, dialect: Dialect = AVAYA, **options: Any) -> Outcome:
    options = {"presence_domain": "presence.example", **options}
    parts = read_tables(io.BytesIO(content), dialect, **options)
    return Outcome().take((part.records.to_pylist(), part.rejects) for part in parts)


def _one_by_one(items: Iterator[Record | Reject]) -> Iterator[tuple[list[Any], list[Reject]]]:
    for item in items:
        if isinstance(item, Reject):
            yield [], [item]
        else:
            row = {f.name: getattr(item, f.name) for f in dataclasses.fields(item)}
            yield [{**row, "recipients": list(item.recipients), "kind": item.kind.value}], []
