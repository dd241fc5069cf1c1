"""Publishing: a copy of the warehouse takes the place of the file that analysts open.

Readers keep the file they have open; nobody waits for anybody.
"""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb

from eur_pipeline.errors import ModelError
from eur_pipeline.models.building import WAIT_SECONDS
from eur_pipeline.models.sql import literal
from eur_pipeline.models.stamps import STAMPS
from eur_pipeline.models.warehouse import LOCK, connect
from eur_pipeline.project import Project
from eur_pipeline.storage import UNFINISHED_PREFIX, LocalStore

COPY_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class PublishReport:
    """What was published.

    Attributes:
        changed: Whether anything new was; if not, the file was left as it is.
        bytes: Size of the published file.
    """

    path: Path
    changed: bool
    bytes: int
    seconds: float


def publish(project: Project, *, wait_seconds: float = WAIT_SECONDS) -> PublishReport:
    """Put what was built last in the place of the published database, whole or not at all."""
    started = time.monotonic()
    source, target = project.warehouse_path, project.published_path
    with project.lock(LOCK, wait_seconds=wait_seconds):
        if not source.exists():
            raise ModelError(f"{source}: nothing has been built yet that could be published")
        with connect(source) as connection:
            edition = _edition(connection, "warehouse")
            connection.execute("checkpoint warehouse")
        changed = edition != _published_edition(target)
        if changed:
            _copy(source, target)
    return PublishReport(target, changed, target.stat().st_size, time.monotonic() - started)


def _copy(source: Path, target: Path) -> None:
    store = LocalStore(target.parent)
    if target.parent.exists():
        # Left behind by a process that was killed here.
        for unfinished in target.parent.glob(UNFINISHED_PREFIX + "*"):
            unfinished.unlink()
    with source.open("rb") as warehouse, store.create(target.name) as published:
        shutil.copyfileobj(warehouse, published, COPY_BYTES)


def _published_edition(target: Path) -> str | None:
    """The edition that analysts have; None where there is none that can be opened."""
    if not target.exists():
        return None
    try:
        with duckdb.connect(config={"autoinstall_known_extensions": False}) as connection:
            connection.execute(f"attach {literal(target)} as published (read_only)")
            return _edition(connection, "published")
    except duckdb.Error:
        return None


def _edition(connection: duckdb.DuckDBPyConnection, database: str) -> str:
    """A hash over all stamps: equal editions have equal tables and comments."""
    (edition,) = connection.execute(
        "select coalesce(md5(string_agg(concat_ws(' ', model, date, stamp, content), ',' "
        f"order by model, date)), '') from {database}.{STAMPS}"
    ).fetchone() or ("",)
    return str(edition)
