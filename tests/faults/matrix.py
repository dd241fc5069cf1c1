"""Every fault at every step that it can strike, and what has to hold after each.

A cell of the matrix is a fault and a step. In the whole form it is struck at every turn of that
step (some faults at the first, the middle and the last one). The reduced form strikes most rows at
two steps, at the first turn of each, but kills the process, and lets the server hang, at every one.
After each strike one undisturbed run follows; then nothing may be lost, doubled, removed without a
safe copy, left behind, or published otherwise than without the fault.
"""

import datetime as dt
import errno
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.faults import lying, published
from tests.faults.proxy import End, Link
from tests.faults.script import Answer, Event, Step, Strike
from tests.faults.world import ARCHIVES, LARGE, World, new_world

ON_THE_SERVER = (Step.LIST, Step.OPEN, Step.READ, Step.VERIFY, Step.STAT, Step.REMOVE)
IN_THE_PROCESS = (Step.HASH, Step.SYNC, Step.RENAME, Step.INDEX, Step.MANIFEST)
LOOKS = (Step.LIST, Step.VERIFY, Step.STAT)
OF_A_FILE = (Step.OPEN, Step.READ, Step.VERIFY, Step.STAT, Step.REMOVE)
CONNECTED = tuple(step for step in Step if step is not Step.CONNECT)
# Once the server was asked to remove a file, nobody can tell it that the file is another one now.
BEFORE_REMOVING = CONNECTED[:-1]

# Where a connection is struck while it is made: at once, in the exchange of versions and keys, at
# the login, and when the session is opened.
_CONNECTING_BYTES = (0, 30, 900, 1900)
KILL = "kill -9 before"
HANG = "server hangs"
_CONNECTING = range(1, len(_CONNECTING_BYTES) + 1)


@dataclass(frozen=True)
class Fault:
    """One row of the matrix.

    Attributes:
        strikes: What goes wrong at the nth turn of a step.
        prepare: Changes the world before.
        settle: Ends the fault before the undisturbed run.
        turns: How many turns of a step are struck in the whole form; None: every one of them that
            an undisturbed collection has.
        at: These turns instead.
        file_bytes: The size above which the process cannot write a file.
    """

    name: str
    steps: Sequence[Step]
    strikes: Callable[[World, Step, int], Sequence[Strike]]
    prepare: Callable[[World], None] = lambda _: None
    settle: Callable[[World], None] = lambda _: None
    turns: int | None = 1
    at: Sequence[int] = ()
    file_bytes: int | None = None


@dataclass
class Cell:
    """What came of one fault at one step."""

    strikes: int = 0
    violations: list[str] = field(default_factory=list)


def _acting(act: Callable[[World], None]) -> Callable[[World, Step, int], Sequence[Strike]]:
    """Do something to the world when the step is about to be taken."""
    return lambda world, step, nth: [Strike(step, lambda _: act(world), nth=nth)]


def _saying(
    before: Callable[[Event], Any] | None = None,
    answer: Answer | None = None,
    *,
    times: int | None = 1,
) -> Callable[[World, Step, int], Sequence[Strike]]:
    """Let the server say something."""

    def strikes(world: World, step: Step, nth: int) -> Sequence[Strike]:
        strike = Strike(step, nth=nth, times=times)
        strike = replace(strike, before=before) if before else strike
        return [replace(strike, answer=answer) if answer else strike]

    return strikes


def _network(end: End) -> Callable[[World, Step, int], Sequence[Strike]]:
    def strikes(world: World, step: Step, nth: int) -> Sequence[Strike]:
        return [Strike(step, lambda _: world.proxy.strike(end), nth=nth)]

    return strikes


def _connecting(end: End) -> Callable[[World, Step, int], Sequence[Strike]]:
    def strikes(world: World, step: Step, nth: int) -> Sequence[Strike]:
        world.proxy.plan(Link(end, after_bytes=_CONNECTING_BYTES[nth - 1]))
        return [Strike(step)]

    return strikes


def _restart_of_the_server(world: World, step: Step, nth: int) -> Sequence[Strike]:
    def go_down(event: Event) -> None:
        world.proxy.plan(Link(End.RESET), Link(End.RESET))
        if step is not Step.CONNECT:
            world.proxy.strike(End.RESET)

    return [Strike(step, go_down, nth=nth)]


def _slow_link(world: World, step: Step, nth: int) -> Sequence[Strike]:
    world.proxy.plan(then=Link(bytes_per_second=4e6, round_trip_seconds=0.01))
    return [Strike(step)]


def _killing_after(world: World, step: Step, nth: int) -> Sequence[Strike]:
    def kill(event: Event, answer: Any) -> Any:
        world.kill()
        return answer

    return [Strike(step, answer=kill, nth=nth)]


def _failing_with(number: int) -> Callable[[World, Step, int], Sequence[Strike]]:
    def fail(event: Event) -> None:
        raise OSError(number, "")

    return lambda _, step, nth: [Strike(step, fail, nth=nth)]


def _full_while_writing(world: World, step: Step, nth: int) -> Sequence[Strike]:
    return [Strike(step, name=LARGE)]


def _read_once(world: World, step: Step, nth: int) -> Sequence[Strike]:
    """Every file can be opened once; the link is cut at the step, so that once is not enough."""
    opened: set[Path] = set()

    def open_once(event: Event) -> None:
        if event.path in opened:
            lying.refuse(event)
        opened.add(event.path)

    cut = Strike(step, lambda _: world.proxy.strike(End.CUT), nth=nth)
    return [Strike(Step.OPEN, open_once, times=None), cut]


def _unfinished(world: World) -> None:
    """The large archive is half uploaded, and still being written."""
    content = ARCHIVES[LARGE]
    world.put(LARGE, content[: len(content) // 2])


def _finish(world: World) -> None:
    path = world.remote.folder / LARGE
    if path.exists():
        with path.open("r+b") as file:
            file.write(ARCHIVES[LARGE])


def _longer(world: World) -> None:
    """The large archive says the same in more bytes."""
    content = ARCHIVES[LARGE] + b"<!-- longer -->"
    world.allowed.add(content)
    world.put(LARGE, content, _an_hour_ago())


def _shrink(world: World) -> None:
    with (world.remote.folder / LARGE).open("r+b") as file:
        file.truncate(len(ARCHIVES[LARGE]))


def _replace(world: World) -> None:
    world.put(LARGE, ARCHIVES[LARGE])


def _vanish(world: World) -> None:
    (world.remote.folder / LARGE).unlink(missing_ok=True)


def _upload_again(world: World) -> None:
    world.upload()


def _an_hour_ago() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(microsecond=0) - dt.timedelta(hours=1)


def _describing(answer: Answer) -> Callable[[World, Step, int], Sequence[Strike]]:
    """Describe all files so at that step alone, or (list) whenever one is looked at."""

    def strikes(world: World, step: Step, nth: int) -> Sequence[Strike]:
        steps = LOOKS if step is Step.LIST else (step,)
        return [Strike(each, answer=answer, times=None) for each in steps]

    return strikes


FAULTS = (
    Fault("link cut", (Step.CONNECT,), _connecting(End.CUT), at=_CONNECTING),
    Fault("link cut", CONNECTED, _network(End.CUT), turns=3),
    Fault("link reset", (Step.CONNECT,), _connecting(End.RESET), at=_CONNECTING),
    Fault("link reset", CONNECTED, _network(End.RESET), turns=3),
    Fault("link silent", (Step.CONNECT,), _connecting(End.STALL), at=_CONNECTING),
    Fault("link silent", CONNECTED, _network(End.STALL)),
    Fault("link slow", (Step.CONNECT,), _slow_link),
    Fault("server restarts", tuple(Step), _restart_of_the_server, turns=3),
    Fault(HANG, ON_THE_SERVER, _saying(lying.hang)),
    Fault("permission denied", ON_THE_SERVER, _saying(lying.refuse), turns=3),
    Fault("server fails", ON_THE_SERVER, _saying(lying.fail), turns=3),
    Fault("fails, but did it", (Step.REMOVE,), _saying(answer=lying.fail_afterwards), turns=3),
    Fault("no such file", OF_A_FILE, _saying(lying.deny), turns=3),
    Fault("lists half", (Step.LIST,), _saying(answer=lying.after_names(4))),
    Fault("lists twice", (Step.LIST,), _saying(answer=lying.twice)),
    Fault("size too small", LOOKS, _saying(answer=lying.sized(-1))),
    Fault("size too large", LOOKS, _saying(answer=lying.sized(1))),
    Fault("size 0", LOOKS, _describing(lying.empty)),
    Fault("no size", LOOKS, _describing(lying.without_size)),
    Fault("no mtime", LOOKS, _describing(lying.without_times)),
    Fault("short reads", (Step.READ,), _saying(answer=lying.read_little, times=None)),
    Fault("end too early", (Step.READ,), _saying(answer=lying.end_early), turns=None),
    Fault("handle lost", (Step.READ,), _saying(lying.lose_the_handle), turns=None),
    Fault("read once only", (Step.READ, Step.VERIFY, *IN_THE_PROCESS), _read_once, turns=3),
    Fault("file grows", BEFORE_REMOVING, _acting(_finish), _unfinished, _finish),
    Fault("file shrinks", BEFORE_REMOVING, _acting(_shrink), _longer),
    Fault("file replaced", BEFORE_REMOVING, _acting(_replace), _longer),
    Fault("file vanishes", BEFORE_REMOVING, _acting(_vanish), settle=_upload_again),
    Fault("disk full", (Step.READ,), _full_while_writing, file_bytes=200_000),
    Fault("disk full", IN_THE_PROCESS[1:], _failing_with(errno.ENOSPC), turns=None),
    Fault("disk fails", IN_THE_PROCESS[1:], _failing_with(errno.EIO), turns=3),
    Fault(KILL, tuple(Step), _acting(World.kill), turns=None),
    Fault("kill -9 after", ON_THE_SERVER, _killing_after, turns=None),
)
ROWS = tuple(dict.fromkeys(fault.name for fault in FAULTS))


def reduced_steps(number: int) -> Sequence[Step]:
    """Where the fault of that number strikes in the reduced form."""
    steps = FAULTS[number].steps
    if FAULTS[number].name in (KILL, HANG):
        return steps
    return sorted({steps[(number + n * len(steps) // 2) % len(steps)] for n in range(2)})


def strike_once(number: int, step: Step) -> list[str]:
    """What is wrong after the fault of that number struck at the first turn of the step."""
    return _strike(FAULTS[number], step, 1)


def cell(number: int, step: Step) -> Cell:
    """What comes of the fault of that number at all turns of that step, down to the marts."""
    found = Cell()
    turns = _turns(FAULTS[number], step)
    for nth in turns:
        found.strikes += 1
        try:
            found.violations += _strike(FAULTS[number], step, nth, figures=nth == turns[-1])
        except Exception as error:  # noqa: BLE001 - one broken strike does not hide the others
            found.violations.append(f"{FAULTS[number].name} at {step} {nth}: {error!r}")
    return found


def _turns(fault: Fault, step: Step) -> list[int]:
    """Which turns of the step are struck: all, or so many from the first to the last."""
    last = undisturbed().turns[step]
    if fault.at:
        return list(fault.at)
    if fault.turns is None or last <= fault.turns:
        return list(range(1, last + 1))
    return sorted({1 + (last - 1) * n // max(1, fault.turns - 1) for n in range(fault.turns)})


def _strike(fault: Fault, step: Step, nth: int, *, figures: bool = False) -> list[str]:
    with TemporaryDirectory() as home, new_world(Path(home)) as world:
        found = [*_struck(fault, step, nth, world), *_undisturbed_again(world, figures=figures)]
    return [f"{fault.name} at {step} {nth}: {each}" for each in found]


def _struck(fault: Fault, step: Step, nth: int, world: World) -> Iterator[str]:
    fault.prepare(world)
    world.script.set(*fault.strikes(world, step, nth))
    ended = world.collect(hasty=True, file_bytes=fault.file_bytes)
    struck = {strike.step for strike in world.script.struck}
    world.script.set()
    world.proxy.plan()
    fault.settle(world)
    if step not in struck:
        yield "it did not strike"
    if not ended.explained:
        yield f"not explained: {ended.failure}"


def _undisturbed_again(world: World, *, figures: bool) -> Iterator[str]:
    ended = world.collect()
    if ended.failure:
        yield f"undisturbed, and yet: {ended.failure}"
    yield from world.violations()
    right, records = undisturbed().records, published.records(world.project)
    # Where an archive was there in two versions, both may have been read.
    if records != right and not (world.allowed and records.keys() == right.keys()):
        yield "other records"
    if figures and published.figures(world.project) != undisturbed_figures():
        yield "other figures"


@dataclass(frozen=True)
class Undisturbed:
    """A collection without faults: how often each step is taken, and what is in the lake."""

    turns: Mapping[Step, int]
    records: Mapping[str, int]


@cache
def undisturbed() -> Undisturbed:
    """What a collection without faults comes to."""
    with _collected() as world:
        turns = {step: sum(e.step is step for e in world.script.events) for step in Step}
        return Undisturbed(turns, published.records(world.project))


@cache
def undisturbed_figures() -> Mapping[str, Any]:
    """What the marts say after a collection without faults."""
    with _collected() as world:
        published.records(world.project)
        return published.figures(world.project)


@contextmanager
def _collected() -> Iterator[World]:
    with TemporaryDirectory() as home, new_world(Path(home)) as world:
        world.script.set()
        ended = world.collect()
        assert not ended.failure, ended.failure
        assert not world.violations(), world.violations()
        yield world
