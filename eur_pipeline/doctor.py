"""The doctor: looks at everything a project needs, and says what is wrong and what to do.

Changes nothing. Every examination stands alone, so that one fault does not hide another.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from eur_pipeline.archives.dialect import load_dialect
from eur_pipeline.billing.directory import read_directory
from eur_pipeline.billing.tariff import read_tariff
from eur_pipeline.collect.listing import is_temporary
from eur_pipeline.collect.server import ArchiveServer
from eur_pipeline.config import Collection
from eur_pipeline.errors import EurError, PermanentError
from eur_pipeline.project import Project

# Below this, a busy day of archives and a copy of the warehouse may not fit.
LEAST_FREE_BYTES = 1 << 30


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `detail` says what was found, or what to do."""

    subject: str
    good: bool
    detail: str


def examine(project: Project) -> Iterator[Finding]:
    """All findings, in the order in which faults should be mended."""
    configuration = _examine("eur.yaml", lambda: _configuration(project))
    yield configuration
    if not configuration.good:
        return
    yield _examine("directory.csv", lambda: f"{len(read_directory(project))} rows")
    yield _examine("tariff.csv", lambda: f"{len(read_tariff(project))} rows")
    yield _examine(".env", lambda: _secrets(project))
    yield _examine("disk", lambda: _disk(project))
    for collection in project.config.collections:
        yield from _collection(project, collection)


def _examine(subject: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, True, look())
    except EurError as error:
        return Finding(subject, False, str(error))


def _configuration(project: Project) -> str:
    names = ", ".join(collection.name for collection in project.config.collections)
    return f"readable; collections: {names}"


def _secrets(project: Project) -> str:
    _ = project.body_key
    for collection in project.config.collections:
        project.password(collection)
    return "all secrets are set"


def _disk(project: Project) -> str:
    free = shutil.disk_usage(project.path).free
    if free < LEAST_FREE_BYTES:
        raise PermanentError(
            f"{free:,} bytes are free under {project.path}; expected {LEAST_FREE_BYTES:,} or more"
        )
    return f"{free / (1 << 30):.0f} GiB free"


def _collection(project: Project, collection: Collection) -> Iterator[Finding]:
    name = collection.name
    yield _examine(
        f"{name}: dialect",
        lambda: load_dialect(collection.dialect, project.dialects_path).name,
    )
    yield _examine(f"{name}: server", lambda: _server(project, collection))


def _server(project: Project, collection: Collection) -> str:
    """Host key, login and remote folder, in one visit."""
    with ArchiveServer.of(project, collection) as server:
        files = server.list()
        waiting = sum(is_temporary(file.name) for file in files)
        return (
            f"{server.address}: host key and login accepted; {collection.remote_path} has "
            f"{len(files) - waiting} archives and {waiting} files still being uploaded"
        )
