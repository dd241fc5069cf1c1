"""The index of a collection's manifests: answers "have I this?" without reading them all.

The manifests are the truth: a hit counts only while its manifest is there, and a miss is a miss,
because a row is committed before its manifest. Beside that it remembers when listed files were seen
first, why some of them stayed on the server, and which upload hours changed since they were read
into the lake. A lost index is rebuilt: files are then seen for the first time again, and every hour
is read again, which changes nothing.
"""

import datetime as dt
import sqlite3
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass

from filelock import FileLock

from eur_pipeline.collect.landing import LandingZone, Manifest, hour_of_key
from eur_pipeline.collect.remote import RemoteFile
from eur_pipeline.errors import StorageError
from eur_pipeline.intervals import interval_of
from eur_pipeline.storage import PRIVATE_FILE, disk_errors, make_private_folder, open_private

# Beside the landing zone's hour folders, so that both are copied and restored together.
INDEX_NAME = ".index.sqlite"

# Sensors read while a collector writes.
_BUSY_SECONDS = 30

_TABLES = """
create table if not exists landed (
    remote_path text, size integer, mtime text, sha256 text, collected_at text, key text primary key
);
create index if not exists landed_by_file on landed (remote_path, size, mtime);
create index if not exists landed_by_content on landed (sha256);
create table if not exists unread (hour text primary key, change integer);
create table if not exists first_seen (
    remote_path text, size integer, mtime text, at text, primary key (remote_path, size, mtime)
);
create table if not exists uncollected (remote_path text primary key, since text);
create table if not exists stayed (
    remote_path text, size integer, mtime text, reason text, alarm integer, times integer,
    again text, primary key (remote_path, size, mtime)
);
"""

_MARK_UNREAD = "insert into unread values (?, 1) on conflict do update set change = change + 1"
_BE_UNREAD = "insert or ignore into unread values (?, 1)"
_FORGET = """
delete from {} where (remote_path, size, mtime)
not in (select remote_path, size, mtime from listed)
"""
_SEE = "insert or ignore into first_seen select remote_path, size, mtime, ? from listed"
_RECALL_SEEN = """
select number, at from listed natural join first_seen order by number
"""
_RECALL_LANDED = """
select number, key from listed join landed using (remote_path, mtime)
where listed.size in (landed.size, -1) order by collected_at, key
"""
# In the place of a size that the server does not tell; what was landed has one.
_NO_SIZE = -1

_FORGET_UNCOLLECTED = """
delete from uncollected where remote_path not in (select remote_path from fresh)
"""
_SEE_UNCOLLECTED = "insert or ignore into uncollected select remote_path, ? from fresh"
_RECALL_UNCOLLECTED = "select number, since from listed natural join uncollected"
_RECALL_STAYED = """
select number, reason, alarm, times, again from listed natural join stayed
"""
_STAY = "insert or replace into stayed values (?, ?, ?, ?, ?, ?, ?)"

_FIND_CONTENTS = """
select sha256, key from wanted natural join landed order by collected_at, key
"""

# From so many upload intervals on it is known what is usual.
KNOWN_INTERVALS = 10


@dataclass(frozen=True, slots=True)
class Stayed:
    """Why a file stayed on the server when it was tried last.

    Attributes:
        alarm: Whether somebody should look after it.
        times: How often in a row it was tried for nothing.
        again: Nobody tries it by itself before.
    """

    reason: str
    alarm: bool
    times: int
    again: dt.datetime


@dataclass(frozen=True, slots=True)
class Memory:
    """What is known of a listed file.

    Known by path, size and mtime, or what the server tells of them: reason to fetch or not to fetch
    it, never to remove it.

    Attributes:
        landed_as: The keys it was landed under, the first collected first: several where files
            that look the same had other contents.
        first_seen: When it was seen as it is.
        uncollected_since: When a file of its name was seen that was not collected yet, and there
            was always one since, though it may have changed; None where it is collected.
        stayed: Why it stayed when it was tried last; None where it was not.
    """

    landed_as: tuple[str, ...]
    first_seen: dt.datetime
    uncollected_since: dt.datetime | None
    stayed: Stayed | None


class LandingIndex:
    """The index of one collection."""

    def __init__(self, zone: LandingZone, collection: str) -> None:
        self._zone = zone
        self._collection = collection
        self._path = zone.store.path(f"{collection}/{INDEX_NAME}")
        if not self._path.exists():
            make_private_folder(self._path.parent)
            # Sensor and collector may both find it missing: one rebuilds, the other waits for it.
            with FileLock(self._path.with_suffix(".lock"), mode=PRIVATE_FILE):
                if not self._path.exists():
                    self._rebuild()
        else:
            # An index of an earlier version has not all of them.
            with self._connection() as connection:
                connection.executescript(_TABLES)

    def recall(self, files: Sequence[RemoteFile], now: dt.datetime) -> list[Memory]:
        """What is known of each listed file; what is listed no more is forgotten."""
        rows = [(number, *_triple(file)) for number, file in enumerate(files)]
        with self._connection() as connection:
            connection.execute("create temp table listed (number, remote_path, size, mtime)")
            connection.executemany("insert into listed values (?, ?, ?, ?)", rows)
            for table in ("first_seen", "stayed"):
                connection.execute(_FORGET.format(table))
            connection.execute(_SEE, (_text(now),))
            keys: dict[int, tuple[str, ...]] = {}
            for number, key in connection.execute(_RECALL_LANDED):
                if self._zone.has_manifest(key):
                    keys[number] = (*keys.get(number, ()), key)
            fresh = [(path,) for number, path, *_ in rows if number not in keys]
            since = dict(self._uncollected(connection, fresh, now))
            stayed = {n: _stayed(*facts) for n, *facts in connection.execute(_RECALL_STAYED)}
            seen = connection.execute(_RECALL_SEEN).fetchall()
        return [
            Memory(keys.get(n, ()), dt.datetime.fromisoformat(at), since.get(n), stayed.get(n))
            for n, at in seen
        ]

    def _uncollected(
        self, connection: sqlite3.Connection, fresh: Sequence[tuple[str]], now: dt.datetime
    ) -> Iterator[tuple[int, dt.datetime]]:
        """Since when there is an uncollected file, by number; of those paths there is one now."""
        connection.execute("create temp table fresh (remote_path text primary key)")
        connection.executemany("insert or ignore into fresh values (?)", fresh)
        connection.execute(_FORGET_UNCOLLECTED)
        connection.execute(_SEE_UNCOLLECTED, (_text(now),))
        for number, since in connection.execute(_RECALL_UNCOLLECTED):
            yield number, dt.datetime.fromisoformat(since)

    def note_stayed(self, files: Iterable[tuple[RemoteFile, Stayed]]) -> None:
        """Remember why these files were left on the server."""
        rows = [(*_triple(file), s.reason, s.alarm, s.times, _text(s.again)) for file, s in files]
        with self._connection() as connection:
            connection.executemany(_STAY, rows)

    def find_contents(self, hashes: set[str]) -> dict[str, Manifest]:
        """By hash, the manifest of the first archive with that content, where there is one."""
        with self._connection() as connection:
            connection.execute("create temp table wanted (sha256 text primary key)")
            connection.executemany("insert into wanted values (?)", [(h,) for h in hashes])
            rows = connection.execute(_FIND_CONTENTS).fetchall()
        found: dict[str, Manifest] = {}
        for sha256, key in rows:
            if sha256 not in found and (manifest := self._zone.manifest(key)):
                found[sha256] = manifest
        return found

    def usual_files(self, interval_hours: int) -> float | None:
        """The median of files collected in an upload interval; None before enough are known."""
        with self._connection() as connection:
            keys = connection.execute("select key from landed").fetchall()
        intervals = Counter(interval_of(hour_of_key(key), interval_hours) for (key,) in keys)
        if len(intervals) < KNOWN_INTERVALS:
            return None
        return statistics.median(intervals.values())

    def announce(self, manifests: list[Manifest]) -> None:
        """Make manifests findable; to be called before they are recorded."""
        rows = [
            (m.remote_path, m.size, _text(m.mtime), m.sha256, _text(m.collected_at), m.key)
            for m in manifests
        ]
        with self._connection() as connection:
            connection.executemany("insert or replace into landed values (?, ?, ?, ?, ?, ?)", rows)
            connection.executemany(_MARK_UNREAD, {(_text(m.upload_hour),) for m in manifests})
            connection.executemany(
                "delete from uncollected where remote_path = ?",
                {(m.remote_path,) for m in manifests},
            )

    def mark_unread(self, hours: Iterable[dt.datetime]) -> None:
        """These upload hours are to be read again, whatever was read before."""
        with self._connection() as connection:
            connection.executemany(_MARK_UNREAD, {(_text(hour),) for hour in hours})

    def begin_reading(self, hour: dt.datetime) -> int:
        """The hour's change count, for `mark_read`; until then it is unread, also if it was not."""
        with self._connection() as connection:
            connection.execute(_BE_UNREAD, (_text(hour),))
            row = connection.execute("select change from unread where hour = ?", (_text(hour),))
            (change,) = row.fetchone()
        return int(change)

    def keys(self) -> set[str]:
        """The keys of all archives that it knows."""
        with self._connection() as connection:
            return {key for (key,) in connection.execute("select key from landed")}

    def unread(self) -> dict[dt.datetime, int]:
        """Upload hours with archives not yet read into the lake, each with its change count."""
        with self._connection() as connection:
            rows = connection.execute("select hour, change from unread order by hour").fetchall()
        return {dt.datetime.fromisoformat(hour): change for hour, change in rows}

    def mark_read(self, hour: dt.datetime, change: int) -> None:
        """The hour was read as it was at that change count; later changes stay unread."""
        with self._connection() as connection:
            connection.execute(
                "delete from unread where hour = ? and change = ?", (_text(hour), change)
            )

    def _rebuild(self) -> None:
        building = self._path.with_suffix(".building")
        building.unlink(missing_ok=True)
        # SQLite would let everybody read it.
        with disk_errors(self._path.parent):
            open_private(building).close()
        self._path, finished = building, self._path
        with self._connection() as connection:
            connection.executescript(_TABLES)
        self.announce(list(self._zone.manifests(self._collection)))
        self._path = finished
        with disk_errors(finished.parent):
            building.replace(finished)

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            with (
                disk_errors(self._path.parent),
                closing(sqlite3.connect(self._path, timeout=_BUSY_SECONDS)) as connection,
                connection,
            ):
                yield connection
        except sqlite3.DatabaseError as error:
            raise StorageError(
                f"could not use {self._path}: {error}; make room where that disk is full. "
                f"Where the file is damaged, remove it: it is made anew from the manifests"
            ) from error


def _triple(file: RemoteFile) -> tuple[str, int, str]:
    return file.label, _NO_SIZE if file.size is None else file.size, _text(file.mtime)


def _stayed(reason: str, alarm: int, times: int, again: str) -> Stayed:
    return Stayed(reason, bool(alarm), times, dt.datetime.fromisoformat(again))


def _text(instant: dt.datetime | None) -> str:
    return instant.astimezone(dt.UTC).isoformat() if instant else ""
