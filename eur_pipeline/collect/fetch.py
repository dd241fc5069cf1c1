"""One file from the server to an unfinished file of ours, verified on the way.

A file that is broken off in the middle goes on from there the next time, after a look whether what
is here is still how the server's begins. Naming, recording and removing are the collector's; what
is returned here may still be thrown away.
"""

import asyncio
import hashlib
from collections import deque
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Protocol, Self

from eur_pipeline.collect.completeness import END_BYTES, Ending, ending, ending_of_gzip, is_gzip
from eur_pipeline.collect.remote import RemoteFile
from eur_pipeline.collect.server import ArchiveServer, OpenFile
from eur_pipeline.storage import open_private, sync_or_remove

# How much of one file is asked for before the first of it has come: 4 MB, twice what asyncssh lets
# the server send unacknowledged.
PIECES_AHEAD = 16
# What is compared with the server's before a broken transfer goes on.
OVERLAP_BYTES = 64 * 1024
# What is here from before is hashed in pieces of this size.
_HASHED_BYTES = 1 << 20
# The disk begins with a large file while the rest is on its way, not when all of it is here.
_SYNC_BYTES = 16 << 20


class OnBytes(Protocol):
    """Told of bytes that are here; `before` means since an earlier attempt."""

    def __call__(self, count: int, *, before: bool = False) -> None:
        """Count them."""


@dataclass(frozen=True)
class Copy:
    """A file that arrived whole: its size and mtime were the same before and after it was read."""

    remote: RemoteFile
    path: Path
    size: int
    sha256: str
    ending: Ending


async def fetch(
    server: ArchiveServer, remote: RemoteFile, to: Path, on_bytes: OnBytes
) -> Copy | None:
    """Read the file into `to`; None when it changed or vanished meanwhile, to be tried later.

    `to` may hold the beginning from before. Raises TransferError and RemoteFolderError where only
    this file cannot be had.
    """
    async with server.open(remote) as file:
        async with _Growing(to, await _agreed_bytes(file, remote, to)) as copy:
            on_bytes(copy.size, before=True)
            async with aclosing(_blocks(server, file, copy.size, remote.size)) as blocks:
                async for block in blocks:
                    await copy.add(block)
                    on_bytes(len(block))
        if remote.size not in (None, copy.size) or await file.look() != remote:
            return None
    return Copy(remote, to, copy.size, copy.sha256, await _ending_of(to))


async def opened_only(server: ArchiveServer, remote: RemoteFile, size: int) -> bool:
    """Whether a file of that size has a root tag and not its end, seen from its two ends alone."""
    async with server.open(remote) as file:
        head = await file.read(0, END_BYTES)
        tail = await file.read(max(0, size - END_BYTES), END_BYTES)
    return ending(head, tail, size) is Ending.OPEN


async def still_the_same(server: ArchiveServer, copy: Copy) -> bool:
    """Whether what has the file's name on the server now is what was copied.

    Size and mtime tell; where the server keeps one of them to itself, all is read once more.
    """
    if await server.look(copy.remote.path) != copy.remote:
        return False
    is_told = copy.remote.size is not None and copy.remote.mtime is not None
    return is_told or await _sha256(server, copy.remote) == copy.sha256


async def _sha256(server: ArchiveServer, remote: RemoteFile) -> str:
    digest = hashlib.sha256()
    async with (
        server.open(remote) as file,
        aclosing(_blocks(server, file, 0, remote.size)) as blocks,
    ):
        async for block in blocks:
            digest.update(block)
    return digest.hexdigest()


async def _ending_of(path: Path) -> Ending:
    """How a file of ours ends."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(END_BYTES)
        if is_gzip(head):
            file.seek(0)
            return await asyncio.to_thread(ending_of_gzip, file)
        file.seek(max(0, size - END_BYTES))
        return ending(head, file.read(END_BYTES), size)


async def _agreed_bytes(file: OpenFile, remote: RemoteFile, to: Path) -> int:
    """How much of an earlier transfer can be kept: all of it, or nothing."""
    try:
        size = to.stat().st_size
    except FileNotFoundError:
        return 0
    if size == 0 or (remote.size is not None and size > remote.size):
        return 0
    start = max(0, size - OVERLAP_BYTES)
    with to.open("rb") as ours:
        ours.seek(start)
        same = ours.read() == await file.read(start, size - start)
    return size if same else 0


async def _blocks(
    server: ArchiveServer, file: OpenFile, start: int, end: int | None
) -> AsyncGenerator[bytes, None]:
    """The file's content from `start`, in order, several pieces asked for at once.

    Up to where it ends, or comes out longer than announced.
    """
    asked: deque[asyncio.Task[bytes]] = deque()
    pieces = _pieces(start, end, file.piece_bytes)
    piece = next(pieces, None)
    try:
        while asked or piece:
            # Who holds some of the room does not wait for more: others may be waiting for that.
            while piece and len(asked) < PIECES_AHEAD and not (asked and server.room.locked()):
                await server.room.acquire()
                asked.append(asyncio.create_task(file.read(*piece)))
                piece = next(pieces, None)
            block = await asked[0]
            yield block
            asked.popleft()
            server.room.release()
            if end is None and len(block) < file.piece_bytes:
                return
    finally:
        await _give_up(server, asked)


def _pieces(start: int, end: int | None, most: int) -> Iterator[tuple[int, int, int]]:
    """Offset, size and spare bytes of every read, without end where nobody knows the file's.

    One byte more than announced is always asked for, of an empty file too: what has grown, or is
    longer than the server says, comes out longer.
    """
    if end is None:
        yield from ((offset, most, 0) for offset in count(start, most))
        return
    for offset in range(start, end, most):
        size = min(most, end - offset)
        yield offset, size, int(size < most)
    if (end - start) % most == 0:
        yield end, 0, 1


async def _give_up(server: ArchiveServer, asked: deque[asyncio.Task[bytes]]) -> None:
    for task in asked:
        task.cancel()
        server.room.release()
    await asyncio.gather(*asked, return_exceptions=True)


class _Growing:
    """A file of ours that is being written, and its hash.

    Both at once, in the thread of the connection: others that wrote and hashed, and a server on
    the same two cores, waited for each other, and 500 MB took 2.9 s instead of 2.2.
    """

    def __init__(self, path: Path, keep: int) -> None:
        self.size = keep
        self._path = path
        self._digest = hashlib.sha256()
        self._file = open_private(path, truncate=not keep)
        self._unsynced_bytes = 0
        self._syncing: asyncio.Future[None] | None = None

    @property
    def sha256(self) -> str:
        """The hash of all that was written."""
        return self._digest.hexdigest()

    async def __aenter__(self) -> Self:
        if self.size:
            await asyncio.to_thread(self._hash_what_is_there)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        try:
            await self._synced()
        finally:
            self._file.close()

    async def add(self, block: bytes) -> None:
        """Write the block."""
        self._file.write(block)
        self._digest.update(block)
        self.size += len(block)
        self._unsynced_bytes += len(block)
        if self._unsynced_bytes >= _SYNC_BYTES:
            await self._synced()
            self._file.flush()
            loop = asyncio.get_running_loop()
            self._syncing = loop.run_in_executor(None, sync_or_remove, self._path)
            self._unsynced_bytes = 0

    async def _synced(self) -> None:
        if self._syncing is not None:
            await asyncio.shield(self._syncing)

    def _hash_what_is_there(self) -> None:
        while block := self._file.read(_HASHED_BYTES):
            self._digest.update(block)
