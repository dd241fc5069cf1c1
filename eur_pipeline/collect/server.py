"""The archive server's remote folder: list, look, read, remove.

How a connection is made, and what its errors become, is in `connection.py`. What to fetch, and when
a file may be removed, is decided by the collector.
"""

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

import asyncssh
from fsspec.exceptions import FSTimeoutError

from eur_pipeline.collect.connection import CALL_SECONDS, Connection
from eur_pipeline.config import Collection
from eur_pipeline.errors import TransferError
from eur_pipeline.project import Project

# Listing has to fit into a sensor tick with room to spare.
LISTING_SECONDS = 20

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")

BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, order=True)
class RemoteFile:
    """One file in a remote folder, as the server lists it.

    `path` decodes bytes that are no UTF-8 to surrogates, so that the server gets them back as they
    were; `label` is how the file is called everywhere else.
    """

    path: str
    size: int
    mtime: dt.datetime | None

    @property
    def label(self) -> str:
        r"""The path as clean text: control characters and other bytes as `\xNN`, `\` as two."""
        escaped = self.path.replace("\\", "\\\\")
        escaped = _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", escaped)
        return escaped.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")

    @property
    def name(self) -> str:
        """The last part of the label."""
        return self.label.rsplit("/", 1)[-1]


class ArchiveServer:
    """A connection to one collection's remote folder; a context manager."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._folder = connection.collection.remote_path
        self._sftp: Any = None

    @classmethod
    def of(cls, project: Project, collection: Collection) -> Self:
        """The server of a project's collection, not connected yet."""
        return cls(Connection.of(project, collection))

    @property
    def address(self) -> str:
        """Who logs in where, for messages."""
        return self._connection.address

    def __enter__(self) -> Self:
        self._connection.open()
        with self._connection.translated("open SFTP on"):
            self._sftp = self._connection.call(
                self._fs.client.start_sftp_client, path_errors="surrogateescape"
            )
        return self

    @property
    def _fs(self) -> Any:
        return self._connection.fs

    def __exit__(self, *exc_info: object) -> None:
        self._connection.close()

    def list(self) -> list[RemoteFile]:
        """All regular files of the remote folder; an error is an error, never an empty list."""
        with self._connection.translated(f"list {self._folder} on"):
            entries = self._fs.ls(self._folder, detail=True, timeout=LISTING_SECONDS)
        return sorted(_remote_file(e) for e in entries if e["type"] == "file")

    def look(self, path: str) -> RemoteFile | None:
        """The file as it is now, None when it is gone."""
        with self._connection.translated("look at a file on"):
            try:
                return _remote_file(self._fs.info(path, timeout=CALL_SECONDS))
            except FileNotFoundError:
                return None

    def read(self, remote: RemoteFile) -> Iterator[bytes]:
        """The file's content in blocks, no more of it than was listed; may come out short.

        Raises TransferError when the file has vanished.
        """
        with self._connection.translated("read from"):
            try:
                # asyncssh's own file: that of sshfs waits for its opening without end.
                file = self._connection.call(_opened, self._sftp, remote.path)
            except asyncssh.SFTPNoSuchFile:
                raise TransferError(
                    f"a file vanished from {self.address} before it was read"
                ) from None
            try:
                # Asking beyond the end costs a request for every piece of the block.
                remaining = remote.size
                while remaining and (
                    block := self._connection.call(file.read, min(BLOCK_BYTES, remaining))
                ):
                    remaining -= len(block)
                    yield block
            finally:
                with suppress(FSTimeoutError, OSError, asyncssh.Error):
                    self._connection.call(file.close)

    def remove(self, path: str) -> None:
        """Remove the file; one that is gone already is no error."""
        with self._connection.translated("remove a file from"):
            try:
                self._fs.rm_file(path, timeout=CALL_SECONDS)
            except FileNotFoundError:
                return


async def _opened(sftp: asyncssh.SFTPClient, path: str) -> Any:
    return await sftp.open(path, "rb")


def _remote_file(entry: dict[str, Any]) -> RemoteFile:
    mtime = entry["mtime"]
    # sshfs has given naive UTC times in some versions.
    aware = mtime.replace(tzinfo=dt.UTC) if mtime is not None and mtime.tzinfo is None else mtime
    return RemoteFile(path=entry["name"], size=entry["size"], mtime=aware)
