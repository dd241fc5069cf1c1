"""What one run of a collection is to do, and the brakes that keep it from doing too much.

Decides; fetches and removes nothing.
"""

import datetime as dt
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eur_pipeline.archives.dialect import Dialect, load_dialect
from eur_pipeline.collect.index import LandingIndex
from eur_pipeline.collect.landing import LandingZone
from eur_pipeline.collect.listing import ListedArchive, State, survey
from eur_pipeline.collect.server import ArchiveServer
from eur_pipeline.config import MEBIBYTE, AfterCollect, Collection
from eur_pipeline.errors import MassChangeError, StorageError
from eur_pipeline.intervals import Window, interval_of
from eur_pipeline.project import Project

# A handful of files is never a mass.
FEWEST_USUAL_FILES = 10


@dataclass(frozen=True)
class Waiting:
    """Why a file stays on the server.

    Attributes:
        alarm: Whether somebody should look after it.
        again: Nobody tries it by itself before; None where the next run does.
    """

    reason: str
    alarm: bool
    again: dt.datetime | None = None


@dataclass(frozen=True)
class Plan:
    """What a run would do.

    Attributes:
        todo: The archives to fetch, and to remove where the collection deletes.
        someday: All that this run or another one is to fetch.
        waiting: Files that are not ready, by name.
        left_alone: What lies there and is no file, by name, and why.
        postponed: How many files the limits of one run leave for the next.
    """

    todo: list[ListedArchive]
    someday: list[ListedArchive]
    waiting: dict[str, Waiting]
    left_alone: dict[str, str]
    postponed: int

    @property
    def new(self) -> list[ListedArchive]:
        """Those of `todo` that are not landed yet."""
        return [archive for archive in self.todo if archive.state is State.NEW]

    @property
    def bytes(self) -> int:
        """Bytes to fetch."""
        return sum(archive.bytes for archive in self.todo)


def preview(project: Project, collection: Collection) -> Plan:
    """What collecting would do now; raises what it would raise before the first file.

    The index is made where there is none, and notes what is listed, as at every look.
    """
    index = LandingIndex(LandingZone.of(project), collection.name)
    with ArchiveServer.of(project, collection) as server:
        return plan(server, collection, dialect_of(project, collection), index, None)


def dialect_of(project: Project, collection: Collection) -> Dialect:
    """What says whether archives have companions; raises ConfigurationError."""
    return load_dialect(collection.dialect, project.dialects_path)


def plan(
    server: ArchiveServer,
    collection: Collection,
    dialect: Dialect,
    index: LandingIndex,
    window: Window | None,
    *,
    insist: bool = True,
) -> Plan:
    """List the folder and decide; raises MassChangeError, and what listing raises.

    `insist`: also on what was tried for nothing a short time ago.
    """
    now = dt.datetime.now(dt.UTC)
    listing = server.list()
    listed = survey(collection, listing.files, index, now, dialect.companion_suffix)
    someday = [archive for archive in listed if needs_work(collection, archive)]
    work = [
        archive
        for archive in someday
        if (window is None or archive.upload_hour in window)
        and (insist or archive.is_due(collection, now))
    ]
    _require_no_mass_change(collection, work, index)
    todo = _within_limits(collection, work)
    return Plan(
        todo=todo,
        someday=someday,
        waiting=what_waits(collection, listed, todo, now),
        left_alone=listing.left_alone,
        postponed=len(work) - len(todo),
    )


def what_waits(
    collection: Collection,
    listed: Sequence[ListedArchive],
    todo: Sequence[ListedArchive],
    now: dt.datetime,
) -> dict[str, Waiting]:
    """Why files stay on the server that there is nothing to do about now, by name."""
    tried = {archive.file.path for archive in todo}
    found: dict[str, Waiting] = {}
    for archive in listed:
        stayed, too_long = archive.memory.stayed, archive.waits_too_long(collection, now)
        if archive.state.reason:
            found[archive.file.label] = Waiting(archive.state.reason, too_long)
        elif stayed and needs_work(collection, archive) and archive.file.path not in tried:
            alarm = stayed.alarm or (archive.state is State.NEW and too_long)
            found[archive.file.label] = Waiting(stayed.reason, alarm, stayed.again)
    return found


def alarms(waits: Mapping[str, Waiting]) -> dict[str, str]:
    """Those that somebody should look after, and why."""
    return {name: each.reason for name, each in waits.items() if each.alarm}


def needs_work(collection: Collection, archive: ListedArchive) -> bool:
    """Whether the file has to be fetched or, being landed already, removed."""
    deletes = collection.after_collect is AfterCollect.DELETE
    return archive.state is State.NEW or (archive.state is State.COLLECTED and deletes)


def require_room(project: Project, collection: Collection, size: int) -> None:
    """Raise StorageError where that many bytes more would eat into the reserve."""
    free = shutil.disk_usage(project.landing_path).free // MEBIBYTE
    needed = size // MEBIBYTE
    reserve = collection.brakes.free_disk_mebibytes
    if free - needed < reserve:
        raise StorageError(
            f"{free:,} MiB are free under {project.landing_path}, and {needed:,} MiB are to be "
            f"collected; expected {reserve:,} MiB to stay free (brakes.free_disk_mebibytes of "
            f"{collection.name}). Make room; nothing is lost, the archives wait on the server"
        )


def _within_limits(collection: Collection, work: Sequence[ListedArchive]) -> list[ListedArchive]:
    """As many as one run may take, and one at least.

    What waited when it was tried last comes last, longest ago first: it keeps no other waiting.
    """
    work = sorted(work, key=_tried_at)
    brakes = collection.brakes
    files = brakes.files_per_run or len(work)
    left = brakes.mebibytes_per_run * MEBIBYTE if brakes.mebibytes_per_run else None
    todo: list[ListedArchive] = []
    for archive in work[:files]:
        if left is not None:
            if todo and archive.bytes > left:
                break
            left -= archive.bytes
        todo.append(archive)
    return todo


def _tried_at(archive: ListedArchive) -> dt.datetime:
    """When the archive was tried, or was to be tried again; before all times where it was not."""
    stayed = archive.memory.stayed
    return stayed.again if stayed else dt.datetime.min.replace(tzinfo=dt.UTC)


def _require_no_mass_change(
    collection: Collection, work: Sequence[ListedArchive], index: LandingIndex
) -> None:
    hours = collection.interval_hours
    new = Counter(interval_of(a.upload_hour, hours) for a in work if a.state is State.NEW)
    interval, count = new.most_common(1)[0] if new else (None, 0)
    factor = collection.brakes.mass_change_factor
    if interval is None or count <= factor * FEWEST_USUAL_FILES:
        return
    usual = index.usual_files(hours)
    most = max(factor * max(usual or 0, FEWEST_USUAL_FILES), collection.brakes.confirmed_files)
    if usual is not None and count > most:
        raise MassChangeError(
            f"{collection.name} has {count:,} new files in the upload interval {interval.key()}; "
            f"usual are {usual:,.0f}, and up to {most:,.0f} are taken without asking. Nothing was "
            f"fetched. Look at {collection.remote_path}; if the files are right, set "
            f"brakes: {{confirmed_files: {count}}} for the collection in eur.yaml"
        )
