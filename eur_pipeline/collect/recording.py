"""From fetched files to landed archives: durable, named, announced and recorded, in that order.

A crash between any two of these is repaired by the next run. Fetching before and removing after are
the collector's.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eur_pipeline.collect.fetch import Copy
from eur_pipeline.collect.index import LandingIndex
from eur_pipeline.collect.landing import LandingZone, Manifest
from eur_pipeline.collect.listing import ListedArchive


@dataclass(frozen=True)
class Fetched:
    """An archive that arrived whole, in an unfinished file."""

    archive: ListedArchive
    copy: Copy


def land(zone: LandingZone, index: LandingIndex, fetched: Sequence[Fetched]) -> list[Manifest]:
    """Make the files landed archives; returns the manifests of those that were not yet.

    What was landed before is written once more: nothing is removed from the server that was not
    seen to be equal to a durable copy here.
    """
    manifests = _manifests(zone, index, fetched)
    zone.store.adopt({m.key: f.copy.path for m, f in zip(manifests, fetched, strict=True)})
    new = [m for m in manifests if not zone.has_manifest(m.key)]
    index.announce(new)
    zone.record(new)
    return new


def _manifests(
    zone: LandingZone, index: LandingIndex, fetched: Sequence[Fetched]
) -> list[Manifest]:
    """The manifests of a batch, which knows what is landed and what it holds itself."""
    known = index.find_contents({f.copy.sha256 for f in fetched})
    taken: dict[str, Manifest] = {}
    for f in fetched:
        manifest = _manifest_of_same(zone, f) or _new_manifest(zone, f, known, taken)
        taken[manifest.key] = manifest
        known.setdefault(manifest.sha256, manifest)
    return list(taken.values())


def _manifest_of_same(zone: LandingZone, fetched: Fetched) -> Manifest | None:
    """The manifest that the file was landed under already, if its content is that one's."""
    key = fetched.archive.landed_as
    manifest = zone.manifest(key) if key else None
    return manifest if manifest and manifest.sha256 == fetched.copy.sha256 else None


def _new_manifest(
    zone: LandingZone,
    fetched: Fetched,
    known: Mapping[str, Manifest],
    taken: Mapping[str, Manifest],
) -> Manifest:
    file, hour, sha256 = fetched.archive.file, fetched.archive.upload_hour, fetched.copy.sha256
    original = known.get(sha256)
    return Manifest(
        collection=fetched.archive.collection,
        upload_hour=hour,
        name=file.name,
        remote_path=file.label,
        size=file.size,
        mtime=file.mtime,
        sha256=sha256,
        collected_at=dt.datetime.now(dt.UTC),
        key=zone.new_key(fetched.archive.collection, hour, sha256, file.name, taken),
        duplicate_of=original.key if original else None,
    )
