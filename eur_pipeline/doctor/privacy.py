"""The examination of who else may read what is private: secrets, keys, archives, records."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from eur_pipeline.doctor.finding import all_of, some_of
from eur_pipeline.project import Project
from eur_pipeline.storage import UNFINISHED_PREFIX

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def look_at_privacy(project: Project) -> str:
    """Raises a PermanentError with all that others may read, or that we may not."""
    faults = [
        f"{path} may be read by others (mode {mode:04o}); expected 0600: chmod 600 {path}"
        for path in _secret_files(project)
        for mode in _modes(path)
        if mode & _OTHERS
    ]
    for folder in (project.landing_path, project.lake_path, project.invoices_path):
        faults += _faults_of(folder, list(_walk(folder)))
    # What DuckDB makes beside its file for a while is reached through the folder alone.
    warehouse = project.warehouse_path.parent
    faults += _faults_of(warehouse, [warehouse])
    all_of(faults)
    return "secrets, archives, records and invoices are their owner's alone"


def _secret_files(project: Project) -> Iterator[Path]:
    yield project.path / ".env"
    keys = [project.private_key_path(collection) for collection in project.config.collections]
    yield from sorted({key for key in keys if key is not None})


def _faults_of(folder: Path, paths: list[Path]) -> Iterator[str]:
    open_to_others = [path for path in paths for mode in _modes(path) if mode & _OTHERS]
    if open_to_others:
        yield (
            f"{len(open_to_others):,} of the files and folders at {folder} are open to others: "
            f"{some_of(open_to_others)}; expected 0700 and 0600: chmod -R go= {folder}"
        )
    closed_to_us = [p for p in paths if p.exists() and not os.access(p, os.R_OK | os.W_OK)]
    if closed_to_us:
        yield (
            f"{len(closed_to_us):,} of the files and folders at {folder} cannot be read and "
            f"written by the user of this command: {some_of(closed_to_us)}; expected them to be "
            f"the property of the user who runs the pipeline: use that user, or chown -R them"
        )


def _walk(folder: Path) -> Iterator[Path]:
    """The folder and what is finished below it."""
    yield folder
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(UNFINISHED_PREFIX)]
        names = [name for name in files if not name.startswith(UNFINISHED_PREFIX)]
        yield from (Path(parent, name) for name in (*folders, *names))


def _modes(path: Path) -> Iterator[int]:
    """The mode of what is there; nothing where it is missing, or gone by now."""
    with suppress(FileNotFoundError):
        yield stat.S_IMODE(path.stat().st_mode)
