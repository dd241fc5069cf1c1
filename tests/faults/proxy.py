"""A network on loopback that fails on command: a TCP proxy before any server.

It knows bytes and time, and nothing of what is said. Which connection fails how is told beforehand
(`plan`), or at the moment itself (`strike`).
"""

import asyncio
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Self

_CHUNK_BYTES = 1 << 16

# What may be under way at once, in chunks: more than any window, so that delay costs no bandwidth.
_CHUNKS_UNDER_WAY = 4096

# When a chunk is due, and the chunk.
_UnderWay = asyncio.Queue[tuple[float, bytes]]


class End(Enum):
    """How a connection fails: closed, reset, or silent for ever while it seems to be open."""

    CUT = "cut"
    RESET = "reset"
    STALL = "stall"


@dataclass(frozen=True)
class Link:
    """How one connection behaves; by default it only forwards.

    It ends once `after_bytes` have gone from server to client: at 0, `End.RESET` hangs up on
    everybody and `End.STALL` is a black hole. `bytes_per_second` holds for each direction. Half of
    `round_trip_seconds` is the way of every byte, however many are under way.
    """

    end: End | None = None
    after_bytes: int = 0
    bytes_per_second: float | None = None
    round_trip_seconds: float = 0.0


class TcpProxy:
    """Forwards from an address of its own to a server's, while its `with` block lasts.

    `on_connect` is called when a client comes, before its connection behaves in any way. Port 0 is
    any free one.

    Attributes:
        accepted: How many connections were made.
        failed: How many of them failed, as planned or struck.
    """

    def __init__(
        self,
        host: str,
        port: int,
        on_connect: Callable[[], None] | None = None,
        *,
        at: tuple[str, int] = ("127.0.0.1", 0),
    ) -> None:
        self.host, self.port = at
        self.accepted = self.failed = 0
        self._target = host, port
        self._on_connect = on_connect
        self._planned: deque[Link] = deque()
        self._usual = Link()
        self._connections: set[_Connection] = set()

    def plan(self, *links: Link, then: Link = Link()) -> None:
        """The next connections behave as `links` say, in this order, and all later ones as `then`.

        Those that are open stay as they are.
        """
        self._planned, self._usual = deque(links), then

    def strike(self, end: End) -> None:
        """Let all open connections fail now; returns once they have."""
        struck: Future[None] = Future()

        def strike() -> None:
            for connection in list(self._connections):
                connection.fail(end)
            struck.set_result(None)

        self._loop.call_soon_threadsafe(strike)
        struck.result()

    def __enter__(self) -> Self:
        listening: Future[int] = Future()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._run(listening)), name="tcp-proxy", daemon=True
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

    async def _run(self, listening: "Future[int]") -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        listener = await asyncio.start_server(self._accept, self.host, self.port)
        listening.set_result(listener.sockets[0].getsockname()[1])
        await self._stop.wait()
        listener.close()
        for connection in list(self._connections):
            connection.fail(End.RESET)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        if self._on_connect:
            self._on_connect()
        link = self._planned.popleft() if self._planned else self._usual
        connection = _Connection(link, reader, writer, self._count)
        self._connections.add(connection)
        # Cancelled where it is stalled while the proxy ends.
        with suppress(OSError, asyncio.CancelledError):
            await connection.forward(*self._target)
        self._connections.discard(connection)

    def _count(self) -> None:
        self.failed += 1


class _Connection:
    """One client's connection and the one made for it to the server."""

    def __init__(
        self,
        link: Link,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        on_failure: Callable[[], None],
    ) -> None:
        self._link = link
        self._on_failure = on_failure
        self._client = reader, writer
        self._writers = [writer]
        self._left = link.after_bytes
        self._stalled = False
        self._never = asyncio.Event()

    async def forward(self, host: str, port: int) -> None:
        """Carry bytes both ways until a side hangs up or the link fails."""
        if self._link.end and not self._left:
            self.fail(self._link.end)
            if not self._stalled:
                return
        reader, writer = await asyncio.open_connection(host, port)
        self._writers.append(writer)
        try:
            async with asyncio.TaskGroup() as tasks:
                for source, sink, counted in (
                    (self._client[0], writer, False),
                    (reader, self._client[1], self._link.end is not None),
                ):
                    under_way: _UnderWay = asyncio.Queue(_CHUNKS_UNDER_WAY)
                    tasks.create_task(self._take(source, under_way))
                    tasks.create_task(self._deliver(under_way, sink, counted=counted))
        except* OSError:
            pass
        finally:
            for each in self._writers:
                each.close()

    def fail(self, end: End) -> None:
        """Let it fail now."""
        self._on_failure()
        self._stalled = end is End.STALL
        for writer in self._writers:
            if end is End.RESET:
                _reset_on_close(writer)
            if end is not End.STALL:
                writer.close()

    async def _take(self, reader: asyncio.StreamReader, under_way: _UnderWay) -> None:
        """Put chunks on their way; an empty one says that the sender hung up."""
        loop = asyncio.get_running_loop()
        data = b"."
        while data:
            data = await reader.read(_CHUNK_BYTES)
            if self._stalled and not data:
                raise ConnectionResetError
            await under_way.put((loop.time() + self._link.round_trip_seconds / 2, data))

    async def _deliver(
        self, under_way: _UnderWay, writer: asyncio.StreamWriter, *, counted: bool
    ) -> None:
        """Hand over every chunk when it is due."""
        while not writer.is_closing():
            due, data = await under_way.get()
            await _sleep_until(due)
            if self._stalled:
                await self._never.wait()
            if not data:
                writer.close()
                return
            writer.write(self._counted(data) if counted else data)
            await writer.drain()
            if counted and not self._left and self._link.end:
                self.fail(self._link.end)
            if self._link.bytes_per_second:
                await asyncio.sleep(len(data) / self._link.bytes_per_second)

    def _counted(self, data: bytes) -> bytes:
        data = data[: self._left]
        self._left -= len(data)
        return data


async def _sleep_until(due: float) -> None:
    wait = due - asyncio.get_running_loop().time()
    if wait > 0:
        await asyncio.sleep(wait)


def _reset_on_close(writer: asyncio.StreamWriter) -> None:
    connection: socket.socket = writer.get_extra_info("socket")
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
