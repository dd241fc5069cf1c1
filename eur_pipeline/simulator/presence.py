"""The settings of Presence Services' archiving, and its upload over SFTP.

What is uploaded, and what is remembered about it, is `simulation.py`'s business.
"""

import datetime as dt
import posixpath
from collections.abc import AsyncIterator, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
)
from dataclasses import dataclass
from typing import Annotated

import asyncssh
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from eur_pipeline.errors import (
    HostKeyError,
    LoginRefusedError,
    RemoteFolderError,
    ServerUnreachableError,
    TransferError,
)

# A local server answers at once; a remote one that needs longer is not there.
CONNECT_SECONDS = 20
KEEPALIVE_SECONDS = 10


class PresenceServices(BaseModel):
    """One Presence Services; the aliases are the names that System Manager shows.

    `remote_port` and `known_hosts` (the server's host key, a line or more in OpenSSH's format) have
    no name there.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True
    )

    message_archiving_enabled: Annotated[bool, Field(alias="Message Archiving Enabled")] = True
    remote_server_address: Annotated[str, Field(alias="Remote Server Address")]
    remote_user: Annotated[str, Field(alias="Remote User")]
    remote_password: Annotated[SecretStr, Field(alias="Remote Password")]
    remote_path: Annotated[str, Field(alias="Remote Path")]
    remote_upload_frequency_hours: Annotated[
        int, Field(alias="Remote Upload Frequency (hours)", ge=1)
    ] = 1
    remote_port: Annotated[int, Field(ge=1, le=65535)] = 22
    known_hosts: str

    def remote_file(self, name: str) -> str:
        """Where an archive of that name lies on the server."""
        return posixpath.join(self.remote_path, name)

    @asynccontextmanager
    async def connect(self) -> "AsyncIterator[Upload]":
        """A connection to upload archives over; makes the remote folder if it is missing.

        Raises HostKeyError, LoginRefusedError, RemoteFolderError, ServerUnreachableError.
        """
        async with AsyncExitStack() as stack:
            with self.explained_failures():
                connection = await stack.enter_async_context(self._connection())
                sftp = await stack.enter_async_context(connection.start_sftp_client())
                await sftp.makedirs(self.remote_path, exist_ok=True)
            yield Upload(self, sftp)

    def _connection(self) -> AbstractAsyncContextManager[asyncssh.SSHClientConnection]:
        return asyncssh.connect(
            self.remote_server_address,
            self.remote_port,
            username=self.remote_user,
            password=self.remote_password.get_secret_value(),
            known_hosts=self._host_keys(),
            # Nothing of the account that happens to run the simulation.
            config=None,
            client_keys=None,
            agent_path=None,
            connect_timeout=CONNECT_SECONDS,
            keepalive_interval=KEEPALIVE_SECONDS,
        )

    def _host_keys(self) -> asyncssh.SSHKnownHosts:
        try:
            return asyncssh.import_known_hosts(self.known_hosts)
        except ValueError as error:
            raise HostKeyError(
                f"the known hosts for {self.remote_server_address} cannot be read ({error}); "
                f"expected lines in OpenSSH's format"
            ) from None

    @contextmanager
    def explained_failures(self) -> Iterator[None]:
        """Turns asyncssh's errors into ours; wraps nothing but calls of asyncssh."""
        where = f"{self.remote_user}@{self.remote_server_address}:{self.remote_port}"
        try:
            yield
        except asyncssh.HostKeyNotVerifiable as error:
            raise HostKeyError(
                f"{where}: the host key is unknown or not the one expected ({error.reason}); "
                f"if the server's key was changed on purpose, write the new one into known_hosts"
            ) from None
        except asyncssh.PermissionDenied as error:
            raise LoginRefusedError(
                f"{where}: login refused ({error.reason}); check Remote User and Remote Password"
            ) from None
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPPermissionDenied, asyncssh.SFTPFailure) as e:
            raise RemoteFolderError(
                f"{where}: cannot write to {self.remote_path} ({e.reason}); "
                f"expected a folder in which this user may create files"
            ) from None
        except (
            asyncssh.SFTPConnectionLost,
            asyncssh.SFTPNoConnection,
            asyncssh.DisconnectError,
            OSError,
        ) as error:
            raise ServerUnreachableError(
                f"{where}: no connection ({error}); check Remote Server Address and the port, "
                f"and that the server runs"
            ) from None
        except asyncssh.SFTPError as error:
            raise TransferError(f"{where}: the upload failed ({error.reason})") from None


@dataclass(frozen=True)
class Upload:
    """An open connection to the archive server."""

    settings: PresenceServices
    _sftp: asyncssh.SFTPClient

    async def stage(self, name: str, content: bytes, uploaded_at: dt.datetime) -> None:
        """Write an archive under its temporary name, with `uploaded_at` as its mtime."""
        temporary, seconds = self._temporary(name), int(uploaded_at.timestamp())
        with self.settings.explained_failures():
            async with self._sftp.open(temporary, "wb") as file:
                await file.write(content)
            # Before the rename: a collector must never see an archive with another mtime.
            await self._sftp.setstat(temporary, asyncssh.SFTPAttrs(atime=seconds, mtime=seconds))

    async def publish(self, name: str) -> None:
        """Give a staged archive its name; does nothing when it has it already."""
        temporary = self._temporary(name)
        with self.settings.explained_failures():
            if await self._sftp.exists(temporary):
                await self._sftp.posix_rename(temporary, self.settings.remote_file(name))

    def _temporary(self, name: str) -> str:
        return self.settings.remote_file(f".{name}.part")
