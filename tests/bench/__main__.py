"""Runs benchmarks and prints a table: `python -m tests.bench [NAME...]`, by default all."""

import statistics
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench import billing, collecting, memory, rating, reading
from tests.bench.measuring import ROUNDS, Case, Measured, Timing, measure

CASES = {
    "small": collecting.many_small_archives,
    "sync": collecting.the_price_of_syncing,
    "large": collecting.one_large_archive,
    "list": collecting.a_long_listing,
    "far": collecting.a_distant_server,
    "tick": collecting.a_tick_of_the_sensor,
    "hole": collecting.a_tick_beside_a_black_hole,
    "read": reading.one_large_archive,
    "files": reading.many_small_archives,
    "pandas": reading.beside_pandas,
    "pandas-files": reading.many_beside_pandas,
    "rate": rating.a_month_of_messages,
    "late": billing.a_late_archive,
}
# What is measured once.
TIMINGS = {"month": billing.a_large_month}

if find_spec("xml2arrow"):  # the extra `bench`
    CASES["xml2arrow"] = reading.beside_xml2arrow


MEMORY = "memory"


def main() -> None:
    """Measure and print."""
    names = sys.argv[1:] or [*CASES, *TIMINGS, MEMORY]
    if cases := [name for name in names if name != MEMORY]:
        _print_cases(cases)
    if MEMORY in names:
        _print_peaks()


def _print_cases(names: Sequence[str]) -> None:
    table = Table("what", "beside", title=f"Medians of {ROUNDS} alternating rounds")
    for column in ("seconds", "other's", "ratio", "wanted"):
        table.add_column(column, justify="right")
    table.add_column("also")
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            table.add_row(*_measured(name, Path(folder)))
    Console().print(table)


def _measured(name: str, folder: Path) -> tuple[str, ...]:
    if name in TIMINGS:
        return _row_of_timing(TIMINGS[name](folder))
    with CASES[name](folder) as case:
        return _row(case, measure(case))


def _row_of_timing(timing: Timing) -> tuple[str, ...]:
    return (
        timing.what,
        "",
        f"{timing.seconds:.1f}",
        "",
        "",
        f"{timing.target:.0f} s",
        timing.note,
    )


def _print_peaks() -> None:
    table = Table("what", title="Memory of the process at its peak")
    for column in ("seconds", "MB", "wanted"):
        table.add_column(column, justify="right")
    with tempfile.TemporaryDirectory() as folder:
        for peak in memory.peaks(Path(folder)):
            table.add_row(
                peak.what,
                f"{peak.seconds:.1f}",
                str(peak.megabytes),
                str(memory.MOST_MEGABYTES),
            )
    Console().print(table)


def _row(case: Case, measured: Measured) -> tuple[str, ...]:
    return (
        case.what,
        case.floor,
        f"{statistics.median(measured.subject):.3f}",
        f"{statistics.median(measured.floor):.3f}",
        f"{measured.ratio:.2f}",
        "" if case.target is None else f"{case.target:.2f}",
        case.note(),
    )


if __name__ == "__main__":
    main()
