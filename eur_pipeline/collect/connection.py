"""The connection to an archive server: sshfs with safe settings, and its errors made ours.

The border where asyncssh's, sshfs' and fsspec's errors become ours. What is done over a connection
is the business of `server.py`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
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
)
from eur_pipeline.project import Project

# Connecting has to fit into a sensor tick with room to spare.
CONNECT_SECONDS = 10
CALL_SECONDS = 30
# A link that is dead says no goodbye.
CLOSE_SECONDS = 3
# A silent link is given up after three unanswered keepalives.
KEEPALIVE_SECONDS = 5
KEEPALIVE_COUNT = 3

_CONNECT = "connect to"


class Connection:
    """A way to one collection's server; nothing happens before `open`.

    Attributes:
        collection: Whose server it is.
        fs: The open file system of fsspec.
    """

    def __init__(
        self,
        collection: Collection,
        *,
        password: str | None,
        private_key: Path | None,
        known_hosts: Path,
    ) -> None:
        self.collection = collection
        self.fs: Any = None
        self._password = password
        self._private_key = private_key
        self._known_hosts = known_hosts

    @classmethod
    def of(cls, project: Project, collection: Collection) -> Self:
        """The connection of a project's collection."""
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
        c = self.collection
        return f"{c.user}@{c.host}:{c.port}"

    def open(self) -> None:
        """Connect and log in."""
        known_hosts, client_keys = self._host_keys(), self._client_keys()
        c = self.collection
        with self.translated(_CONNECT):
            self.fs = SSHFileSystem(
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

    def close(self) -> None:
        """Hang up."""
        # On the loop that the connection lives on, or the two threads get into each other's way.
        with suppress(FSTimeoutError, OSError, asyncssh.Error):
            sync(self.fs.loop, _closed, self.fs.client, timeout=CLOSE_SECONDS)

    def call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Await asyncssh's function on the connection's loop, for CALL_SECONDS at most."""
        return sync(self.fs.loop, function, *args, timeout=CALL_SECONDS, **kwargs)

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
                f"{self._private_key}, the private_key of {self.collection.name}, is not usable: "
                f"{error}; expected an unencrypted key in OpenSSH's or PEM format"
            ) from None

    @contextmanager
    def translated(self, action: str) -> Iterator[None]:
        """Errors in the block become ours: "could not", `action`, the address, and why."""
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
                f"expected the one that remote_path of {self.collection.name} names"
            ) from None
        except (asyncssh.SFTPPermissionDenied, asyncssh.SFTPFailure) as error:
            raise RemoteFolderError(
                f"could not {action} {self.address}: the server said {error.reason!r}; "
                f"check the rights of user {self.collection.user} on that folder"
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
                f"{self.address} refused the login; check user, {self.collection.password_env} "
                f"and private_key of {self.collection.name}"
            )
        return RemoteFolderError(f"could not {action} {self.address}: {error}; check the rights")


async def _closed(client: asyncssh.SSHClientConnection) -> None:
    client.close()
    await client.wait_closed()
