"""Collects archives: each is durable, verified and recorded before it is removed from the server.

The order of a batch is the whole safety: fetch and verify, make durable, name, record, and only
then remove. A crash between any two of these is repaired by running again.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from eur_pipeline.collect.completeness import Ending
from eur_pipeline.collect.fetch import Fetched, fetch
from eur_pipeline.collect.index import LandingIndex
from eur_pipeline.collect.landing import LandingZone, Manifest
from eur_pipeline.collect.listing import ListedArchive, State, survey
from eur_pipeline.collect.server import ArchiveServer
from eur_pipeline.config import AfterCollect, Collection
from eur_pipeline.errors import RemoteFolderError, TransferError, TransientError
from eur_pipeline.intervals import Window
from eur_pipeline.project import Project

# A batch shares its syncs; what a crash makes us fetch again is at most one batch.
BATCH_FILES = 64

# On one connection; with a single file at a time, most of it would be waiting for answers.
FILES_AT_ONCE = 8

# A lost link is tried again at once a few times; who launched the run goes on from there.
ATTEMPTS = 4
LONGEST_PAUSE_SECONDS = 15


@dataclass(frozen=True)
class Progress:
    """How far a collection is; bytes and files that are already safe."""

    files: int
    total_files: int
    bytes: int
    total_bytes: int


@dataclass
class CollectReport:
    """What one collection did. `waiting` are files that stay on the server, and why."""

    collected: list[Manifest] = field(default_factory=list)
    removed: int = 0
    waiting: dict[str, str] = field(default_factory=dict)

    @property
    def bytes(self) -> int:
        """Bytes landed."""
        return sum(manifest.size for manifest in self.collected)

    @property
    def duplicates(self) -> int:
        """How many of the collected had content that was landed before."""
        return sum(manifest.duplicate_of is not None for manifest in self.collected)


def collect(
    project: Project,
    collection: Collection,
    window: Window | None = None,
    *,
    on_progress: Callable[[Progress], None] | None = None,
) -> CollectReport:
    """Collect the archives of those upload hours (all, by default) into the landing zone.

    Raises BusyError where this collection is being collected already, and what the server's errors
    are translated to. A lost link is tried again a few times, going on where it broke.
    """
    with project.lock(f"collect-{collection.name}"):
        work = _Collecting(project, collection, window, on_progress)
        for attempt in Retrying(
            retry=retry_if_exception_type(TransientError),
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_random_exponential(max=LONGEST_PAUSE_SECONDS),
            reraise=True,
        ):
            with attempt:
                work.run()
    return work.report


class _Collecting:
    """One collection at work; the report survives a lost link."""

    def __init__(
        self,
        project: Project,
        collection: Collection,
        window: Window | None,
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        self.report = CollectReport()
        self._project = project
        self._collection = collection
        self._window = window
        self._on_progress = on_progress
        self._zone = LandingZone.of(project)
        self._store = self._zone.store
        self._index = LandingIndex(self._zone, collection.name)

    def run(self) -> None:
        """List, and collect what is new or was left on the server by a broken run."""
        self._store.clear_unfinished(self._collection.name)
        self.report.waiting.clear()
        with (
            ArchiveServer.of(self._project, self._collection) as server,
            ThreadPoolExecutor(FILES_AT_ONCE) as workers,
        ):
            now = dt.datetime.now(dt.UTC)
            listed = survey(self._collection, server.list(), self._index, now)
            wanted = [a for a in listed if self._window is None or a.upload_hour in self._window]
            for archive in wanted:
                if archive.state is State.TEMPORARY:
                    self._wait(archive, "its name says that it is still being uploaded")
            self._collect_all(server, workers, [a for a in wanted if self._needs_work(a)])

    def _needs_work(self, archive: ListedArchive) -> bool:
        return archive.state is State.NEW or (archive.state is State.COLLECTED and self._deletes)

    @property
    def _deletes(self) -> bool:
        return self._collection.after_collect is AfterCollect.DELETE

    def _collect_all(
        self, server: ArchiveServer, workers: Executor, todo: Sequence[ListedArchive]
    ) -> None:
        total_bytes = sum(archive.file.size for archive in todo)
        for start in range(0, len(todo), BATCH_FILES):
            self._collect_batch(server, workers, todo[start : start + BATCH_FILES])
            if self._on_progress is None:
                continue
            safe = todo[: start + BATCH_FILES]
            self._on_progress(
                Progress(len(safe), len(todo), sum(a.file.size for a in safe), total_bytes)
            )

    def _collect_batch(
        self, server: ArchiveServer, workers: Executor, batch: Sequence[ListedArchive]
    ) -> None:
        arrived = workers.map(partial(self._fetch, server), batch, range(len(batch)))
        fetched = [f for f in arrived if f is not None]
        manifests = self._manifests(fetched)
        self._store.adopt({m.key: f.path for m, f in zip(manifests, fetched, strict=True)})
        new = [m for m in manifests if not self._zone.has_manifest(m.key)]
        self._index.announce(new)
        self._zone.record(new)
        self.report.collected.extend(new)
        if self._deletes:
            for removed in workers.map(partial(self._remove, server), fetched):
                self.report.removed += removed

    def _fetch(self, server: ArchiveServer, archive: ListedArchive, number: int) -> Fetched | None:
        to = self._store.unfinished(self._collection.name, str(number))
        try:
            fetched = fetch(server, archive, to)
        except (RemoteFolderError, TransferError) as error:
            # One file that cannot be had must not keep the others from being collected.
            self._wait(archive, str(error))
            return None
        if fetched is None:
            self._wait(archive, "it changed while it was read")
        elif fetched.ending is Ending.OPEN and self._is_young(archive):
            self._wait(archive, "its closing tag has not arrived")
            return None
        return fetched

    def _is_young(self, archive: ListedArchive) -> bool:
        """Whether the server says that a file was written to lately."""
        now = dt.datetime.now(dt.UTC)
        mtime = archive.file.mtime
        return now - (mtime if mtime and mtime <= now else archive.first_seen) < self._patience

    @property
    def _patience(self) -> dt.timedelta:
        return dt.timedelta(minutes=self._collection.incomplete_wait_minutes)

    def _wait(self, archive: ListedArchive, reason: str) -> None:
        self.report.waiting[archive.file.label] = reason

    def _manifests(self, fetched: Sequence[Fetched]) -> list[Manifest]:
        """The manifests of a batch, which knows what is landed and what it holds itself."""
        manifests: dict[str, Manifest] = {}
        for f in fetched:
            manifest = self._manifest_of_same(f) or self._new_manifest(f, manifests)
            manifests[manifest.key] = manifest
        return list(manifests.values())

    def _manifest_of_same(self, fetched: Fetched) -> Manifest | None:
        """The manifest that the file was landed under already, if its content is that one's.

        Its landed copy is then written once more: nothing is removed that was not seen to be equal.
        """
        key = fetched.archive.landed_as
        manifest = self._zone.manifest(key) if key else None
        return manifest if manifest and manifest.sha256 == fetched.sha256 else None

    def _new_manifest(self, fetched: Fetched, batch: Mapping[str, Manifest]) -> Manifest:
        same = next((m for m in batch.values() if m.sha256 == fetched.sha256), None)
        original = self._index.find_content(fetched.sha256) or same
        file, hour = fetched.archive.file, fetched.archive.upload_hour
        return Manifest(
            collection=self._collection.name,
            upload_hour=hour,
            name=file.name,
            remote_path=file.label,
            size=file.size,
            mtime=file.mtime,
            sha256=fetched.sha256,
            collected_at=dt.datetime.now(dt.UTC),
            key=self._zone.new_key(self._collection.name, hour, fetched.sha256, file.name, batch),
            duplicate_of=original.key if original else None,
        )

    def _remove(self, server: ArchiveServer, fetched: Fetched) -> bool:
        """Remove a file that is landed, if it is still the one that was fetched; whether it was."""
        file = fetched.archive.file
        stood = dt.datetime.now(dt.UTC) - fetched.archive.first_seen
        if fetched.ending is not Ending.CLOSED and stood < self._patience:
            # The server's clock may be wrong, and its writer may not have finished.
            self._wait(
                fetched.archive, "it is collected, but may still grow: it has no closing tag"
            )
            return False
        try:
            if server.look(file.path) != file:
                return False
            server.remove(file.path)
        except RemoteFolderError as error:
            self._wait(fetched.archive, str(error))
            return False
        return True
