"""Where landing zone and lake lie: a folder whose files appear whole or not at all.

Keys are relative POSIX paths made by this software, never taken from a server or an archive.
An object store can take this folder's place one day: same methods, one put per file.
"""

import errno
import os
import uuid
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO

from eur_pipeline.errors import PermanentError, StorageError

# Names that begin so are being written; a crash leaves them behind and `files` does not show them.
UNFINISHED_PREFIX = ".unfinished-"
PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600
# A journal's commit serves all who wait for one: 250 files took 0.04 s so, and 0.9 s one by one on
# a busy disk.
SYNCS_AT_ONCE = 16

# What a disk says, and not what was done wrong with it.
_DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO}


@contextmanager
def disk_errors(place: Path) -> Iterator[None]:
    """Say what is wrong with the disk that `place` lies on.

    Raises StorageError where it is full or fails, and PermanentError where we may not write there.
    """
    try:
        yield
    except PermissionError as error:
        raise PermanentError(
            f"could not use {error.filename or place}: {error.strerror}; expected what the user "
            f"of this program may read and write: use the user who runs the pipeline, or chown -R "
            f"it to this one"
        ) from error
    except OSError as error:
        if error.errno not in _DISK_ERRORS:
            raise
        raise StorageError(
            f"could not write below {place}: {os.strerror(error.errno)}; make room on that disk, "
            f"or mend it. What is not written yet is written when this step is done again"
        ) from error


@dataclass(frozen=True)
class LocalStore:
    """A folder on this machine, readable by its owner alone.

    What writes raises StorageError where the disk is full or fails.
    """

    root: Path

    def path(self, key: str) -> Path:
        """Where the file of that key lies."""
        return self.root / key

    @contextmanager
    def create(self, key: str) -> Iterator[BinaryIO]:
        """A new or replaced file; durable and visible under its key once the block ended well."""
        target = self.path(key)
        # One writer a key, which a lock sees to: what a crash left here is overwritten.
        unfinished = target.with_name(UNFINISHED_PREFIX + target.name)
        with disk_errors(self.root):
            make_private_folder(target.parent)
            try:
                with open_private(unfinished) as file:
                    yield file
                    file.flush()
                    os.fsync(file.fileno())
                unfinished.replace(target)
            except BaseException:
                unfinished.unlink(missing_ok=True)
                raise
            sync(target.parent)

    def unfinished(self, folder: str, names: Iterable[str]) -> list[Path]:
        """Where files for `adopt` may be written: invisible, on the same file system."""
        place = self.path(folder)
        make_private_folder(place)
        return [place / f"{UNFINISHED_PREFIX}{name}" for name in names]

    def adopt(self, files: Mapping[str, Path]) -> None:
        """Give unfinished files their keys: all durable first, then all visible, then all named.

        One pass per step costs a fifth of doing every step file by file. A file that could not be
        made durable is removed: the system says of what it could not write, only once, that it
        could not, and a second try would seem to go well.
        """
        with disk_errors(self.root):
            _sync_all_or_remove(list(files.values()))
        self.give_keys(files)

    def give_keys(self, files: Mapping[str, Path]) -> None:
        """The last step of `adopt`, for files that are durable: all visible, then all named."""
        folders = self._folders(files)
        with disk_errors(self.root):
            for folder in folders:
                make_private_folder(folder)
            for key, unfinished in files.items():
                unfinished.replace(self.path(key))
            for folder in folders:
                sync(folder)

    def clear_unfinished(self, folder: str, keep: Collection[Path] = ()) -> None:
        """Remove what a crash left in that folder; only for the one who holds the folder's lock.

        A crash may also have left folders that are made but not durable: they are so afterwards.
        """
        for path in self.path(folder).glob(f"{UNFINISHED_PREFIX}*"):
            if path not in keep:
                path.unlink()
        with disk_errors(self.root):
            for place in (self.path(folder), self.root, self.root.parent):
                if place.is_dir():
                    sync(place)

    def write(self, key: str, content: bytes) -> None:
        """`create` for what is in memory already."""
        with self.create(key) as file:
            file.write(content)

    def write_all(self, contents: Mapping[str, bytes]) -> None:
        """The same for many files, which share their syncs."""
        self.adopt(self.prepare_all(contents))

    def prepare_all(self, contents: Mapping[str, bytes]) -> dict[str, Path]:
        """Write files for `adopt`, beside their keys; not durable yet."""
        files = {}
        with disk_errors(self.root):
            for folder in self._folders(contents):
                make_private_folder(folder)
            for key, content in contents.items():
                target = self.path(key)
                files[key] = target.with_name(UNFINISHED_PREFIX + target.name)
                with open_private(files[key]) as file:
                    file.write(content)
        return files

    def make_durable(self, files: Sequence[Path]) -> None:
        """Whatever happens to the machine, these files are there afterwards, under their names.

        A file that could not be made durable is removed.
        """
        with disk_errors(self.root):
            _sync_all_or_remove(files)
            for folder in {path.parent for path in files}:
                sync(folder)

    def _folders(self, keys: Iterable[str]) -> set[Path]:
        # A path for each folder, not for each of the many files in it.
        return {self.path(folder) for folder in {key.rpartition("/")[0] for key in keys}}

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


def make_private_folder(folder: Path) -> None:
    """Make the folder, durably; it and every folder above it that is new are their owner's alone.

    `Path.mkdir(mode=...)` would make the parents readable by everybody. Raises StorageError where
    the disk is full or fails.
    """
    missing = []
    place = folder
    while not place.exists():
        missing.append(place)
        place = place.parent
    with disk_errors(folder):
        for new in reversed(missing):
            new.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
            sync(new.parent)


def open_private(path: Path, *, truncate: bool = True) -> BinaryIO:
    """Open a file for writing that only its owner may read: a new one, or what there is."""
    flags = os.O_RDWR | os.O_CREAT | (os.O_TRUNC if truncate else 0)
    return os.fdopen(os.open(path, flags, PRIVATE_FILE), "r+b")


def _sync_all_or_remove(paths: Sequence[Path]) -> None:
    """`sync` for many files; each of those that cannot be made durable is removed."""
    if len(paths) == 1:
        sync_or_remove(paths[0])
        return
    with ThreadPoolExecutor(SYNCS_AT_ONCE) as pool:
        deque(pool.map(sync_or_remove, paths), maxlen=0)


def sync_or_remove(path: Path) -> None:
    """`sync` for a file; one that cannot be made durable is removed: a second try would succeed."""
    try:
        sync(path)
    except OSError:
        path.unlink()
        raise


def sync(path: Path) -> None:
    """Make a file's content, or a folder's entries, durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@cache
def boot() -> str:
    """What changes when this machine starts anew: files that were not synced are not trusted then.

    Where the system does not tell, every process counts as a start.
    """
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return uuid.uuid4().hex
