"""What a listing means: which files are archives, which are ready, and which hour each belongs to.

Decides; fetches and removes nothing. Sensor and collector see the server through this.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from eur_pipeline.collect.index import LandingIndex
from eur_pipeline.collect.landing import Manifest
from eur_pipeline.collect.server import RemoteFile
from eur_pipeline.config import Collection
from eur_pipeline.intervals import hour_of

TEMPORARY_SUFFIXES = (".part", ".filepart", ".tmp")

# A server's clock may be a little ahead of ours without its stamps being nonsense.
CLOCK_TOLERANCE = dt.timedelta(minutes=5)


class State(Enum):
    """What there is to do about a listed file."""

    NEW = "new"
    COLLECTED = "collected"
    TEMPORARY = "temporary name"


@dataclass(frozen=True)
class ListedArchive:
    """A file on the server, and what is known of it."""

    file: RemoteFile
    upload_hour: dt.datetime
    state: State
    manifest: Manifest | None


def survey(
    collection: Collection, files: Iterable[RemoteFile], index: LandingIndex, now: dt.datetime
) -> list[ListedArchive]:
    """Every listed file with its upload hour and state."""
    return [_judge(collection, file, index, now) for file in files]


def _judge(
    collection: Collection, file: RemoteFile, index: LandingIndex, now: dt.datetime
) -> ListedArchive:
    manifest = index.find(file)
    if manifest is not None:
        return ListedArchive(file, manifest.upload_hour, State.COLLECTED, manifest)
    state = State.TEMPORARY if is_temporary(file.name) else State.NEW
    return ListedArchive(file, _upload_hour(collection, file, index, now), state, None)


def is_temporary(name: str) -> bool:
    """Whether a file of that name is still being uploaded."""
    return name.startswith(".") or name.lower().endswith(TEMPORARY_SUFFIXES)


def _upload_hour(
    collection: Collection, file: RemoteFile, index: LandingIndex, now: dt.datetime
) -> dt.datetime:
    if file.mtime and collection.start_at <= file.mtime <= now + CLOCK_TOLERANCE:
        return hour_of(min(file.mtime, now))
    return index.first_seen(file, hour_of(now))
