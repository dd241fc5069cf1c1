"""File transfers that an archive tells in two records: what the end leaves out its start knows.

Which records are starts and ends the dialect says.
"""

from dataclasses import dataclass, replace

from eur_pipeline.archives.dialect import Dialect
from eur_pipeline.archives.record import Record
from eur_pipeline.archives.view import View
from eur_pipeline.archives.xpath import XPath

# Far more than are under way at once; beyond, the oldest are forgotten.
MOST_UNDER_WAY = 10_000


@dataclass(frozen=True, slots=True)
class _Start:
    file_name: str | None
    file_bytes: int | None
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Transfers:
    """The transfers of one archive that are under way, from its beginning."""

    start: XPath
    end: XPath
    key: XPath
    under_way: dict[str, _Start]

    @classmethod
    def of(cls, dialect: Dialect) -> "Transfers | None":
        """As the dialect declares them; None where it tells a transfer in one record."""
        if dialect.file_transfers is None:
            return None
        declared = dialect.file_transfers
        start, end, key = map(dialect.compile, (declared.start, declared.end, declared.key))
        return cls(start, end, key, {})

    def completed(self, record: Record, view: View) -> Record:
        """The record, with what its start told if it is an end."""
        key = view.text((self.key,)) or ""
        if view.holds(self.start):
            self._begin(key, record)
        elif view.holds(self.end) and key in self.under_way:
            return _united(record, self.under_way.pop(key))
        return record

    def _begin(self, key: str, record: Record) -> None:
        if len(self.under_way) >= MOST_UNDER_WAY:
            del self.under_way[next(iter(self.under_way))]
        self.under_way[key] = _Start(record.file_name, record.file_bytes, record.recipients)


def _united(end: Record, start: _Start) -> Record:
    return replace(
        end,
        file_name=end.file_name or start.file_name,
        file_bytes=start.file_bytes if end.file_bytes is None else end.file_bytes,
        recipients=end.recipients or start.recipients,
    )
