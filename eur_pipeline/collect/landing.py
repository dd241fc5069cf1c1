"""The landing zone: raw archives exactly as received, each with its manifest.

What has a manifest is collected; this is the ledger. Getting the bytes here is the collector's job,
answering "have I this?" quickly is the index's.
"""

import datetime as dt
import json
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO

from pydantic import BaseModel, ConfigDict

from eur_pipeline.lake.schema import HOUR_FORMAT
from eur_pipeline.storage import LocalStore

MANIFEST_SUFFIX = ".json"

# A file system takes 255 bytes a name: hash, dash, suffixes and the mark of a file being written
# need some of them.
_NAME_LENGTH = 100


class Manifest(BaseModel):
    r"""What is known of one landed archive; written beside it as `<archive>.json`.

    Attributes:
        name: The file's name on the server; bytes that are no UTF-8 stand as `\xNN`.
        key: Where the archive lies in the landing zone.
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


@dataclass(frozen=True)
class LandingZone:
    """The landed archives of all collections."""

    store: LocalStore

    def hours(self, collection: str) -> list[dt.datetime]:
        """The upload hours that have landed archives, in order."""
        folders = {PurePosixPath(key).parent.name for key in self._manifest_keys(collection)}
        return sorted(
            dt.datetime.strptime(name, HOUR_FORMAT).replace(tzinfo=dt.UTC) for name in folders
        )

    def landed(self, collection: str, hour: dt.datetime) -> list[Manifest]:
        """The archives of one upload hour, in the order of their collection."""
        return sorted(
            self._manifests(hour_folder(collection, hour)), key=lambda m: (m.collected_at, m.key)
        )

    def manifests(self, collection: str) -> Iterator[Manifest]:
        """The archives of a collection, by upload hour."""
        return self._manifests(collection)

    def manifest(self, key: str) -> Manifest | None:
        """The manifest of the archive with that key, None where there is none."""
        try:
            return Manifest.model_validate_json(self.store.read(key + MANIFEST_SUFFIX))
        except FileNotFoundError:
            return None

    def holds(self, manifest: Manifest) -> bool:
        """Whether the archive itself lies there, in its full length."""
        path = self.store.path(manifest.key)
        return path.is_file() and path.stat().st_size == manifest.size

    def open(self, manifest: Manifest) -> BinaryIO:
        """The landed archive's bytes."""
        return self.store.path(manifest.key).open("rb")

    def new_key(
        self, collection: str, hour: dt.datetime, sha256: str, name: str, taken: Collection[str]
    ) -> str:
        """A key that no landed archive has, nor is among those `taken` meanwhile.

        A file without manifest, left by a crash, is no landed archive: its key is used again.
        """
        base = f"{hour_folder(collection, hour)}/{sha256[:16]}-{safe_name(name)}"
        key, count = base, 1
        while key in taken or self.store.path(key + MANIFEST_SUFFIX).exists():
            count += 1
            key = f"{base}~{count}"
        return key

    def record(self, manifests: Iterable[Manifest]) -> None:
        """Make the archives collected ones, durably."""
        self.store.write_all({m.key + MANIFEST_SUFFIX: _content(m) for m in manifests})

    def _manifests(self, folder: str) -> Iterator[Manifest]:
        for key in self._manifest_keys(folder):
            yield Manifest.model_validate_json(self.store.read(key))

    def _manifest_keys(self, folder: str) -> Iterator[str]:
        keys = list(self.store.files(folder))
        archives = set(keys)
        for key in keys:
            # An archive may itself be called something.json: a manifest has its archive beside it.
            if key.endswith(MANIFEST_SUFFIX) and key.removesuffix(MANIFEST_SUFFIX) in archives:
                yield key


def _content(manifest: Manifest) -> bytes:
    return json.dumps(manifest.model_dump(mode="json"), indent=1, ensure_ascii=False).encode()


def hour_folder(collection: str, hour: dt.datetime) -> str:
    """The landing zone's folder of one upload hour (UTC)."""
    return f"{collection}/{hour.astimezone(dt.UTC).strftime(HOUR_FORMAT)}"


def safe_name(name: str) -> str:
    """A file name for `name` that cannot be a path or trouble a shell."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", name)[-_NAME_LENGTH:]
