"""What a collection has to do: the upload hours with files to collect, to remove or to read.

Decides for sensor and command alike; fetches and removes nothing. All it leaves behind is the
index's note of when a file was seen first.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from eur_pipeline.collect.index import LandingIndex
from eur_pipeline.collect.landing import LandingZone
from eur_pipeline.collect.listing import ListedArchive, survey
from eur_pipeline.collect.plan import alarms, dialect_of, needs_work, what_waits
from eur_pipeline.collect.remote import RemoteFile
from eur_pipeline.collect.server import ArchiveServer
from eur_pipeline.config import Collection
from eur_pipeline.project import Project


@dataclass(frozen=True)
class Backlog:
    """Upload hours that need a run; two backlogs of one digest are the same work.

    Attributes:
        alarms: Why which files should be looked after.
    """

    hours: frozenset[dt.datetime]
    files: int
    digest: str
    alarms: Mapping[str, str]


def backlog(project: Project, collection: Collection) -> Backlog:
    """What is to do for the collection now; raises what the server's errors are translated to.

    Of one that has stopped only what is landed: its server is left alone.
    """
    index = LandingIndex(LandingZone.of(project), collection.name)
    files = _files_on_server(project, collection)
    now = dt.datetime.now(dt.UTC)
    suffix = dialect_of(project, collection).companion_suffix
    listed = survey(collection, files, index, now, suffix)
    todo = [a for a in listed if needs_work(collection, a) and a.is_due(collection, now)]
    unread = index.unread()
    hours = [*unread, *(archive.upload_hour for archive in todo)]
    return Backlog(
        hours=frozenset(hour for hour in hours if hour >= collection.start_at),
        files=len(todo),
        digest=_digest(configuration_digest(project, collection), todo, unread),
        # Also those that another run will try: it did not help the last time.
        alarms=alarms(what_waits(collection, listed, [], now)),
    )


def _files_on_server(project: Project, collection: Collection) -> list[RemoteFile]:
    if collection.has_stopped(dt.datetime.now(dt.UTC)):
        return []
    with ArchiveServer.of(project, collection) as server:
        return server.list().files


def configuration_digest(project: Project, collection: Collection) -> str:
    """A hash of all that a person may change to mend a collection that failed for good."""
    files = [
        project.path / ".env",
        project.known_hosts_path,
        project.dialects_path / f"{collection.dialect}.yml",
    ]
    if key := project.private_key_path(collection):
        files.append(key)
    contents = [path.read_bytes() if path.is_file() else b"" for path in files]
    facts = [collection.model_dump_json().encode(), *contents]
    return hashlib.sha256(b"\0".join(hashlib.sha256(fact).digest() for fact in facts)).hexdigest()


def _digest(configuration: str, todo: list[ListedArchive], unread: dict[dt.datetime, int]) -> str:
    """Of the work and of the configuration, which may be what stopped it."""
    facts = [
        configuration,
        *(repr(archive.files) for archive in todo),
        repr(unread),
    ]
    return hashlib.sha256("\n".join(facts).encode("utf-8", "surrogateescape")).hexdigest()[:16]
