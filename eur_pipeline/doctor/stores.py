"""The examination of what was collected: landing zone, its index, and lake have to agree.

Looks at names, sizes and counts; what is inside the archives and tables is not read again.
"""

import datetime as dt
import time
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from eur_pipeline.collect.index import INDEX_NAME, LandingIndex
from eur_pipeline.collect.landing import COMPANION_SUFFIX, MANIFEST_SUFFIX, LandingZone, Manifest
from eur_pipeline.config import Collection
from eur_pipeline.doctor.finding import Finding, UnknownError, all_of, look, some_of
from eur_pipeline.errors import BusyError, PermanentError
from eur_pipeline.lake import schema
from eur_pipeline.lake.lake import Lake, lock_name
from eur_pipeline.project import Project
from eur_pipeline.storage import LocalStore

# An archive has its name a little before its manifest.
_BEING_LANDED_SECONDS = 600


def look_at_stores(project: Project, collection: Collection) -> list[Finding]:
    """Landing zone, index and lake of one collection."""
    stores = _Stores(project, collection.name)
    return [
        look(f"{collection.name}: landing zone", stores.landing_zone),
        look(f"{collection.name}: index", stores.index),
        look(f"{collection.name}: lake", stores.lake),
    ]


class _Stores:
    """What a collection has on this machine."""

    def __init__(self, project: Project, name: str) -> None:
        self._project = project
        self._name = name
        self._zone = LandingZone.of(project)

    @cached_property
    def _manifests(self) -> list[Manifest]:
        return list(self._zone.manifests(self._name))

    @cached_property
    def _landed_files(self) -> dict[str, int]:
        """The size by key of every file that the manifests name: archives and their companions."""
        archives = {m.key: m.size for m in self._manifests}
        companions = {
            m.key + COMPANION_SUFFIX: m.companion.size for m in self._manifests if m.companion
        }
        return archives | companions

    def landing_zone(self) -> str:
        """Every manifest has its archive and companion, every archive its manifest."""
        all_of(list(self._landing_faults()))
        size = sum(manifest.size for manifest in self._manifests)
        return f"{len(self._manifests):,} archives, {size:,} bytes, each with its manifest"

    def _landing_faults(self) -> Iterator[str]:
        found = {key: self._size(key) for key in self._landed_files}
        missing = [key for key, size in found.items() if size is None]
        if missing:
            yield (
                f"{len(missing):,} landed files are missing, though manifests say that they "
                f"were landed: {some_of(missing)}; restore them from a backup"
            )
        cut = [
            f"{key} (expected {self._landed_files[key]:,} bytes, found {size:,})"
            for key, size in found.items()
            if size not in (None, self._landed_files[key])
        ]
        if cut:
            yield (
                f"{len(cut):,} landed files have not the size in their manifests: "
                f"{some_of(cut)}; restore them from a backup"
            )
        strays = list(self._without_manifest())
        if strays:
            yield (
                f"{len(strays):,} files have no manifest that can be read: {some_of(strays)}. What "
                f"a crash left is collected anew, if it still is on the server; where it is not, "
                f"restore the manifests (*{MANIFEST_SUFFIX}) from a backup"
            )

    def _without_manifest(self) -> Iterator[str]:
        manifests = {manifest.key + MANIFEST_SUFFIX for manifest in self._manifests}
        known = self._landed_files.keys() | manifests
        for key in self._zone.store.files(self._name):
            path = self._zone.store.path(key)
            if key not in known and not path.name.startswith(".") and _is_old(path):
                yield key

    def _size(self, key: str) -> int | None:
        try:
            return self._zone.store.path(key).stat().st_size
        except FileNotFoundError:
            return None

    def index(self) -> str:
        """The index knows every manifest; what else it knows does no harm."""
        index = self._index()
        if index is None:
            return "none yet; it is made from the manifests when it is needed"
        known = index.keys()
        unknown = [m.key for m in self._manifests if m.key not in known]
        if unknown:
            raise PermanentError(
                f"the index does not know {len(unknown):,} archives that are landed, and would "
                f"collect them again: {some_of(unknown)}; remove {self._index_path}: it is made "
                f"anew from the manifests"
            )
        return "knows every archive"

    @property
    def _index_path(self) -> Path:
        return self._zone.store.path(f"{self._name}/{INDEX_NAME}")

    def _index(self) -> LandingIndex | None:
        """The index as it is; asking for one that is missing would make it."""
        return LandingIndex(self._zone, self._name) if self._index_path.exists() else None

    def lake(self) -> str:
        """Every upload hour that was read has as many archives in the lake as are landed."""
        if not self._project.lake_path.exists():
            return "nothing was read yet"
        try:
            with self._project.lock(lock_name(self._name)):
                return self._compare_lake()
        except BusyError as error:
            raise UnknownError(f"not looked at: {error}") from None

    def _compare_lake(self) -> str:
        lake, index = Lake(LocalStore(self._project.lake_path)), self._index()
        # Read after the lock was taken: what was landed meanwhile is unread.
        landed = Counter(m.upload_hour for m in self._zone.manifests(self._name))
        unread = set(index.unread()) if index else set(landed)
        faults = [f for table in schema.TABLES for f in _damaged(lake, table, self._name)]
        if not faults:
            faults += _differences(landed, _rows(lake, self._name), unread)
        all_of(faults)
        return f"{len(landed):,} upload hours are landed, {len(unread):,} of them not read yet"


def _is_old(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > _BEING_LANDED_SECONDS
    except FileNotFoundError:
        return False


def _damaged(lake: Lake, table: str, collection: str) -> Iterator[str]:
    for hour, paths in lake.files_of(table, collection).items():
        for path in paths:
            try:
                pq.read_metadata(path)
            except (pa.ArrowException, OSError) as error:
                reason = str(error).splitlines()[0]
                yield f"{path} cannot be read: {reason}; remove it, and {_read_again(hour)}"


def _rows(lake: Lake, collection: str) -> dict[dt.datetime, int]:
    """How many archives the lake has of each upload hour."""
    return {
        hour: sum(pq.read_metadata(path).num_rows for path in paths)
        for hour, paths in lake.files_of("archives", collection).items()
    }


def _differences(
    landed: Counter[dt.datetime], rows: dict[dt.datetime, int], unread: set[dt.datetime]
) -> Iterator[str]:
    for hour in sorted((landed.keys() | rows.keys()) - unread):
        if landed[hour] != rows.get(hour, 0):
            yield (
                f"of the upload hour {hour:{schema.HOUR_FORMAT}} the lake has {rows.get(hour, 0)} "
                f"archives, and {landed[hour]} are landed; {_read_again(hour)}"
            )


def _read_again(hour: dt.datetime) -> str:
    following = hour + dt.timedelta(hours=1)
    return (
        f"read the hour again: eur run --from {hour:{schema.HOUR_FORMAT}} "
        f"--to {following:{schema.HOUR_FORMAT}}"
    )
