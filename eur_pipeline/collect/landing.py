"""The landing zone: raw archives exactly as received, each with its manifest.

What has a manifest is collected; this is the ledger. Getting the bytes here is the collector's job,
answering "have I this?" quickly is the index's.
"""

import datetime as dt
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import BinaryIO

from pydantic import BaseModel, ConfigDict, ValidationError

from eur_pipeline.collect.remote import RemoteFile
from eur_pipeline.errors import PermanentError
from eur_pipeline.lake.schema import HOUR_FORMAT
from eur_pipeline.project import Project
from eur_pipeline.storage import LocalStore

MANIFEST_SUFFIX = ".json"
COMPANION_SUFFIX = ".companion"

# Ends the key of an archive that is called like what lies beside another; no safe name has it.
_NOT_BESIDE_ANOTHER = "~"

# A file system takes 255 bytes a name: hash, dash, suffixes and the mark of a file being written
# need some of them.
_NAME_LENGTH = 100


class Companion(BaseModel):
    """The file beside an archive that its dialect reads too; landed as `<archive>.companion`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    remote_path: str
    size: int
    mtime: dt.datetime | None
    sha256: str

    @classmethod
    def of(cls, file: RemoteFile, size: int, sha256: str) -> "Companion":
        """That file of the server, with the size and hash that it came with."""
        return cls(
            name=file.name,
            remote_path=file.label,
            size=size,
            mtime=file.mtime,
            sha256=sha256,
        )


class Manifest(BaseModel):
    r"""What is known of one landed archive; written beside it as `<archive>.json`.

    Attributes:
        name: The file's name on the server; bytes that are no UTF-8 stand as `\xNN`.
        key: Where the archive lies in the landing zone.
        sha256: What the archive is known by: of its content, or with companion and name where its
            dialect reads them.
        duplicate_of: The key of the archive of this collection that had the same content first.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    collection: str
    upload_hour: dt.datetime
    name: str
    remote_path: str
    size: int
    mtime: dt.datetime | None
    sha256: str
    collected_at: dt.datetime
    key: str
    duplicate_of: str | None
    companion: Companion | None = None


@dataclass(frozen=True)
class LandingZone:
    """The landed archives of all collections."""

    store: LocalStore

    @classmethod
    def of(cls, project: Project) -> "LandingZone":
        """The landing zone of a project."""
        return cls(LocalStore(project.landing_path))

    def landed(self, collection: str, hour: dt.datetime) -> list[Manifest]:
        """The archives of one upload hour, in the order of their collection.

        Raises a PermanentError where a manifest cannot be read: whoever took the others for all
        there are would take the archive's records out of the lake.
        """
        manifests = self.legible(collection, hour)
        keys = {manifest.key for manifest in manifests}
        known = keys | {key + MANIFEST_SUFFIX for key in keys}
        for key in self.store.files(hour_folder(collection, hour)):
            if key.endswith(MANIFEST_SUFFIX) and key not in known:
                raise PermanentError(
                    f"{self.store.path(key)} cannot be read as the manifest of a landed archive; "
                    f"restore it from a backup, or remove it where the archive still is on its "
                    f"server: it is collected anew. Until then its upload hour is not read again, "
                    f"and nothing of it is lost"
                )
        return manifests

    def legible(self, collection: str, hour: dt.datetime) -> list[Manifest]:
        """Those of them whose manifest can be read: for whoever only counts or shows archives."""
        return sorted(
            self._manifests(hour_folder(collection, hour)), key=lambda m: (m.collected_at, m.key)
        )

    def manifests(self, collection: str) -> Iterator[Manifest]:
        """The archives of a collection, by upload hour."""
        return self._manifests(collection)

    def manifest(self, key: str) -> Manifest | None:
        """The manifest of the archive with that key, None where there is none that can be read."""
        try:
            return self._read_manifest(key + MANIFEST_SUFFIX)
        except FileNotFoundError:
            return None

    def has_manifest(self, key: str) -> bool:
        """Whether there is an archive of that key in the ledger."""
        return self.store.path(key + MANIFEST_SUFFIX).exists()

    def open(self, manifest: Manifest) -> BinaryIO:
        """The landed archive's bytes; a PermanentError where they cannot be had."""
        return self._open(manifest.key)

    def open_companion(self, manifest: Manifest) -> BinaryIO | None:
        """Its companion's bytes, None where it has no companion; raises like `open`."""
        return self._open(manifest.key + COMPANION_SUFFIX) if manifest.companion else None

    def _open(self, key: str) -> BinaryIO:
        path = self.store.path(key)
        try:
            return path.open("rb")
        except OSError as error:
            missing = isinstance(error, FileNotFoundError)
            found = "is missing" if missing else f"cannot be read ({error.strerror})"
            raise PermanentError(
                f"{path} {found}, though its manifest says that it was landed; restore it from "
                f"a backup. Until then its upload hour is not read again, and nothing of it is lost"
            ) from None

    def new_key(
        self, collection: str, hour: dt.datetime, sha256: str, name: str, taken: Collection[str]
    ) -> str:
        """A key that no landed archive has, nor is among those `taken` meanwhile.

        A file without manifest, left by a crash, is no landed archive: its key is used again.
        """
        base = f"{hour_folder(collection, hour)}/{sha256[:16]}-{safe_name(name)}"
        if base.endswith((MANIFEST_SUFFIX, COMPANION_SUFFIX)):
            # Where that is the manifest or the companion of an archive with the same content.
            base += _NOT_BESIDE_ANOTHER
        key, count = base, 1
        while key in taken or self.store.path(key + MANIFEST_SUFFIX).exists():
            count += 1
            key = f"{base}~{count}"
        return key

    def record(self, manifests: Iterable[Manifest]) -> None:
        """Make the archives collected ones, durably."""
        self.store.write_all({m.key + MANIFEST_SUFFIX: _content(m) for m in manifests})

    def _manifests(self, folder: str) -> Iterator[Manifest]:
        for key in self.store.files(folder):
            if key.endswith(MANIFEST_SUFFIX) and (manifest := self._read_manifest(key)):
                yield manifest

    def _read_manifest(self, key: str) -> Manifest | None:
        """The manifest in that file; an archive may itself be called something.json."""
        try:
            manifest = Manifest.model_validate_json(self.store.read(key))
        except ValidationError:
            return None
        # A manifest names its own place, which holds a hash: no archive can contain its own.
        return manifest if manifest.key + MANIFEST_SUFFIX == key else None


def _content(manifest: Manifest) -> bytes:
    return manifest.model_dump_json(indent=1).encode()


def hour_folder(collection: str, hour: dt.datetime) -> str:
    """The landing zone's folder of one upload hour (UTC)."""
    return f"{collection}/{hour.astimezone(dt.UTC).strftime(HOUR_FORMAT)}"


def hour_of_key(key: str) -> dt.datetime:
    """The upload hour in whose folder the archive of that key lies."""
    return _hour_of_folder(key.split("/")[-2])


@cache
def _hour_of_folder(name: str) -> dt.datetime:
    return dt.datetime.strptime(name, HOUR_FORMAT).replace(tzinfo=dt.UTC)


def safe_name(name: str) -> str:
    """A file name for `name` that cannot be a path or trouble a shell."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", name)[-_NAME_LENGTH:]
