"""What is sent in one turn of the loop leaves together, and nothing of it is lost."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from eur_pipeline.collect.wire import GatheringTransport


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
