"""How benchmarks are run: a subject and a floor in turn, so that noise troubles both alike.

The ratio of the medians is what to compare between machines. What is measured is in the other
modules.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

ROUNDS = 5


@dataclass(frozen=True)
class Case:
    """One comparison.

    Attributes:
        what: What the subject does.
        floor: What it is compared with.
        target: The ratio that is wanted at most; None where none is.
        prepare: Called before either, untimed.
        note: Something else that was measured, asked for at the end.
    """

    what: str
    floor: str
    subject: Callable[[], object]
    rival: Callable[[], object]
    target: float | None = None
    prepare: Callable[[], object] = lambda: None
    note: Callable[[], str] = lambda: ""


@dataclass(frozen=True)
class Timing:
    """What takes too long to be done in rounds: measured once.

    Attributes:
        what: What was done.
        target: The seconds that are wanted at most.
        note: Something else that was measured.
    """

    what: str
    seconds: float
    target: float
    note: str


@dataclass(frozen=True)
class Measured:
    """Seconds of every round."""

    subject: list[float]
    floor: list[float]

    @property
    def ratio(self) -> float:
        """The subject's median as a multiple of the floor's."""
        return statistics.median(self.subject) / statistics.median(self.floor)


def measure(case: Case) -> Measured:
    """Both in turn, ROUNDS times, after a round that is not counted."""
    pairs = [(_seconds(case, case.subject), _seconds(case, case.rival)) for _ in range(ROUNDS + 1)]
    return Measured([s for s, _ in pairs[1:]], [f for _, f in pairs[1:]])


def _seconds(case: Case, work: Callable[[], object]) -> float:
    case.prepare()
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
