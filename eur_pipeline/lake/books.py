"""The lake's books: whether every archive in it is accounted for, by its own rows alone.

What the reader reported is not asked here; what is done about a fault is the caller's business.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from eur_pipeline.lake.lake import Lake


@dataclass(frozen=True, slots=True)
class Account:
    """One archive: what is said of it, and what is there.

    Attributes:
        records: Records present, as the table of archives says.
        stored: Its rows among the messages.
        rejected: Its rows among the rejects.
        last_ordinal: The highest number that one of its rows has; numbers have no gaps.
    """

    name: str
    records: int
    stored: int
    rejected: int
    last_ordinal: int

    @property
    def agrees(self) -> bool:
        """Whether every record present is stored or rejected."""
        return self.records == self.stored + self.rejected == self.last_ordinal

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.records:,} records, of which {self.stored:,} stored and "
            f"{self.rejected:,} rejected; the last has number {self.last_ordinal:,}"
        )


@dataclass(frozen=True, slots=True)
class Books:
    """What the lake has of some upload hours.

    Attributes:
        landing_paths: The archives that it lists.
        accounts: One for each content; a duplicate has none of its own.
    """

    landing_paths: frozenset[str]
    accounts: tuple[Account, ...]


def books(lake: Lake, collection: str, hours: Iterable[dt.datetime]) -> Books:
    """The books of these upload hours of a collection."""
    paths: list[str] = []
    accounts: list[Account] = []
    for hour in hours:
        listed = lake.rows("archives", collection, hour, _LISTED)
        rows = [row for batch in listed for row in batch.to_pylist()]
        paths += [row["landing_path"] for row in rows]
        accounts += _accounts(lake, collection, hour, rows)
    return Books(frozenset(paths), tuple(accounts))


_LISTED = ["landing_path", "archive_name", "archive_sha256", "records"]


def _accounts(
    lake: Lake, collection: str, hour: dt.datetime, rows: list[dict[str, object]]
) -> list[Account]:
    stored, last_stored = _counted(lake, "messages", collection, hour)
    rejected, last_rejected = _counted(lake, "rejects", collection, hour)
    names: dict[str, str] = {}
    records: Counter[str] = Counter()
    for row in rows:
        content = str(row["archive_sha256"])
        names.setdefault(content, str(row["archive_name"]))
        records[content] += int(str(row["records"]))
    strays = {content: content for content in (*stored, *rejected)}
    return [
        Account(
            name=name,
            records=records[content],
            stored=stored[content],
            rejected=rejected[content],
            last_ordinal=max(last_stored[content], last_rejected[content]),
        )
        for content, name in {**strays, **names}.items()
    ]


def _counted(
    lake: Lake, table: str, collection: str, hour: dt.datetime
) -> tuple[Counter[str], defaultdict[str, int]]:
    """For each archive's content: how many rows it has in the table, and the highest ordinal."""
    counts: Counter[str] = Counter()
    last: defaultdict[str, int] = defaultdict(int)
    for batch in lake.rows(table, collection, hour, ["archive_sha256", "ordinal"]):
        found = batch.group_by("archive_sha256").aggregate(
            [("ordinal", "count"), ("ordinal", "max")]
        )
        for row in found.to_pylist():
            content = row["archive_sha256"]
            counts[content] += row["ordinal_count"]
            last[content] = max(last[content], row["ordinal_max"])
    return counts, last
