"""What a listing means: which files are archives, which are ready, and which hour each belongs to.

Decides; fetches and removes nothing. Sensor and collector see the server through this.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from eur_pipeline.collect.index import LandingIndex, Memory
from eur_pipeline.collect.landing import hour_of_key
from eur_pipeline.collect.remote import RemoteFile
from eur_pipeline.config import Collection
from eur_pipeline.intervals import hour_of

# A server's clock may be a little ahead of ours without its stamps being nonsense.
CLOCK_TOLERANCE = dt.timedelta(minutes=5)

# SFTP's times are whole seconds: a file that is replaced in the second in which it was written, by
# one of the same size, looks the same. After that second, every change shows.
WITHIN_A_SECOND = dt.timedelta(seconds=2)
# By the clocks alone, which may differ by a minute, what is older than this was not written now.
CERTAINLY_OLD = dt.timedelta(seconds=62)

# How the archives end that have companions; docs/dialects/README.md says so.
_ARCHIVE_SUFFIX = ".xml"

# A file that cannot be had or removed for a reason of its own is tried again after pauses that
# double, or all such files would be fetched once more by every run.
FIRST_PAUSE = dt.timedelta(minutes=1)
LONGEST_PAUSE = dt.timedelta(hours=6)


class State(Enum):
    """What there is to do about a listed file."""

    NEW = "new"
    COLLECTED = "collected"
    TEMPORARY = "temporary name"
    ALONE = "without its companion"
    ORPHANED = "a companion without its archive"

    @property
    def reason(self) -> str | None:
        """Why a file in this state waits, None where it need not."""
        return _REASONS.get(self)


_REASONS = {
    State.TEMPORARY: "its name says that it is still being uploaded",
    State.ALONE: "the file that its dialect reads beside it has not arrived",
    State.ORPHANED: "the archive that it belongs to has not arrived",
}


@dataclass(frozen=True, slots=True)
class ListedArchive:
    """A file on the server, and what is known of it.

    Attributes:
        companion: The file beside it that belongs to it, by its dialect.
        memory: What the index knows of it.
    """

    collection: str
    file: RemoteFile
    companion: RemoteFile | None
    upload_hour: dt.datetime
    state: State
    memory: Memory

    @property
    def files(self) -> tuple[RemoteFile, ...]:
        """All of it, the companion first."""
        return (self.file,) if self.companion is None else (self.companion, self.file)

    @property
    def bytes(self) -> int:
        """What there is to fetch, as far as the server says."""
        return sum(file.size or 0 for file in self.files)

    def settles_in(self, now: dt.datetime) -> dt.timedelta:
        """How long from `now` until no other content can have this name, size and time.

        First sight was later than now where our clock was set back: it tells nothing then.
        """
        seen, mtime = min(self.memory.first_seen, now), self.file.mtime
        if mtime is not None and seen - mtime >= CERTAINLY_OLD:
            return dt.timedelta()
        return max(seen + WITHIN_A_SECOND - now, dt.timedelta())

    def is_overdue(self, collection: Collection, now: dt.datetime) -> bool:
        """Whether the file stood unchanged for longer than an upload can take.

        By the server's mtime; where that makes no sense, since we saw it first.
        """
        mtime = self.file.mtime
        since = mtime if mtime and mtime <= now else self.memory.first_seen
        return now - since >= collection.patience

    def waits_too_long(self, collection: Collection, now: dt.datetime) -> bool:
        """Whether somebody should look after it: it is overdue, or goes on changing for so long."""
        since = self.memory.uncollected_since or now
        return now - since >= collection.patience or self.is_overdue(collection, now)

    @property
    def times_in_vain(self) -> int:
        """How often in a row it was tried for nothing."""
        return self.memory.stayed.times if self.memory.stayed else 0

    def is_due(self, collection: Collection, now: dt.datetime) -> bool:
        """Whether it may be tried without being asked to.

        A pause that is longer than any was made while our clock was wrong.
        """
        stayed = self.memory.stayed
        longest = max(LONGEST_PAUSE, collection.patience)
        return stayed is None or not dt.timedelta() < stayed.again - now <= longest


def survey(
    collection: Collection,
    files: Sequence[RemoteFile],
    index: LandingIndex,
    now: dt.datetime,
    companion_suffix: str | None = None,
) -> list[ListedArchive]:
    """Every listed archive with its upload hour and state, and every companion that has none.

    Files that end in the dialect's `companion_suffix` are no archives, but belong to one.
    """
    companions = {f.path: f for f in files if _is_companion(f, companion_suffix)}
    archives = [file for file in files if file.path not in companions]
    pairs = _pairs(archives, companions, companion_suffix)
    paired = set(pairs.values())
    looked_at = [file for file in files if file not in paired]
    return [
        _judge(
            collection,
            file,
            pairs.get(file.path),
            memory,
            now,
            alone=_alone(file, pairs, companion_suffix),
        )
        for file, memory in zip(looked_at, index.recall(looked_at, now), strict=True)
    ]


def _pairs(
    archives: Sequence[RemoteFile], companions: Mapping[str, RemoteFile], suffix: str | None
) -> dict[str, RemoteFile]:
    """By an archive's path the companion that is its own.

    Where several archives are called as it is, it belongs to the one that ends as archives with
    companions do, or to none: with a wrong one it would be removed.
    """
    beside: dict[str, list[str]] = defaultdict(list)
    for file in archives:
        beside[_beside(file.path, suffix)].append(file.path)
    pairs = {}
    for path, companion in companions.items():
        claims = beside[path]
        if len(claims) > 1:
            claims = [claim for claim in claims if claim.endswith(_ARCHIVE_SUFFIX)]
        if claims:
            pairs[claims[0]] = companion
    return pairs


def _alone(file: RemoteFile, pairs: Mapping[str, RemoteFile], suffix: str | None) -> State | None:
    """What a file is that waits for another one, which belongs to it; None where it does not."""
    if suffix is None or file.path in pairs:
        return None
    return State.ORPHANED if _is_companion(file, suffix) else State.ALONE


def _is_companion(file: RemoteFile, suffix: str | None) -> bool:
    return suffix is not None and file.path.endswith(suffix)


def _beside(path: str, suffix: str | None) -> str:
    """The path with that suffix instead of its own."""
    return str(PurePosixPath(path).with_suffix(suffix)) if suffix else ""


def _judge(
    collection: Collection,
    file: RemoteFile,
    companion: RemoteFile | None,
    memory: Memory,
    now: dt.datetime,
    *,
    alone: State | None,
) -> ListedArchive:
    if memory.landed_as:
        hour, state = hour_of_key(memory.landed_as[0]), State.COLLECTED
    else:
        hour = _upload_hour(collection, file, memory, now)
        state = State.TEMPORARY if is_temporary(collection, file.name) else State.NEW
        if state is State.NEW and alone is not None:
            state = alone
    return ListedArchive(collection.name, file, companion, hour, state, memory)


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
