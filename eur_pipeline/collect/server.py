"""The archive server, seen through sshfs with safe settings: list, look, read, remove.

The border where asyncssh's, sshfs' and fsspec's errors become ours. What to fetch, and when a file
may be removed, is decided by the collector.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import asyncssh
from fsspec.asyn import sync
from fsspec.exceptions import FSTimeoutError
from sshfs import SSHFileSystem

from eur_pipeline.config import Collection
from eur_pipeline.errors import (
    HostKeyError,
    LoginRefusedError,
    RemoteFolderError,
    ServerUnreachableError,
    TransferError,
)
from eur_pipeline.project import Project

# Connecting and listing together have to fit into a sensor tick of 60 seconds with room to spare.
CONNECT_SECONDS = 10
LISTING_SECONDS = 20
CALL_SECONDS = 30
# A link that is dead says no goodbye.
CLOSE_SECONDS = 3
# A silent link is given up after three unanswered keepalives.
KEEPALIVE_SECONDS = 5
KEEPALIVE_COUNT = 3

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")

BLOCK_BYTES = 1 << 20

_CONNECT = "connect to"


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

    def __init__(
        self,
        collection: Collection,
        *,
        password: str | None,
        private_key: Path | None,
        known_hosts: Path,
    ) -> None:
        self._collection = collection
        self._password = password
        self._private_key = private_key
        self._known_hosts = known_hosts
        self._fs: Any = None
        self._sftp: Any = None

    @classmethod
    def of(cls, project: Project, collection: Collection) -> Self:
        """The server of a project's collection, not connected yet."""
        key = collection.private_key
        return cls(
            collection,
            password=project.password(collection),
            private_key=project.path / key if key else None,
            known_hosts=project.known_hosts_path,
        )

    @property
    def address(self) -> str:
        """Who logs in where, for messages."""
        c = self._collection
        return f"{c.user}@{c.host}:{c.port}"

    def __enter__(self) -> Self:
        known_hosts, client_keys = self._host_keys(), self._client_keys()
        c = self._collection
        with self._translated(_CONNECT):
            self._fs = SSHFileSystem(
                c.host,
                port=c.port,
                username=c.user,
                password=self._password,
                client_keys=client_keys,
                agent_path=None,
                config=None,
                known_hosts=known_hosts,
                connect_timeout=CONNECT_SECONDS,
                login_timeout=CONNECT_SECONDS,
                keepalive_interval=KEEPALIVE_SECONDS,
                keepalive_count_max=KEEPALIVE_COUNT,
                timeout=2 * CONNECT_SECONDS,
                sftp_client_kwargs={"path_errors": "surrogateescape"},
                skip_instance_cache=True,
            )
            self._sftp = self._call(
                self._fs.client.start_sftp_client, path_errors="surrogateescape"
            )
        return self

    def _host_keys(self) -> asyncssh.SSHKnownHosts:
        try:
            return asyncssh.read_known_hosts(str(self._known_hosts))
        except (OSError, ValueError) as error:
            raise HostKeyError(
                f"{self._known_hosts} is not readable ({error}); expected the host key of "
                f"{self.address} there, in OpenSSH's known_hosts format"
            ) from None

    def _client_keys(self) -> list[asyncssh.SSHKey] | None:
        if self._private_key is None:
            return None
        try:
            return [asyncssh.read_private_key(self._private_key)]
        except (OSError, asyncssh.KeyImportError) as error:
            raise LoginRefusedError(
                f"{self._private_key}, the private_key of {self._collection.name}, is not usable: "
                f"{error}; expected an unencrypted key in OpenSSH's or PEM format"
            ) from None

    def _call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Await asyncssh's function on the connection's loop, for CALL_SECONDS at most."""
        return sync(self._fs.loop, function, *args, timeout=CALL_SECONDS, **kwargs)

    def __exit__(self, *exc_info: object) -> None:
        # On the loop that the connection lives on, or the two threads get into each other's way.
        with suppress(FSTimeoutError, OSError, asyncssh.Error):
            sync(self._fs.loop, _closed, self._fs.client, timeout=CLOSE_SECONDS)

    def list(self) -> list[RemoteFile]:
        """All regular files of the remote folder; an error is an error, never an empty list."""
        folder = self._collection.remote_path
        with self._translated(f"list {folder} on"):
            entries = self._fs.ls(folder, detail=True, timeout=LISTING_SECONDS)
        return sorted(_remote_file(e) for e in entries if e["type"] == "file")

    def look(self, path: str) -> RemoteFile | None:
        """The file as it is now, None when it is gone."""
        with self._translated("look at a file on"):
            try:
                return _remote_file(self._fs.info(path, timeout=CALL_SECONDS))
            except FileNotFoundError:
                return None

    def read(self, remote: RemoteFile) -> Iterator[bytes]:
        """The file's content in blocks, no more of it than was listed; may come out short.

        Raises TransferError when the file has vanished.
        """
        with self._translated("read from"):
            try:
                # asyncssh's own file: that of sshfs waits for its opening without end.
                file = self._call(_opened, self._sftp, remote.path)
            except asyncssh.SFTPNoSuchFile:
                raise TransferError(
                    f"a file vanished from {self.address} before it was read"
                ) from None
            try:
                # Asking beyond the end costs a request for every piece of the block.
                remaining = remote.size
                while remaining and (block := self._call(file.read, min(BLOCK_BYTES, remaining))):
                    remaining -= len(block)
                    yield block
            finally:
                with suppress(FSTimeoutError, OSError, asyncssh.Error):
                    self._call(file.close)

    def remove(self, path: str) -> None:
        """Remove the file; one that is gone already is no error."""
        with self._translated("remove a file from"):
            try:
                self._fs.rm_file(path, timeout=CALL_SECONDS)
            except FileNotFoundError:
                return

    @contextmanager
    def _translated(self, action: str) -> Iterator[None]:
        try:
            yield
        except asyncssh.HostKeyNotVerifiable as error:
            raise HostKeyError(
                f"could not {action} {self.address}: its host key is not the one in "
                f"{self._known_hosts} ({error.reason}). If the key was changed on purpose, put the "
                f"new one there; if not, somebody may be in between"
            ) from None
        except PermissionError as error:
            raise self._refusal(action, error) from None
        except FileNotFoundError:
            raise RemoteFolderError(
                f"could not {action} {self.address}: there is no such folder; "
                f"expected the one that remote_path of {self._collection.name} names"
            ) from None
        except (asyncssh.SFTPPermissionDenied, asyncssh.SFTPFailure) as error:
            raise RemoteFolderError(
                f"could not {action} {self.address}: the server said {error.reason!r}; "
                f"check the rights of user {self._collection.user} on that folder"
            ) from None
        except (TimeoutError, FSTimeoutError) as error:
            raise ServerUnreachableError(
                f"could not {action} {self.address}: no answer in time"
            ) from error
        except (asyncssh.Error, OSError) as error:
            reason = getattr(error, "strerror", None) or error
            advice = "; check host and port, and that the server runs" * (action == _CONNECT)
            raise ServerUnreachableError(
                f"could not {action} {self.address}: {reason}{advice}"
            ) from error

    def _refusal(
        self, action: str, error: PermissionError
    ) -> LoginRefusedError | RemoteFolderError:
        if action == _CONNECT:
            return LoginRefusedError(
                f"{self.address} refused the login; check user, {self._collection.password_env} "
                f"and private_key of {self._collection.name}"
            )
        return RemoteFolderError(f"could not {action} {self.address}: {error}; check the rights")


async def _opened(sftp: asyncssh.SFTPClient, path: str) -> Any:
    return await sftp.open(path, "rb")


async def _closed(client: asyncssh.SSHClientConnection) -> None:
    client.close()
    await client.wait_closed()


def _remote_file(entry: dict[str, Any]) -> RemoteFile:
    mtime = entry["mtime"]
    # sshfs has given naive UTC times in some versions.
    aware = mtime.replace(tzinfo=dt.UTC) if mtime is not None and mtime.tzinfo is None else mtime
    return RemoteFile(path=entry["name"], size=entry["size"], mtime=aware)
