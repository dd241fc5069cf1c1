"""When what goes wrong: steps of collecting, and what strikes at them.

The other tools tell every step to a script before it is taken, be it on the server or in the
collecting process, and do what the script says.
"""

import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any


class Step(StrEnum):
    """What is done for every archive, in this order; the first five and last two ask the server.

    `VERIFY` is a look at the open file, `STAT` one at whatever has its name.
    """

    CONNECT = "connect"
    LIST = "list"
    OPEN = "open"
    READ = "read"
    VERIFY = "verify"
    HASH = "hash"
    SYNC = "fsync"
    RENAME = "rename"
    INDEX = "index"
    MANIFEST = "manifest"
    STAT = "stat"
    REMOVE = "remove"


@dataclass(frozen=True)
class Event:
    """One step about to be taken; `path` is the file, folder or new name on this machine."""

    step: Step
    path: Path
    offset: int = 0
    size: int = 0


Before = Callable[[Event], Awaitable[None] | None]
Answer = Callable[[Event, Any], Any]


def nothing(event: Event) -> None:
    """Do nothing."""


def truth(event: Event, answer: Any) -> Any:
    """Say what is so."""
    return answer


@dataclass(frozen=True)
class Strike:
    """What goes wrong at a step: `before` it is taken, and what a server answers after it.

    Both may raise what the client, or the collecting process, is to be told. An answer is bytes
    when reading, attributes when looking, a name when listing (one by one), else None. `name`
    limits the strike to that file; it comes at the `nth` such event, `times` times (None: always).
    """

    step: Step
    before: Before = nothing
    answer: Answer = truth
    name: str | None = None
    nth: int = 1
    times: int | None = 1

    def is_about(self, event: Event) -> bool:
        """Whether it concerns that event, if its time has come."""
        return event.step is self.step and self.name in (None, event.path.name)


class Script:
    """What goes wrong, and a record of the `events` and of the strikes that were `struck`.

    `witness` sees every event before anything happens.
    """

    def __init__(self, witness: Callable[[Event], None] = nothing) -> None:
        self.events: list[Event] = []
        self.struck: list[Strike] = []
        self._witness = witness
        self._strikes: list[Strike] = []
        self._counts: dict[int, int] = {}
        self._lock = threading.Lock()

    def set(self, *strikes: Strike) -> None:
        """These strikes from now on; forget the record."""
        with self._lock:
            self._strikes = list(strikes)
            self.events, self.struck, self._counts = [], [], {}

    def due(self, event: Event) -> list[Strike]:
        """The strikes for this event, which are recorded with it."""
        with self._lock:
            self._witness(event)
            self.events.append(event)
            due = [s for s in self._strikes if s.is_about(event) and self._is_due(s)]
            self.struck.extend(due)
        return due

    def _is_due(self, strike: Strike) -> bool:
        count = self._counts[id(strike)] = self._counts.get(id(strike), 0) + 1
        return count >= strike.nth and (strike.times is None or count < strike.nth + strike.times)
