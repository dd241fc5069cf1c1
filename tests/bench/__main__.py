"""Runs all benchmarks and prints a table: `python -m tests.bench`.

Subject and floor run in turn, so that a noisy machine troubles both alike; the ratio of the medians
is what to compare between machines.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench import collecting, rating, reading

ROUNDS = 5
CASES = (
    collecting.many_small_archives,
    collecting.one_large_archive,
    reading.one_archive,
    rating.a_month_of_messages,
)


@dataclass(frozen=True)
class Measured:
    """Seconds of every round."""

    subject: list[float]
    floor: list[float]

    @property
    def ratio(self) -> float:
        """The subject's median as a multiple of the floor's."""
        return statistics.median(self.subject) / statistics.median(self.floor)


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def alternate(subject: Callable[[], object], floor: Callable[[], object]) -> Measured:
    """Both in turn, ROUNDS times."""
    pairs = [(seconds(subject), seconds(floor)) for _ in range(ROUNDS)]
    return Measured([s for s, _ in pairs], [f for _, f in pairs])


def main() -> None:
    """Measure and print."""
    table = Table("what", "floor", title=f"Medians of {ROUNDS} alternating rounds")
    for column in ("seconds", "floor's", "ratio"):
        table.add_column(column, justify="right")
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder, case(Path(folder)) as (what, floor, work):
            measured = alternate(*work)
        table.add_row(
            what,
            floor,
            f"{statistics.median(measured.subject):.3f}",
            f"{statistics.median(measured.floor):.3f}",
            f"{measured.ratio:.2f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
