"""A real SFTP server for demos and tests: one user, locked in one folder, nothing but files.

It runs in a thread of its own. Who uploads and who collects is the business of others.
"""

import asyncio
import hmac
import logging
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Self

import asyncssh

from eur_pipeline.errors import PermanentError
from eur_pipeline.storage import LocalStore

HOST_KEY_ALGORITHM = "ssh-ed25519"
DEFAULT_PORT = 22  # known_hosts names no port for it


class SftpServer:
    """An SFTP server that serves `root` while its `with` block lasts.

    `port=0` takes any free port. The host key is made when its file is missing. `authorized_keys`
    names a file in OpenSSH's format whose keys may log in instead of the password. `files` answers
    the requests of a session in place of `JailedFiles`. Entering raises PermanentError when the
    address cannot be used, or the host key or `root` is unusable.
    """

    def __init__(
        self,
        *,
        root: Path,
        user: str,
        password: str,
        host_key_path: Path,
        host: str = "127.0.0.1",
        port: int = 0,
        authorized_keys: Path | None = None,
        files: "FilesFactory | None" = None,
    ) -> None:
        self.host = host
        self.port = port
        self._root = root
        self._user = user
        self._password = password
        self._host_key_path = host_key_path
        self._authorized_keys = authorized_keys
        self._files = files or JailedFiles
        self._connections: set[asyncssh.SSHServerConnection] = set()

    def __enter__(self) -> Self:
        if not self._root.is_dir():
            raise PermanentError(f"{self._root}: not a folder; make it, it is what is served")
        self._host_key = load_or_make_host_key(self._host_key_path)
        listening: Future[int] = Future()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(listening)), name="sftp-server", daemon=True
        )
        self._thread.start()
        self.port = listening.result()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    @property
    def known_hosts_line(self) -> str:
        """What a client's known_hosts file must say to accept this server, without a line end."""
        algorithm, key = self._host_key.export_public_key().decode().split()[:2]
        address = self.host if self.port == DEFAULT_PORT else f"[{self.host}]:{self.port}"
        return f"{address} {algorithm} {key}"

    async def _serve(self, listening: "Future[int]") -> None:
        # It warns of every answer to a client that has hung up already, as clients do.
        logging.getLogger("asyncio").setLevel(logging.ERROR)
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            acceptor = await self._listen()
        except (OSError, ValueError, OverflowError) as error:
            listening.set_exception(
                PermanentError(
                    f"cannot listen on {self.host}:{self.port}: {error}; "
                    f"end the program that uses this port, or choose another host or port"
                )
            )
            return
        listening.set_result(acceptor.get_port())
        await self._stop.wait()
        acceptor.close()
        for connection in list(self._connections):
            connection.abort()
            await connection.wait_closed()

    async def _listen(self) -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            self.host,
            self.port,
            server_factory=self._new_connection,
            server_host_keys=[self._host_key],
            sftp_factory=lambda channel: self._files(channel, os.fsencode(self._root)),
            # Without a process or session factory there is neither shell nor exec, and asyncssh
            # refuses to forward ports unless its server says otherwise.
            agent_forwarding=False,
            x11_forwarding=False,
            allow_pty=False,
        )

    def _new_connection(self) -> "_OneUser":
        return _OneUser(self._user, self._password, self._authorized_keys, self._connections)


class _OneUser(asyncssh.SSHServer):
    """Lets one user in, with the password or an authorised key."""

    def __init__(
        self,
        user: str,
        password: str,
        authorized_keys: Path | None,
        connections: set[asyncssh.SSHServerConnection],
    ) -> None:
        self._user = user
        self._password = password
        self._authorized_keys = authorized_keys
        self._connections = connections

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._connections.discard(self._connection)

    def begin_auth(self, username: str) -> bool:
        if self._authorized_keys and username == self._user:
            self._connection.set_authorized_keys(str(self._authorized_keys))
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        right = hmac.compare_digest(password.encode(), self._password.encode())
        return right and username == self._user


class JailedFiles(asyncssh.SFTPServer):
    """Answers requests for what is in one folder.

    asyncssh's own chroot would follow a link that leads out of it.
    """

    def __init__(self, channel: "asyncssh.SSHServerChannel[bytes]", root: bytes) -> None:
        super().__init__(channel, chroot=root)
        self._jail = Path(os.fsdecode(root)).resolve()

    def map_path(self, path: bytes) -> bytes:
        """Where the file lies on this machine; refused for what is outside of the folder."""
        mapped = super().map_path(path)
        if not Path(os.fsdecode(mapped)).resolve().is_relative_to(self._jail):
            raise asyncssh.SFTPPermissionDenied("This link leads out of the served folder")
        return mapped


FilesFactory = Callable[["asyncssh.SSHServerChannel[bytes]", bytes], asyncssh.SFTPServer]


def load_or_make_host_key(path: Path) -> asyncssh.SSHKey:
    """The private key in `path`, made there (ed25519, mode 0600) when the file is missing."""
    if not path.exists():
        key = asyncssh.generate_private_key(HOST_KEY_ALGORITHM)
        LocalStore(path.parent).write(path.name, key.export_private_key())
    try:
        return asyncssh.read_private_key(path)
    except (OSError, asyncssh.KeyImportError) as error:
        raise PermanentError(
            f"{path}: no usable private host key ({error}); "
            f"remove the file and a new key is made, which clients must then be told"
        ) from None
