"""What could not be read: archives that were set aside, and records that were rejected.

Seen in the lake, and told to be read again; the reading itself is that of every upload hour.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from eur_pipeline.collect.index import LandingIndex
from eur_pipeline.collect.landing import LandingZone
from eur_pipeline.lake.ingest import UNREADABLE
from eur_pipeline.lake.schema import TABLES
from eur_pipeline.project import Project

# As many digits of an archive's SHA-256 as record ids and landed files have.
_ID_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Quarantined:
    """An archive that could not be read, or not all of it.

    Attributes:
        id: The first digits of its SHA-256.
        landing_path: Where it lies in the landing zone.
        set_aside: Whether it is unreadable as a whole, for that `reason`.
        records: Records present; of an archive that was set aside, those before the damage.
        rejects: How many of them were rejected.
    """

    id: str
    collection: str
    upload_hour: dt.datetime
    name: str
    landing_path: str
    dialect: str
    set_aside: bool
    reason: str | None
    records: int
    rejects: int


@dataclass(frozen=True, slots=True)
class RejectedRecord:
    """A record that could not be read.

    Attributes:
        member: The file that holds it, where the archive is a zip.
        line: Where it begins, as far as that is known.
        byte_offset: Likewise, in archives with an index beside them.
        raw: Its own text, cut off; None where the collection keeps no bodies.
    """

    ordinal: int
    member: str | None
    line: int | None
    byte_offset: int | None
    field: str
    reason: str
    raw: str | None


def quarantined(project: Project, collections: Iterable[str] = ()) -> list[Quarantined]:
    """Everything in quarantine, in order of upload; of those collections, by default of all."""
    faulty = (pc.field("status") == UNREADABLE) | (pc.field("rejects") > 0)
    names = list(collections)
    if names:
        faulty &= pc.field("collection").isin(names)
    found = [_quarantined(row) for row in _rows(project, "archives", faulty)]
    return sorted(found, key=lambda q: (q.upload_hour, q.collection, q.landing_path))


def rejected_records(project: Project, archive: Quarantined) -> list[RejectedRecord]:
    """The rejects of an archive, in its order."""
    its_own = (
        (pc.field("collection") == archive.collection)
        & (pc.field("upload_hour") == pa.scalar(archive.upload_hour, pa.timestamp("us", "UTC")))
        & pc.starts_with(pc.field("archive_sha256"), archive.id)
    )
    names = RejectedRecord.__slots__
    found = [
        RejectedRecord(**{n: row[n] for n in names}) for row in _rows(project, "rejects", its_own)
    ]
    return sorted(found, key=lambda reject: reject.ordinal)


def read_again(project: Project, archives: Iterable[Quarantined]) -> dict[str, list[dt.datetime]]:
    """Have the upload hours of these archives read again by the next run; which they are."""
    hours: defaultdict[str, set[dt.datetime]] = defaultdict(set)
    for archive in archives:
        hours[archive.collection].add(archive.upload_hour)
    return _mark_unread(project, hours)


def read_all_again(project: Project, collections: Iterable[str]) -> dict[str, list[dt.datetime]]:
    """Likewise for all that these collections ever landed."""
    zone = LandingZone.of(project)
    hours = {name: {m.upload_hour for m in zone.manifests(name)} for name in collections}
    return _mark_unread(project, hours)


def _mark_unread(
    project: Project, hours: Mapping[str, set[dt.datetime]]
) -> dict[str, list[dt.datetime]]:
    marked = {name: sorted(of_collection) for name, of_collection in sorted(hours.items())}
    for name, of_collection in marked.items():
        # A collection that eur.yaml has no more would never be read.
        collection = project.config.collection(name)
        LandingIndex(LandingZone.of(project), collection.name).mark_unread(of_collection)
    return marked


def _rows(project: Project, table: str, where: pc.Expression) -> Iterator[dict[str, Any]]:
    folder = project.lake_path / table
    if not folder.is_dir():
        return
    # Files that are being written have names with a dot in front, which a data set passes over.
    for batch in ds.dataset(folder, TABLES[table], format="parquet").to_batches(filter=where):
        yield from batch.to_pylist()


def _quarantined(row: Mapping[str, Any]) -> Quarantined:
    set_aside = row["status"] == UNREADABLE
    return Quarantined(
        id=row["archive_sha256"][:_ID_DIGITS],
        collection=row["collection"],
        upload_hour=row["upload_hour"],
        name=row["archive_name"],
        landing_path=row["landing_path"],
        dialect=row["dialect"],
        set_aside=set_aside,
        reason=row["reason"],
        records=row["records_before_damage"] if set_aside else row["records"],
        rejects=row["rejects"],
    )
