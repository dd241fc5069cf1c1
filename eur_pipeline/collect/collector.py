"""Collects archives: each is durable, verified and recorded before it is removed from the server.

The order of a batch is the whole safety: fetch and verify, make durable, name, record, and only
then remove. A crash between any two of these is repaired by running again.
"""

import asyncio
import datetime as dt
import hashlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random_exponential

from eur_pipeline.collect.completeness import Ending
from eur_pipeline.collect.fetch import Copy, fetch, opened_only, still_the_same
from eur_pipeline.collect.index import LandingIndex, Stayed
from eur_pipeline.collect.landing import LandingZone
from eur_pipeline.collect.listing import FIRST_PAUSE, LONGEST_PAUSE, ListedArchive
from eur_pipeline.collect.plan import Waiting, dialect_of, plan, require_room
from eur_pipeline.collect.recording import Fetched, land
from eur_pipeline.collect.remote import RemoteFile
from eur_pipeline.collect.report import CollectReport, Progress, Tally
from eur_pipeline.collect.server import PIECE_BYTES, ArchiveServer
from eur_pipeline.config import AfterCollect, Collection
from eur_pipeline.errors import (
    EurError,
    RemoteFolderError,
    ServerUnreachableError,
    StorageError,
    TransferError,
    VanishedError,
)
from eur_pipeline.intervals import Window
from eur_pipeline.project import Project
from eur_pipeline.storage import boot, disk_errors

# A batch shares its syncs, and is made durable while the next one is fetched. What a crash makes
# us fetch again is at most one batch, large files apart, which go on where they broke.
BATCH_FILES = 250
BATCH_BYTES = 256 << 20

# On one connection: with fewer, a distant server's answers are waited for one after another.
FILES_AT_ONCE = 64

# A lost link is tried again at once a few times, and again as long as that gets us further; who
# launched the run goes on from there.
ATTEMPTS = 4
LONGEST_PAUSE_SECONDS = 15

UNFINISHED = "its end has not arrived"
CHANGED = "it changed while it was read"
MAY_GROW = "it is collected, but may still grow: it has no closing tag"

Item = TypeVar("Item")
Result = TypeVar("Result")


def collect(
    project: Project,
    collection: Collection,
    window: Window | None = None,
    *,
    insist: bool = True,
    on_progress: Callable[[Progress], None] | None = None,
) -> CollectReport:
    """Collect the archives of those upload hours (all, by default) into the landing zone.

    `insist`: also those that were tried for nothing a short time ago, as a person wants it who has
    mended what was wrong with them.

    Raises BusyError where this collection is being collected already, StorageError where the disk
    does not take the archives, MassChangeError, and what the server's errors are translated to. A
    lost link is tried again, going on where it broke.
    """
    with project.lock(f"collect-{collection.name}"):
        work = _Collecting(project, collection, window, on_progress, insist=insist)
        for attempt in Retrying(
            retry=retry_if_exception_type((ServerUnreachableError, TransferError)),
            stop=work.gets_no_further,
            wait=wait_random_exponential(max=LONGEST_PAUSE_SECONDS),
            reraise=True,
        ):
            with attempt:
                work.run()
    work.report.seconds = work.tally.progress().seconds
    return work.report


class _Collecting:
    """One collection at work; the report survives a lost link."""

    def __init__(
        self,
        project: Project,
        collection: Collection,
        window: Window | None,
        on_progress: Callable[[Progress], None] | None,
        *,
        insist: bool,
    ) -> None:
        self.report = CollectReport()
        self._project = project
        self._collection = collection
        self._window = window
        self._insist = insist
        self._on_progress = on_progress
        self._zone = LandingZone.of(project)
        self._index = LandingIndex(self._zone, collection.name)
        self._dialect = dialect_of(project, collection)
        self._places: dict[RemoteFile, Path] = {}
        self.tally = Tally()

    def gets_no_further(self, _: RetryCallState) -> bool:
        """Whether the last ATTEMPTS broke off one after another without a byte that was new."""
        return self.tally.failures_without_news() >= ATTEMPTS

    def run(self) -> None:
        """List, and collect what is new or was left on the server by a broken run."""
        with (
            disk_errors(self._project.landing_path),
            ArchiveServer.of(self._project, self._collection) as server,
        ):
            planned = plan(
                server,
                self._collection,
                self._dialect,
                self._index,
                self._window,
                insist=self._insist,
            )
            self.report.begin(planned)
            self.tally.begin(planned)
            self._places = self._unfinished([f for a in planned.someday for f in a.files])
            kept = set(self._places.values())
            self._zone.store.clear_unfinished(self._collection.name, keep=kept)
            server.run(self._collect_all(server, planned.todo), self._show_progress)
            self._show_progress()

    def _show_progress(self) -> None:
        if self._on_progress is not None:
            self._on_progress(self.tally.progress())

    def _unfinished(self, files: Sequence[RemoteFile]) -> dict[RemoteFile, Path]:
        """Where files arrive; always the same place for the same file, so that it can go on."""
        facts = (f"{file!r} {boot()}".encode("utf-8", "surrogateescape") for file in files)
        names = (hashlib.sha256(fact).hexdigest()[:32] for fact in facts)
        places = self._zone.store.unfinished(self._collection.name, names)
        return dict(zip(files, places, strict=True))

    async def _collect_all(self, server: ArchiveServer, todo: Sequence[ListedArchive]) -> None:
        """Batch after batch; while one is fetched, the one before is landed and removed."""
        finishing: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        finishing.set_result(None)
        try:
            for batch in self._batches_with_room(todo):
                arrived = await _each(batch, partial(self._fetch, server))
                await self._note_stayed(batch, arrived)
                fetched = [each for each in arrived if isinstance(each, Fetched)]
                await asyncio.shield(finishing)
                finishing = asyncio.create_task(self._finish(server, fetched))
            await asyncio.shield(finishing)
        finally:
            # What is being landed is not left half done, nor to another run at the same time: an
            # interrupt, which would end the waiting for its thread alone, does not reach it.
            # Its own error is of no use where another ended the run: asked for, it is not logged.
            await asyncio.wait([finishing])
            finishing.exception()

    def _batches_with_room(self, todo: Sequence[ListedArchive]) -> Iterator[list[ListedArchive]]:
        """Those that the disk has room for when their turn comes; in the end, why not all.

        A large archive that does not fit keeps no small one from being collected.
        """
        no_room: StorageError | None = None
        for batch in _batches(todo):
            try:
                require_room(self._project, self._collection, sum(a.bytes for a in batch))
            except StorageError as error:
                no_room = no_room or error
            else:
                yield batch
        if no_room:
            raise no_room

    async def _note_stayed(
        self, tried: Sequence[ListedArchive], came_of_it: Sequence[object | Waiting]
    ) -> None:
        """Report and remember which of them wait."""
        now = dt.datetime.now(dt.UTC)
        waits = [
            (archive, result)
            for archive, result in zip(tried, came_of_it, strict=True)
            if isinstance(result, Waiting)
        ]
        self.report.waiting.update({archive.file.label: w for archive, w in waits})
        stayed = [
            (a.file, Stayed(w.reason, w.alarm, a.times_in_vain + bool(w.again), w.again or now))
            for a, w in waits
        ]
        if stayed:
            await asyncio.to_thread(self._index.note_stayed, stayed)

    def _waits(self, archive: ListedArchive, reason: str) -> Waiting:
        """It is not ready; somebody should look after it once that takes too long."""
        now = dt.datetime.now(dt.UTC)
        return Waiting(reason, archive.waits_too_long(self._collection, now))

    async def _finish(self, server: ArchiveServer, fetched: Sequence[Fetched]) -> None:
        """Land a batch, then remove it from the server."""
        landed = await asyncio.to_thread(land, self._zone, self._index, self._dialect, fetched)
        self.report.collected.extend(landed)
        self.tally.safe_files += len(fetched)
        if self._collection.after_collect is AfterCollect.DELETE:
            removed = await _each(fetched, partial(self._remove, server))
            self.report.removed += sum(waiting is None for waiting in removed)
            await self._note_stayed([f.archive for f in fetched], removed)

    async def _fetch(self, server: ArchiveServer, archive: ListedArchive) -> Fetched | Waiting:
        now = dt.datetime.now(dt.UTC)
        may_grow = not archive.is_overdue(self._collection, now)
        await asyncio.sleep(archive.settles_in(now).total_seconds())
        try:
            if may_grow and await self._is_open(server, archive):
                return self._waits(archive, UNFINISHED)
            copies = [await self._copy(server, file) for file in archive.files]
        except VanishedError as error:
            return self._waits(archive, str(error))
        except (RemoteFolderError, TransferError) as error:
            # One file that cannot be had must not keep the others from being collected.
            return _in_vain(archive, error)
        arrived = [copy for copy in copies if copy is not None]
        if len(arrived) < len(copies):
            return self._waits(archive, CHANGED)
        fetched = Fetched(archive, *reversed(arrived))
        if may_grow and fetched.ending is Ending.OPEN:
            return self._waits(archive, UNFINISHED)
        return fetched

    async def _is_open(self, server: ArchiveServer, archive: ListedArchive) -> bool:
        """Whether a large file grows still, which can be seen without fetching all of it."""
        size = archive.file.size
        if archive.companion is not None or size is None or size <= PIECE_BYTES:
            return False
        return await opened_only(server, archive.file, size)

    async def _copy(self, server: ArchiveServer, file: RemoteFile) -> Copy | None:
        return await fetch(server, file, self._places[file], self.tally.arrived)

    async def _remove(self, server: ArchiveServer, fetched: Fetched) -> Waiting | None:
        """Remove what is landed now, if it still is what was fetched; None where it is gone."""
        grown = fetched.archive.memory.first_seen + self._collection.patience
        if fetched.ending is not Ending.CLOSED and dt.datetime.now(dt.UTC) < grown:
            # The server's clock may be wrong, and its writer may not have finished.
            return Waiting(MAY_GROW, alarm=False, again=grown)
        try:
            for copy in fetched.copies:
                if not await still_the_same(server, copy):
                    return Waiting("it changed after it was collected", alarm=False)
            for file in fetched.archive.files:
                await server.remove(file.path)
        except (RemoteFolderError, TransferError) as error:
            return _in_vain(fetched.archive, error)
        return None


def _in_vain(archive: ListedArchive, error: EurError) -> Waiting:
    """It failed for a reason of its own: somebody should look after it."""
    pause = min(FIRST_PAUSE * 2 ** min(archive.times_in_vain, 10), LONGEST_PAUSE)
    return Waiting(str(error), alarm=True, again=dt.datetime.now(dt.UTC) + pause)


def _batches(todo: Sequence[ListedArchive]) -> Iterator[list[ListedArchive]]:
    batch: list[ListedArchive] = []
    size = 0
    for archive in todo:
        if batch and (len(batch) == BATCH_FILES or size + archive.bytes > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(archive)
        size += archive.bytes
    if batch:
        yield batch


async def _each(items: Sequence[Item], work: Callable[[Item], Awaitable[Result]]) -> list[Result]:
    """The results of the work on every item, FILES_AT_ONCE at a time; the first error ends all."""
    results: dict[int, Result] = {}
    waiting = iter(enumerate(items))

    async def worker() -> None:
        for number, item in waiting:
            results[number] = await work(item)

    workers = [asyncio.create_task(worker()) for _ in range(min(FILES_AT_ONCE, len(items)))]
    try:
        await asyncio.gather(*workers)
    finally:
        for task in workers:
            task.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
    return [results[number] for number in range(len(items))]
