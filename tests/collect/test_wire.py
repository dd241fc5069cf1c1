"""What is sent in one turn of the loop leaves together, what comes is cut; nothing is lost."""

import asyncio
import os
from collections.abc import Awaitable, Callable

import pytest

from eur_pipeline.collect.wire import PIECE_BYTES, GatheringTransport, Wire, _Between


class Below(asyncio.Transport):
    """Notes what it is told to do."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[object] = []

    def write(self, data: object) -> None:
        self.done.append(data)

    def close(self) -> None:
        self.done.append("close")

    def abort(self) -> None:
        self.done.append("abort")

    def is_closing(self) -> bool:
        return bool({"close", "abort"} & set(map(str, self.done)))


async def several_in_a_turn(wire: GatheringTransport) -> None:
    wire.write(b"a")
    wire.write(b"b")


async def one_each_turn(wire: GatheringTransport) -> None:
    wire.write(b"a")
    await asyncio.sleep(0)
    wire.write(b"b")


async def closed_at_once(wire: GatheringTransport) -> None:
    wire.write(b"a")
    wire.close()


async def aborted_at_once(wire: GatheringTransport) -> None:
    wire.write(b"a")
    wire.abort()


async def written_too_late(wire: GatheringTransport) -> None:
    wire.close()
    wire.write(b"a")


@pytest.mark.parametrize(
    ("act", "done"),
    [
        (several_in_a_turn, [b"ab"]),
        (one_each_turn, [b"a", b"b"]),
        (closed_at_once, [b"a", "close"]),
        (aborted_at_once, ["abort"]),
        (written_too_late, ["close"]),
    ],
)
def test_writes_of_one_turn_are_one(
    act: Callable[[GatheringTransport], Awaitable[None]], done: list[object]
) -> None:
    async def run() -> list[object]:
        below = Below()
        await act(GatheringTransport(below))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return below.done

    assert asyncio.run(run()) == done


class Taker(asyncio.Protocol):
    """Takes so many pieces and hangs up; notes what it was given."""

    def __init__(self, most: int) -> None:
        self.taken: list[bytes] = []
        self.lost = asyncio.get_running_loop().create_future()
        self._most = most

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self.taken.append(data)
        if len(self.taken) == self._most:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        _ = exc
        self.lost.set_result(None)


def taken_of(content: bytes) -> list[bytes]:
    """What a taker is given of that content, sent over TCP."""

    async def send(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(content)
        writer.close()

    async def run() -> list[bytes]:
        async with await asyncio.start_server(send, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            taker = Taker(most=-1)
            await Wire().create_connection(lambda: taker, "127.0.0.1", port)
            await taker.lost
        return taker.taken

    return asyncio.run(run())


def test_what_comes_is_handed_on_in_pieces() -> None:
    content = os.urandom(1_000_000)
    taken = taken_of(content)
    assert b"".join(taken) == content
    assert max(map(len, taken)) <= PIECE_BYTES


@pytest.mark.parametrize(("most", "pieces"), [(-1, 4), (1, 1), (2, 2)])
def test_who_hung_up_is_given_nothing_more_of_what_came_at_once(most: int, pieces: int) -> None:
    async def run() -> list[bytes]:
        taker = Taker(most)
        between = _Between(taker)
        between.connection_made(Below())
        between.data_received(os.urandom(3 * PIECE_BYTES + 1))
        return taker.taken

    assert len(asyncio.run(run())) == pieces
