"""The examination of an archive server: the way in, the folder, the right to remove, the clock.

Removing and clock are tried with one empty file under a temporary name, which is removed again; and
only where the collection removes files anyway. Nothing else is written to a server.
"""

import secrets
import stat
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import asyncssh

from eur_pipeline.collect.connection import Connection
from eur_pipeline.collect.listing import is_temporary
from eur_pipeline.collect.remote import reason_to_leave
from eur_pipeline.collect.server import ArchiveServer
from eur_pipeline.config import AfterCollect, Collection
from eur_pipeline.doctor.finding import Finding, UnknownError, look
from eur_pipeline.errors import EurError, PermanentError, RemoteFolderError
from eur_pipeline.project import Project

# Upload hours come from the server's clock; SFTP tells whole seconds.
MOST_SKEW_SECONDS = 60


@dataclass(frozen=True)
class _Folder:
    """The remote folder as it is listed; `owners` and `newest` are those of files."""

    archives: int
    waiting: int
    left_alone: int
    newest: float
    owners: Counter[int | None]
    mode: int
    owner: int | None


@dataclass
class _Probe:
    """What became of the empty file; times are seconds since 1970, ours unless said otherwise."""

    path: str
    not_made: str = ""
    not_removed: str = ""
    made_after: float = 0
    made_before: float = 0
    server_time: float | None = None
    owner: int | None = field(default=None)


def look_at_server(project: Project, collection: Collection) -> list[Finding]:
    """What can be said of the server; what cannot be reached is not looked at."""
    subject = f"{collection.name}: server"
    with ExitStack() as stack:
        try:
            connection = Connection.of(project, collection)
            server = stack.enter_context(ArchiveServer(connection))
        except EurError as error:
            return [Finding(subject, False, str(error))]
        findings = [Finding(subject, True, f"{connection.address}: host key and login accepted")]
        try:
            findings.extend(_Visit(connection, server).findings())
        except EurError as error:
            findings.append(Finding(f"{collection.name}: folder", False, str(error)))
    return findings


class _Visit:
    """Looking around on an open connection, which `server` lists the folder over."""

    def __init__(self, connection: Connection, server: ArchiveServer) -> None:
        self._connection = connection
        self._server = server
        self._collection = connection.collection
        self._path = connection.collection.remote_path
        with connection.translated("open SFTP on"):
            self._sftp = connection.call(
                connection.fs.client.start_sftp_client, path_errors="surrogateescape"
            )

    def findings(self) -> Iterator[Finding]:
        name = self._collection.name
        folder = self._server.run(self._list())
        yield Finding(
            f"{name}: folder",
            True,
            f"{self._path} has {folder.archives} archives and {folder.waiting} files still being "
            f"uploaded; {folder.left_alone} folders, links and the like are left alone",
        )
        if self._collection.after_collect is AfterCollect.KEEP:
            yield look(f"{name}: clock", lambda: self._future(folder))
            return
        probe = self._probe()
        yield look(f"{name}: removal", lambda: self._removal(folder, probe))
        yield look(f"{name}: clock", lambda: self._clock(probe))

    async def _list(self) -> _Folder:
        files = waiting = left_alone = 0
        newest = 0.0
        owners: Counter[int | None] = Counter()
        async for part in self._server.entries():
            for name, attributes in part:
                if reason_to_leave(name, attributes):
                    left_alone += 1
                    continue
                files += 1
                waiting += is_temporary(self._collection, name)
                newest = max(newest, attributes.mtime or 0)
                owners[attributes.uid] += 1
        with self._connection.translated(f"look at {self._path} on"):
            own = await self._sftp.stat(self._path)
        return _Folder(
            archives=files - waiting,
            waiting=waiting,
            left_alone=left_alone,
            newest=newest,
            owners=owners,
            mode=own.permissions or 0,
            owner=own.uid,
        )

    def _probe(self) -> _Probe:
        """Make a file, look at it, remove it; what the server refuses is noted."""
        probe = _Probe(f"{self._path.rstrip('/')}/.eur-check-{secrets.token_hex(8)}.tmp")
        probe.made_after = time.time()
        try:
            with self._connection.translated(f"make a file in {self._path} on"):
                self._connection.call(self._make, probe.path)
        except RemoteFolderError as error:
            probe.not_made = str(error)
            return probe
        probe.made_before = time.time()
        try:
            with self._connection.translated("look at a file on"):
                seen: asyncssh.SFTPAttrs = self._connection.call(self._sftp.stat, probe.path)
            probe.server_time, probe.owner = seen.mtime, seen.uid
        finally:
            self._remove(probe)
        return probe

    async def _make(self, path: str) -> None:
        file: Any = await self._sftp.open(path, "xb")
        await file.close()

    def _remove(self, probe: _Probe) -> None:
        try:
            with self._connection.translated(f"remove {probe.path} from"):
                self._connection.call(self._sftp.remove, probe.path)
        except RemoteFolderError as error:
            probe.not_removed = str(error)

    def _removal(self, folder: _Folder, probe: _Probe) -> str:
        c = self._collection
        otherwise = "or say after_collect: keep"
        if probe.not_made:
            raise UnknownError(
                f"{probe.not_made}. Without a file of our own it is not known whether {c.user} may "
                f"remove files, which is all that is needed. Where not, archives are collected and "
                f"stay there, and every run says so"
            )
        if probe.not_removed:
            raise PermanentError(
                f"{probe.not_removed}. Expected the right to remove files, because collected "
                f"archives are removed: give {c.user} that right, {otherwise}. "
                f"The empty file {probe.path} is left there"
            )
        foreign = sum(n for owner, n in folder.owners.items() if owner != probe.owner)
        if foreign and folder.mode & stat.S_ISVTX and probe.owner not in (None, 0, folder.owner):
            raise PermanentError(
                f"{foreign} of {folder.owners.total()} files in {self._path} belong to others "
                f"than {c.user}, and the folder is sticky (mode {stat.S_IMODE(folder.mode):04o}): "
                f"only their owners may remove them. Expected files that {c.user} may remove: take "
                f"the sticky bit off (chmod -t), let the uploads be made as {c.user}, {otherwise}"
            )
        return "an empty file could be made and removed"

    def _clock(self, probe: _Probe) -> str:
        if probe.server_time is None:
            raise UnknownError(
                "the server's clock could not be read: no file of ours could be made there, or the "
                "server tells no times. Archives then belong to the hour in which they are seen "
                "first, or to a wrong one where its clock is wrong"
            )
        # A server may cut off the fraction of a second.
        ahead = probe.server_time - probe.made_before
        behind = probe.made_after - probe.server_time - 1
        _require_time("ahead of", ahead)
        _require_time("behind", behind)
        return f"agrees with ours to within {MOST_SKEW_SECONDS} s"

    def _future(self, folder: _Folder) -> str:
        """Raises in any case: of a clock that is right, nothing tells."""
        _require_time("ahead of", folder.newest - time.time())
        raise UnknownError(
            "no file is from the future. Nothing is written where archives are kept, so it is not "
            "known whether the server's clock is behind: archives then belong to earlier hours "
            "than those in which they were uploaded"
        )


def _require_time(direction: str, seconds: float) -> None:
    if seconds > MOST_SKEW_SECONDS:
        raise PermanentError(
            f"the server's clock is {seconds:,.0f} s {direction} ours; expected at most "
            f"{MOST_SKEW_SECONDS} s. Set both by a time server: archives belong to the hour in "
            f"which the server says that they were uploaded"
        )
