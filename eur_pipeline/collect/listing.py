"""What a listing means: which files are archives, which are ready, and which hour each belongs to.

Decides; fetches and removes nothing. Sensor and collector see the server through this.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from eur_pipeline.collect.index import LandingIndex, Memory
from eur_pipeline.collect.landing import hour_of_key
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
    """A file on the server, and what is known of it; `landed_as` is its key where it was landed."""

    file: RemoteFile
    upload_hour: dt.datetime
    first_seen: dt.datetime
    state: State
    landed_as: str | None


def survey(
    collection: Collection, files: Sequence[RemoteFile], index: LandingIndex, now: dt.datetime
) -> list[ListedArchive]:
    """Every listed file with its upload hour and state."""
    return [
        _judge(collection, file, memory, now)
        for file, memory in zip(files, index.recall(files, now), strict=True)
    ]


def _judge(
    collection: Collection, file: RemoteFile, memory: Memory, now: dt.datetime
) -> ListedArchive:
    if memory.landed_as is not None:
        hour, state = hour_of_key(memory.landed_as), State.COLLECTED
    else:
        hour = _upload_hour(collection, file, memory, now)
        state = State.TEMPORARY if is_temporary(file.name) else State.NEW
    return ListedArchive(file, hour, memory.first_seen, state, memory.landed_as)


def is_temporary(name: str) -> bool:
    """Whether a file of that name is still being uploaded."""
    return name.startswith(".") or name.lower().endswith(TEMPORARY_SUFFIXES)


def _upload_hour(
    collection: Collection, file: RemoteFile, memory: Memory, now: dt.datetime
) -> dt.datetime:
    """The hour of the server's mtime; where that makes no sense, of our first sight."""
    if file.mtime and collection.start_at <= file.mtime <= now + CLOCK_TOLERANCE:
        return hour_of(min(file.mtime, now))
    return max(hour_of(memory.first_seen), collection.start_at)
