"""Putting a tariff in the place of the project's: all of its files or none; the former are kept.

The moment of acceptance is the writing of a list of what is to be put where. Whoever comes after a
crash, and is about to read the tariff, finishes what such a list says.
"""

import datetime as dt
import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from eur_pipeline.billing.tariff_files import COLUMNS, TariffFiles, files_of, place_of
from eur_pipeline.errors import ConfigurationError
from eur_pipeline.project import Project
from eur_pipeline.storage import UNFINISHED_PREFIX, LocalStore, disk_errors, sync

LOCK = "tariff"
# Reading a tariff takes a second at most, and so does putting one in place.
WAIT_SECONDS = 60.0
_PENDING = "pending"
_LIST = f"{_PENDING}/accepted.json"
# As `eur init` leaves the files that people write; a file that is replaced keeps its own mode.
_NEW_FILE = 0o644


@dataclass(frozen=True)
class Acceptance:
    """What was put in place.

    Attributes:
        written: Places in the project, as `tariff/rates.csv`, whose content is new.
        removed: Places whose file is no part of the new tariff.
        former: The folder with all files of the former tariff.
    """

    written: tuple[str, ...]
    removed: tuple[str, ...]
    former: Path


@contextmanager
def whole_tariff(project: Project) -> Iterator[None]:
    """Within it the files of the tariff are those of one: none is put in place meanwhile."""
    with project.lock(LOCK, wait_seconds=WAIT_SECONDS):
        _finish(project)
        yield


def digest_of(files: TariffFiles) -> str:
    """A hash of what the files hold: it tells whether a tariff still is the one that was shown."""
    contents = {name: hashlib.sha256(content).hexdigest() for name, content in _read(files).items()}
    return hashlib.sha256(json.dumps(contents, sort_keys=True).encode()).hexdigest()


def changes(project: Project, files: TariffFiles) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The places of the project that would be written, and those that would be empty."""
    new, old = _read(files), _read(files_of(project))
    written = tuple(place_of(name) for name, content in new.items() if old.get(name) != content)
    return written, tuple(place_of(name) for name in old if name not in new)


def accept(
    project: Project,
    files: TariffFiles,
    digest: str,
    record: Mapping[str, str],
    now: dt.datetime,
) -> Acceptance:
    """Put a tariff in place, and keep the former one as a folder that is a tariff itself.

    Args:
        project: Whose tariff it will be.
        files: The tariff.
        digest: Its `digest_of` when it was shown.
        record: Texts to be kept beside the former files, by file name.
        now: When it was accepted.

    Raises:
        ConfigurationError: The tariff is another one than was shown.
        StorageError: The disk is full; nothing was put in place.
    """
    with whole_tariff(project):
        if digest_of(files) != digest:
            raise ConfigurationError(
                "the files of this tariff have changed since they were tried; nothing was put in "
                "place. Try them once more"
            )
        written, removed = changes(project, files)
        store, former = LocalStore(project.former_tariffs_path), _folder_of(project, now)
        place = former.name
        kept = {f"{place}/{place_of(n)}": c for n, c in _read(files_of(project)).items()}
        store.write_all(kept | {f"{place}/{name}": t.encode() for name, t in record.items()})
        new = {place_of(name): content for name, content in _read(files).items()}
        store.write_all({f"{_PENDING}/{name}": new[name] for name in written})
        todo = {"write": written, "remove": removed}
        store.write(_LIST, json.dumps(todo).encode())
        _finish(project)
    return Acceptance(written, removed, former)


def _folder_of(project: Project, now: dt.datetime) -> Path:
    """A new folder, named after the moment."""
    name = now.astimezone(dt.UTC).strftime("%Y-%m-%dT%H%M%SZ")
    folder = project.former_tariffs_path / name
    number = 1
    while folder.exists():
        number += 1
        folder = folder.with_name(f"{name}-{number}")
    return folder


def _finish(project: Project) -> None:
    """Do what was accepted and not done; can be broken off and done again at any step."""
    store = LocalStore(project.former_tariffs_path)
    pending = store.path(_PENDING)
    if not pending.exists():
        return
    if store.path(_LIST).exists():
        todo = json.loads(store.read(_LIST))
        for name in todo["write"]:
            _put(project.path / name, store.read(f"{_PENDING}/{name}"))
        for name in todo["remove"]:
            (project.path / name).unlink(missing_ok=True)
            sync((project.path / name).parent)
        store.remove(_LIST)
        sync(pending)
    shutil.rmtree(pending)


def _put(path: Path, content: bytes) -> None:
    """Replace a file that people own: its mode stays, and a link leads where it led."""
    target = path.resolve()
    mode = target.stat().st_mode & 0o777 if target.exists() else _NEW_FILE
    unfinished = target.with_name(UNFINISHED_PREFIX + target.name)
    with disk_errors(target.parent):
        target.parent.mkdir(exist_ok=True)
        unfinished.write_bytes(content)
        unfinished.chmod(mode)
        sync(unfinished)
        unfinished.replace(target)
        sync(target.parent)


def _read(files: TariffFiles) -> dict[str, bytes]:
    """The contents of the files that exist, by name."""
    found = {name: files.path(name) for name in COLUMNS}
    return {name: path.read_bytes() for name, path in found.items() if path.exists()}
