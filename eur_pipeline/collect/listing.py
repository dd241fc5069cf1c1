"""What a listing means: which files are archives, which are ready, and which hour each belongs to.

Decides; fetches and removes nothing. Sensor and collector see the server through this.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase

from eur_pipeline.collect.index import LandingIndex, Memory
from eur_pipeline.collect.landing import hour_of_key
from eur_pipeline.collect.remote import RemoteFile
from eur_pipeline.config import Collection
from eur_pipeline.intervals import hour_of

# A server's clock may be a little ahead of ours without its stamps being nonsense.
CLOCK_TOLERANCE = dt.timedelta(minutes=5)


class State(Enum):
    """What there is to do about a listed file."""

    NEW = "new"
    COLLECTED = "collected"
    TEMPORARY = "temporary name"

    @property
    def reason(self) -> str | None:
        """Why a file in this state waits, None where it need not."""
        if self is State.TEMPORARY:
            return "its name says that it is still being uploaded"
        return None


@dataclass(frozen=True, slots=True)
class ListedArchive:
    """A file on the server, and what is known of it; `landed_as` is its key where it was landed."""

    collection: str
    file: RemoteFile
    upload_hour: dt.datetime
    first_seen: dt.datetime
    state: State
    landed_as: str | None

    @property
    def bytes(self) -> int:
        """What there is to fetch."""
        return self.file.size

    def is_overdue(self, collection: Collection, now: dt.datetime) -> bool:
        """Whether the file stood unchanged for longer than an upload can take.

        By the server's mtime; where that makes no sense, since we saw it first.
        """
        mtime = self.file.mtime
        since = mtime if mtime and mtime <= now else self.first_seen
        return now - since >= collection.patience


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
        state = State.TEMPORARY if is_temporary(collection, file.name) else State.NEW
    return ListedArchive(collection.name, file, hour, memory.first_seen, state, memory.landed_as)


def is_temporary(collection: Collection, name: str) -> bool:
    """Whether a file of that name is still being uploaded."""
    return any(fnmatchcase(name.lower(), pattern) for pattern in collection.temporary_names)


def _upload_hour(
    collection: Collection, file: RemoteFile, memory: Memory, now: dt.datetime
) -> dt.datetime:
    """The hour of the server's mtime; where that makes no sense, of our first sight."""
    if file.mtime and collection.start_at <= file.mtime <= now + CLOCK_TOLERANCE:
        return hour_of(min(file.mtime, now))
    return max(hour_of(memory.first_seen), collection.start_at)
