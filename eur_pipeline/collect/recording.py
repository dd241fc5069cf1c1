"""From fetched files to landed archives: durable, named, announced and recorded, in that order.

A crash between any two of these is repaired by the next run. Fetching before and removing after are
the collector's.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eur_pipeline.archives.dialect import Dialect
from eur_pipeline.archives.identity import archive_sha256
from eur_pipeline.collect.completeness import Ending
from eur_pipeline.collect.fetch import Copy
from eur_pipeline.collect.index import LandingIndex
from eur_pipeline.collect.landing import COMPANION_SUFFIX, Companion, LandingZone, Manifest
from eur_pipeline.collect.listing import ListedArchive


@dataclass(frozen=True)
class Fetched:
    """An archive that arrived whole, in an unfinished file, with its companion if it has one."""

    archive: ListedArchive
    copy: Copy
    companion: Copy | None = None

    @property
    def copies(self) -> tuple[Copy, ...]:
        """All of it, the companion first."""
        return (self.copy,) if self.companion is None else (self.companion, self.copy)

    @property
    def ending(self) -> Ending:
        """How it ends; what has a companion is no document, and may always grow."""
        return self.copy.ending if self.companion is None else Ending.UNKNOWN


def land(
    zone: LandingZone, index: LandingIndex, dialect: Dialect, fetched: Sequence[Fetched]
) -> list[Manifest]:
    """Make the files landed archives; returns the manifests of those that were not yet.

    What was landed before is written once more: nothing is removed from the server that was not
    seen to be equal to a durable copy here.
    """
    manifests = _manifests(zone, index, dialect, fetched)
    files = {}
    for manifest, f in zip(manifests, fetched, strict=True):
        files[manifest.key] = f.copy.path
        if f.companion is not None:
            files[manifest.key + COMPANION_SUFFIX] = f.companion.path
    zone.store.adopt(files)
    new = [m for m in manifests if not zone.has_manifest(m.key)]
    index.announce(new)
    zone.record(new)
    # Who read one of these hours meanwhile took the mark of the announcement, and found nothing.
    index.mark_unread(manifest.upload_hour for manifest in new)
    return new


def _manifests(
    zone: LandingZone, index: LandingIndex, dialect: Dialect, fetched: Sequence[Fetched]
) -> list[Manifest]:
    """The manifests of a batch, which knows what is landed and what it holds itself."""
    landed = [_landed(zone, dialect, f) for f in fetched]
    hashes = [
        manifest.sha256 if manifest else _sha256(dialect, f)
        for manifest, f in zip(landed, fetched, strict=True)
    ]
    known = index.find_contents(set(hashes))
    taken: dict[str, Manifest] = {}
    for f, before, sha256 in zip(fetched, landed, hashes, strict=True):
        manifest = before or _new_manifest(zone, f, sha256, known, taken)
        taken[manifest.key] = manifest
        known.setdefault(manifest.sha256, manifest)
    return list(taken.values())


def _landed(zone: LandingZone, dialect: Dialect, fetched: Fetched) -> Manifest | None:
    """The manifest that a file of this name, size, time and content was landed under already."""
    manifests = (zone.manifest(key) for key in fetched.archive.memory.landed_as)
    same = (m for m in manifests if m and m.sha256 == _sha256(dialect, fetched, m.companion))
    return next(same, None)


def _sha256(dialect: Dialect, fetched: Fetched, landed: Companion | None = None) -> str:
    """What the archive is known by.

    A companion that is not on the server any more was removed after it was `landed`.
    """
    companion = fetched.companion or landed
    beside = companion.sha256 if companion else None
    return archive_sha256(dialect, fetched.copy.sha256, beside, fetched.archive.file.name)


def _new_manifest(
    zone: LandingZone,
    fetched: Fetched,
    sha256: str,
    known: Mapping[str, Manifest],
    taken: Mapping[str, Manifest],
) -> Manifest:
    file, hour, beside = fetched.archive.file, fetched.archive.upload_hour, fetched.companion
    original = known.get(sha256)
    return Manifest(
        collection=fetched.archive.collection,
        upload_hour=hour,
        name=file.name,
        remote_path=file.label,
        size=fetched.copy.size,
        mtime=file.mtime,
        sha256=sha256,
        collected_at=dt.datetime.now(dt.UTC),
        key=zone.new_key(fetched.archive.collection, hour, sha256, file.name, taken),
        duplicate_of=original.key if original else None,
        companion=beside and Companion.of(beside.remote, beside.size, beside.sha256),
    )
