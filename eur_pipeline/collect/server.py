"""The archive server's remote folder: list, look, read, remove.

One connection, many requests at a time: everything but `list` and `run` is a coroutine of the
connection's loop. How a connection is made, and what its errors become, is in `connection.py`. What
to fetch, and when a file may be removed, is decided by the collector.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import wait
from contextlib import asynccontextmanager, contextmanager, suppress
from operator import attrgetter
from typing import Any, Self, TypeVar

import asyncssh

from eur_pipeline.collect.connection import Connection
from eur_pipeline.collect.directory import Part, parts
from eur_pipeline.collect.remote import Listing, RemoteFile, reason_to_leave, remote_file
from eur_pipeline.config import Collection
from eur_pipeline.errors import EurError, ServerUnreachableError, TransferError, VanishedError
from eur_pipeline.project import Project

# A server that says nothing for so long is lost. Not a limit for whole files: a slow link is slow.
SILENCE_SECONDS = 15

# The size of one read; a server may have a lower limit of its own. OpenSSH's is a little below.
PIECE_BYTES = 255 * 1024

# What is on its way, or waits to be written, is in memory: 16 MB.
PIECES_AT_ONCE = 64

_TICK_SECONDS = 0.2

# An answer that says that the link is gone, and not something about a file.
_LOST = (asyncssh.SFTPNoConnection, asyncssh.SFTPConnectionLost)
_GONE = (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath)

Result = TypeVar("Result")


class ArchiveServer:
    """A connection to one collection's remote folder; a context manager.

    Attributes:
        room: For pieces that were asked for and not used yet, which all files share.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        beginning = connection.collection.remote_path.rstrip("/")
        self._folder, self._beginning = beginning or "/", f"{beginning}/"
        self._sftp: Any = None
        self._heard = 0.0
        self.room = asyncio.Semaphore(PIECES_AT_ONCE)

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
        try:
            self._sftp = self.run(self._start())
        except BaseException:
            self._connection.close()
            raise
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._connection.close()

    def run(
        self, work: Coroutine[Any, Any, Result], on_tick: Callable[[], None] | None = None
    ) -> Result:
        """Do the work on the connection's loop; `on_tick` is called here a few times a second.

        When this thread is interrupted, the work is cancelled and has ended before this returns.
        """
        future = asyncio.run_coroutine_threadsafe(work, self._connection.fs.loop)
        try:
            while wait([future], timeout=_TICK_SECONDS).not_done:
                if on_tick is not None:
                    on_tick()
            return future.result()
        except BaseException:
            future.cancel()
            wait([future])
            raise

    def list(self) -> Listing:
        """What is in the remote folder; an error is an error, never an empty listing.

        Raises RemoteFolderError where somebody has to mend it, and ServerUnreachableError where the
        server only says that it failed: it may have too much open at that moment.
        """
        return self.run(self._list())

    async def look(self, path: str) -> RemoteFile | None:
        """The file as it is now, None when it is gone."""
        try:
            attributes = await self._ask("look at a file on", self._sftp.lstat(path))
        except VanishedError:
            return None
        return remote_file(path, attributes)

    async def remove(self, path: str) -> None:
        """Remove the file; one that is gone already is no error."""
        with suppress(VanishedError):
            await self._ask("remove a file from", self._sftp.remove(path))

    @asynccontextmanager
    async def open(self, remote: RemoteFile) -> AsyncIterator["OpenFile"]:
        """The file, open for reading; raises VanishedError."""
        file = await self._ask("read from", self._sftp.open(remote.path, "rb", block_size=0))
        try:
            yield OpenFile(remote, file, self._ask, self._piece_bytes)
        finally:
            with suppress(EurError):
                await self._ask("read from", file.close())

    @property
    def _piece_bytes(self) -> int:
        return min(self._sftp.limits.max_read_len or PIECE_BYTES, PIECE_BYTES)

    async def _start(self) -> asyncssh.SFTPClient:
        start = self._connection.fs.client.start_sftp_client(path_errors="surrogateescape")
        client: asyncssh.SFTPClient = await self._ask("open SFTP on", start)
        return client

    async def entries(self) -> AsyncGenerator[Part, None]:
        """Names and attributes of all in the remote folder, however long the server goes on."""
        with self._connection.translated(f"list {self._folder} on"), self._failing_for_now():
            async with self._unless_silent() as heard:
                async for part in parts(self._sftp, self._folder):
                    heard()
                    yield [entry for entry in part if entry[0] not in {".", ".."}]

    async def _list(self) -> Listing:
        # By path: a folder that changes while it is listed may show a file twice.
        files: dict[str, RemoteFile] = {}
        left_alone = {}
        async for part in self.entries():
            for name, attributes in part:
                file = remote_file(f"{self._beginning}{name}", attributes)
                if reason := reason_to_leave(name, attributes):
                    left_alone[file.name] = reason
                else:
                    files[file.path] = file
        return Listing(sorted(files.values(), key=attrgetter("path")), left_alone)

    @contextmanager
    def _failing_for_now(self) -> Iterator[None]:
        """A failure without a reason is one that may be over soon."""
        try:
            yield
        except asyncssh.SFTPFailure as error:
            raise ServerUnreachableError(
                f"could not list {self._folder} on {self.address}: the server said "
                f"{error.reason!r}; it is tried again. Where that lasts, look whether remote_path "
                f"of {self._connection.collection.name} is a folder"
            ) from None

    @asynccontextmanager
    async def _unless_silent(self) -> AsyncIterator[Callable[[], None]]:
        """Give the connection up, and raise TimeoutError, if nothing is heard for too long.

        A listing that is cancelled closes its folder first, and would wait for that without end.
        """
        loop, connection = asyncio.get_running_loop(), self._connection.fs.client
        watchdog = loop.call_later(SILENCE_SECONDS, connection.abort)

        def heard() -> None:
            nonlocal watchdog
            watchdog.cancel()
            watchdog = loop.call_later(SILENCE_SECONDS, connection.abort)

        try:
            yield heard
        except _LOST:
            if watchdog.when() <= loop.time():
                raise TimeoutError from None
            raise
        finally:
            watchdog.cancel()

    async def _ask(self, action: str, request: Awaitable[Result]) -> Result:
        """The answer to one request about one file; its errors are ours.

        Raises VanishedError where the file is gone, TransferError where only this file fails.
        """
        could_not = f"could not {action} {self.address}"
        with self._connection.translated(action):
            try:
                async with asyncio.timeout(SILENCE_SECONDS):
                    answer = await request
            except TimeoutError:
                if time.monotonic() - self._heard < SILENCE_SECONDS:
                    raise TransferError(
                        f"{could_not}: it answers others, but not this one"
                    ) from None
                raise
            except _GONE:
                raise VanishedError(f"{could_not}: it has vanished") from None
            except (*_LOST, asyncssh.SFTPPermissionDenied):
                raise
            except asyncssh.SFTPError as error:
                raise TransferError(f"{could_not}: the server said {error.reason!r}") from None
        self._heard = time.monotonic()
        return answer


class OpenFile:
    """A remote file that is being read."""

    def __init__(
        self,
        remote: RemoteFile,
        file: Any,
        ask: Callable[[str, Awaitable[Any]], Awaitable[Any]],
        piece_bytes: int,
    ) -> None:
        self._remote = remote
        self._file = file
        self._ask = ask
        self.piece_bytes = piece_bytes

    async def read(self, offset: int, size: int, spare: int = 0) -> bytes:
        """That many bytes from there, fewer only where the file ends, up to `spare` bytes more."""
        block = await self._read(offset, size + spare)
        while block and len(block) < size:
            more = await self._read(offset + len(block), size - len(block))
            if not more:
                break
            block += more
        return block

    async def look(self) -> RemoteFile:
        """What is open, as it is now."""
        return remote_file(self._remote.path, await self._ask("read from", self._file.stat()))

    async def _read(self, offset: int, size: int) -> bytes:
        block: bytes = await self._ask("read from", self._file.read(size, offset))
        return block
