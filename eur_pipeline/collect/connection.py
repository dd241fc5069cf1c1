"""The connection to an archive server: sshfs with safe settings, and its errors made ours.

The border where asyncssh's, sshfs' and fsspec's errors become ours. Whose host key is accepted is
decided in `host_keys.py`, what we log in with in `login.py`; what is done over a connection is the
business of `server.py`.
"""

import logging
import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import Enum
from typing import Any, Self

import asyncssh
from fsspec.asyn import sync
from fsspec.exceptions import FSTimeoutError
from sshfs import SSHFileSystem

from eur_pipeline.collect import algorithms
from eur_pipeline.collect.host_keys import HostKeys
from eur_pipeline.collect.login import Answers, Login
from eur_pipeline.collect.offer import what_is_missing
from eur_pipeline.collect.wire import Wire
from eur_pipeline.config import Collection
from eur_pipeline.errors import (
    EurError,
    HostKeyError,
    LoginRefusedError,
    OutdatedServerError,
    RemoteFolderError,
    ServerUnreachableError,
)
from eur_pipeline.project import Project

# Connecting and logging in together; the listing has to fit into a sensor tick of 20 s, too.
LOGIN_SECONDS = 12
CALL_SECONDS = 30
# A link that is dead says no goodbye.
CLOSE_SECONDS = 3
# A silent link is given up after three unanswered keepalives.
KEEPALIVE_SECONDS = 5
KEEPALIVE_COUNT = 3

_LONGEST_SAID = 300

# What a server says of a file or folder that it will not let us use as we want to.
_REFUSALS = (
    asyncssh.SFTPPermissionDenied,
    asyncssh.SFTPFailure,
    asyncssh.SFTPOpUnsupported,
    asyncssh.SFTPWriteProtect,
    asyncssh.SFTPNoSpaceOnFilesystem,
    asyncssh.SFTPQuotaExceeded,
)


class Connection:
    """A way to one collection's server; nothing happens before `open`.

    Attributes:
        collection: Whose server it is.
        fs: The open file system of fsspec.
    """

    def __init__(self, collection: Collection, *, login: Login, host_keys: HostKeys) -> None:
        self.collection = collection
        self.fs: Any = None
        self._login = login
        self._host_keys = host_keys

    @classmethod
    def of(cls, project: Project, collection: Collection) -> Self:
        """The connection of a project's collection; a PermanentError says what of it is missing."""
        return cls(
            collection,
            login=Login.of(project, collection),
            host_keys=HostKeys.of(project, collection),
        )

    @property
    def address(self) -> str:
        """Who logs in where, for messages."""
        c = self.collection
        return f"{c.user}@{c.host}:{c.port}"

    def open(self) -> None:
        """Connect and log in, within LOGIN_SECONDS."""
        # It warns of every request to a server that has hung up; what that means, we say ourselves.
        logging.getLogger("asyncio").setLevel(logging.ERROR)
        end = time.monotonic() + LOGIN_SECONDS
        shown: list[asyncssh.SSHKey] = []
        # A server shows one of its host keys, and the pinned one may be another.
        while names := self._host_keys.algorithms(shown):
            client = _Client(self._login, self._host_keys)
            try:
                self.fs = self._file_system(client, names, end)
            except asyncssh.HostKeyNotVerifiable as error:
                shown += client.shown
                if not (client.shown and self._host_keys.pinned):
                    raise self._wrong_host_key(shown, error.reason) from None
            except (OSError, asyncssh.Error, FSTimeoutError) as error:
                # Only a server that says that it has no other key has shown all of them.
                if shown and self._missing(names):
                    break
                raise self._not_connected(client, error) from error
            else:
                return
        raise self._wrong_host_key(shown, "")

    def _file_system(self, client: "_Client", host_keys: list[str], end: float) -> SSHFileSystem:
        seconds = max(end - time.monotonic(), 0.1)
        c = self.collection
        return SSHFileSystem(
            c.host,
            port=c.port,
            username=c.user,
            # Keys and passwords come from here alone: nothing of ~/.ssh, of its configuration, or
            # of an agent that nobody asked for.
            client_factory=lambda: client,
            preferred_auth=["publickey", "password", "keyboard-interactive"],
            client_keys=None,
            agent_path=None,
            config=None,
            gss_host=None,
            known_hosts=self._host_keys.known_hosts,
            x509_trusted_certs=[],
            x509_trusted_cert_paths=[],
            server_host_key_algs=host_keys,
            kex_algs=algorithms.KEY_EXCHANGES,
            encryption_algs=algorithms.CIPHERS,
            mac_algs=algorithms.MACS,
            signature_algs=algorithms.SIGNATURES,
            # Archives that are large are compressed already.
            compression_algs=["none"],
            connect_timeout=seconds,
            login_timeout=seconds,
            keepalive_interval=KEEPALIVE_SECONDS,
            keepalive_count_max=KEEPALIVE_COUNT,
            timeout=seconds + CLOSE_SECONDS,
            tunnel=Wire(),
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

    @contextmanager
    def translated(self, action: str) -> Iterator[None]:
        """Errors in the block become ours: "could not", `action`, the address, and why."""
        try:
            yield
        except PermissionError as error:
            raise RemoteFolderError(
                f"could not {action} {self.address}: {_said(error)}; check the rights"
            ) from None
        except (FileNotFoundError, asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
            raise RemoteFolderError(
                f"could not {action} {self.address}: there is no such folder; "
                f"expected the one that remote_path of {self.collection.name} names"
            ) from None
        except _REFUSALS as error:
            raise RemoteFolderError(
                f"could not {action} {self.address}: the server said {_said(error)!r}; "
                f"check the rights of user {self.collection.user} on that folder"
            ) from None
        except (TimeoutError, FSTimeoutError) as error:
            raise ServerUnreachableError(
                f"could not {action} {self.address}: no answer in time"
            ) from error
        except (asyncssh.Error, OSError) as error:
            raise ServerUnreachableError(
                f"could not {action} {self.address}: {_said(error)}"
            ) from error

    def _wrong_host_key(self, shown: list[asyncssh.SSHKey], reason: str) -> HostKeyError:
        return HostKeyError(
            f"could not connect to {self.address}: {self._host_keys.refusal(shown, reason)}"
        )

    def _not_connected(self, client: "_Client", error: Exception) -> EurError:
        """Why there is no connection, by what the server did and how far we came."""
        could_not = f"could not connect to {self.address}"
        if isinstance(error, TimeoutError):
            return ServerUnreachableError(
                f"{could_not}: {client.reached.value} within {LOGIN_SECONDS} s; "
                f"check host and port, the way there, and that the server runs"
            )
        if client.was_turned_away(error):
            return self._refused(client, error)
        if client.reached is _Reached.SERVER and (missing := self._missing()):
            return OutdatedServerError(
                f"{could_not}: it is outdated: {missing}. Update the server or change its "
                f"settings; what can be broken today is not spoken"
            )
        return ServerUnreachableError(
            f"{could_not}: {_no_way(error)}; check host and port, and that the server runs"
        )

    def _refused(self, client: "_Client", error: Exception) -> LoginRefusedError:
        said = f" ({_said(error)})" if isinstance(error, asyncssh.DisconnectError) else ""
        tried = f"tried {', '.join(client.given)}" if client.given else "it asked for none of them"
        c = self.collection
        return LoginRefusedError(
            f"{self.address} refused the login{said}; {c.name} has {self._login.means}, and "
            f"{tried}; check them and the user, and ask the owner of the server what it expects"
        )

    def _missing(self, host_keys: Sequence[str] = algorithms.HOST_KEYS) -> str | None:
        c = self.collection
        return what_is_missing(c.host, c.port, CLOSE_SECONDS, host_keys)


class _Reached(Enum):
    """How far a connection came, as what the server did not do then."""

    NOTHING = "nothing took the connection"
    SERVER = "the server took the connection, but did not complete the handshake of SSH"
    LOGIN = "the server took the connection, but did not answer the login"


class _Client(Answers):
    """Our side of the handshake: notes how far it comes, and the host key that is not accepted."""

    def __init__(self, login: Login, host_keys: HostKeys) -> None:
        super().__init__(login)
        self.reached = _Reached.NOTHING
        self.shown: list[asyncssh.SSHKey] = []
        self._host_keys = host_keys

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        _ = conn
        self.reached = _Reached.SERVER

    def validate_host_public_key(
        self, host: str, addr: str, port: int, key: asyncssh.SSHKey
    ) -> bool:
        _ = host, addr, port
        self.shown = [key]
        return self._host_keys.accepts(key)

    def begin_auth(self, username: str) -> None:
        _ = username
        self.reached = _Reached.LOGIN

    def was_turned_away(self, error: Exception) -> bool:
        """Whether the server did not let us in, or ended the login: too many keys, for one."""
        refused = isinstance(error, (PermissionError, asyncssh.DisconnectError))
        lost = isinstance(error, asyncssh.ConnectionLost)
        return self.reached is _Reached.LOGIN and refused and not lost


def _said(error: Exception) -> str:
    """What the error says; much of it comes from the server and may be made for our terminal."""
    text = getattr(error, "strerror", None) or getattr(error, "reason", None) or str(error)
    shown = text if text.isprintable() else repr(text)[1:-1]
    return str(shown[:_LONGEST_SAID])


def _no_way(error: Exception) -> str:
    """Why nobody was reached; asyncio says of most only that a call failed."""
    if isinstance(error, socket.gaierror):
        return f"no address is known of this host ({_said(error)})"
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens on this port there, or a firewall closes it"
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    return _said(error)


async def _closed(client: asyncssh.SSHClientConnection) -> None:
    client.close()
    await client.wait_closed()
