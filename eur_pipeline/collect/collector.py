"""Collects archives: each is durable, verified and recorded before it is removed from the server.

The order of a batch is the whole safety: fetch and verify, make durable, name, record, and only
then remove. A crash between any two of these is repaired by running again.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from eur_pipeline.collect.fetch import Fetched, fetch
from eur_pipeline.collect.index import LandingIndex
from eur_pipeline.collect.landing import LandingZone, Manifest
from eur_pipeline.collect.listing import ListedArchive, State, survey
from eur_pipeline.collect.server import ArchiveServer, RemoteFile
from eur_pipeline.config import AfterCollect, Collection
from eur_pipeline.errors import RemoteFolderError, TransferError, TransientError
from eur_pipeline.intervals import Window
from eur_pipeline.project import Project
from eur_pipeline.storage import LocalStore

# A batch shares its syncs; what a crash makes us fetch again is at most one batch.
BATCH_FILES = 64

# One connection has eight channels for files; most of the time goes into waiting for answers.
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
        self._store = LocalStore(project.landing_path)
        self._zone = LandingZone(self._store)
        self._index = LandingIndex(self._zone, collection.name)

    def run(self) -> None:
        """List, finish removals that were not finished, and collect what is new."""
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
            self._remove(
                server, workers, [(a.file, a.manifest) for a in wanted if a.manifest is not None]
            )
            self._collect_all(server, workers, [a for a in wanted if a.state is State.NEW])

    def _collect_all(
        self, server: ArchiveServer, workers: Executor, new: Sequence[ListedArchive]
    ) -> None:
        total_bytes = sum(archive.file.size for archive in new)
        for start in range(0, len(new), BATCH_FILES):
            self._collect_batch(server, workers, new[start : start + BATCH_FILES])
            if self._on_progress is None:
                continue
            safe = new[: start + BATCH_FILES]
            self._on_progress(
                Progress(len(safe), len(new), sum(a.file.size for a in safe), total_bytes)
            )

    def _collect_batch(
        self, server: ArchiveServer, workers: Executor, batch: Sequence[ListedArchive]
    ) -> None:
        arrived = workers.map(partial(self._fetch, server), batch, range(len(batch)))
        fetched = [f for f in arrived if f is not None]
        manifests = self._manifests(fetched)
        self._store.adopt({m.key: f.path for m, f in zip(manifests, fetched, strict=True)})
        self._index.announce(manifests)
        self._zone.record(manifests)
        self.report.collected.extend(manifests)
        files = [f.archive.file for f in fetched]
        self._remove(server, workers, list(zip(files, manifests, strict=True)))

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
        elif not fetched.complete and self._is_young(archive):
            self._wait(archive, "its closing tag has not arrived")
            return None
        return fetched

    def _is_young(self, archive: ListedArchive) -> bool:
        since = archive.file.mtime or archive.upload_hour
        wait = dt.timedelta(minutes=self._collection.incomplete_wait_minutes)
        return dt.datetime.now(dt.UTC) - since < wait

    def _wait(self, archive: ListedArchive, reason: str) -> None:
        self.report.waiting[archive.file.label] = reason

    def _manifests(self, fetched: Sequence[Fetched]) -> list[Manifest]:
        """The manifests of a batch, which knows what is landed and what it holds itself."""
        manifests: dict[str, Manifest] = {}
        for f in fetched:
            same = next((m for m in manifests.values() if m.sha256 == f.sha256), None)
            original = self._index.find_content(f.sha256) or same
            hour, name = f.archive.upload_hour, f.archive.file.name
            key = self._zone.new_key(self._collection.name, hour, f.sha256, name, manifests)
            manifests[key] = Manifest(
                collection=self._collection.name,
                upload_hour=hour,
                name=name,
                remote_path=f.archive.file.label,
                size=f.archive.file.size,
                mtime=f.archive.file.mtime,
                sha256=f.sha256,
                collected_at=dt.datetime.now(dt.UTC),
                key=key,
                duplicate_of=original.key if original else None,
            )
        return list(manifests.values())

    def _remove(
        self,
        server: ArchiveServer,
        workers: Executor,
        collected: Sequence[tuple[RemoteFile, Manifest]],
    ) -> None:
        """Remove collected files that are still what lies in the landing zone."""
        if self._collection.after_collect is AfterCollect.DELETE:
            removals = workers.map(lambda pair: self._remove_one(server, *pair), collected)
            self.report.removed += sum(removals)

    def _remove_one(self, server: ArchiveServer, file: RemoteFile, manifest: Manifest) -> bool:
        if not self._zone.holds(manifest):
            self.report.waiting[file.label] = "its copy in the landing zone is missing or damaged"
            return False
        try:
            if server.look(file.path) != file:
                return False
            server.remove(file.path)
        except RemoteFolderError as error:
            self.report.waiting[file.label] = str(error)
            return False
        return True
