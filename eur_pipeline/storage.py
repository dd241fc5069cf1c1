"""Where landing zone and lake lie: a folder whose files appear whole or not at all.

Keys are relative POSIX paths made by this software, never taken from a server or an archive.
An object store can take this folder's place one day: same methods, one put per file.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

# Names that begin so are being written; a crash leaves them behind and `files` does not show them.
UNFINISHED_PREFIX = ".unfinished-"
PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600


@dataclass(frozen=True)
class LocalStore:
    """A folder on this machine, readable by its owner alone."""

    root: Path

    def path(self, key: str) -> Path:
        """Where the file of that key lies."""
        return self.root / key

    @contextmanager
    def create(self, key: str) -> Iterator[BinaryIO]:
        """A new or replaced file, durable and visible under its key once the block has ended well."""
        target = self.path(key)
        self._make_folder(target.parent)
        unfinished = target.with_name(f"{UNFINISHED_PREFIX}{os.getpid()}-{target.name}")
        try:
            with open_private(unfinished) as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(target)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        sync_folder(target.parent)

    def write(self, key: str, content: bytes) -> None:
        """`create` for what is in memory already."""
        with self.create(key) as file:
            file.write(content)

    def read(self, key: str) -> bytes:
        """The whole file; raises FileNotFoundError."""
        return self.path(key).read_bytes()

    def remove(self, key: str) -> None:
        """Remove the file if it is there."""
        self.path(key).unlink(missing_ok=True)

    def files(self, prefix: str = "") -> Iterator[str]:
        """The keys of all finished files below the folder `prefix`, in order."""
        for folder, folders, names in os.walk(self.root / prefix):
            folders.sort()
            for name in sorted(names):
                if not name.startswith(UNFINISHED_PREFIX):
                    yield Path(folder, name).relative_to(self.root).as_posix()

    def _make_folder(self, folder: Path) -> None:
        missing = [f for f in (folder, *folder.parents) if not f.exists()]
        for new in reversed(missing):
            new.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
            sync_folder(new.parent)


def open_private(path: Path) -> BinaryIO:
    """Open a new file for writing that only its owner may read."""
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE), "w+b")


def sync_folder(folder: Path) -> None:
    """Make the folder's entries durable: a rename is not, until then."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
