"""`make faults`: the whole matrix, as a table; exit code 1 where anything was wrong."""

import multiprocessing
import os
import sys
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor, as_completed

from rich.console import Console
from rich.progress import Progress

from tests.faults.matrix import FAULTS, Cell, cell
from tests.faults.script import Step
from tests.faults.table import TABLE_WIDTH, result


def main() -> int:
    """Strike everywhere; print what came of it."""
    console = Console()
    if not console.is_terminal:
        console.width = TABLE_WIDTH
    cells: dict[tuple[str, Step], Cell] = defaultdict(Cell)
    processes = multiprocessing.get_context("forkserver")
    with (
        ProcessPoolExecutor(os.cpu_count(), mp_context=processes) as workers,
        Progress(console=console, transient=True) as bar,
    ):
        work = {
            workers.submit(cell, number, step): (fault.name, step)
            for number, fault in enumerate(FAULTS)
            for step in fault.steps
        }
        task = bar.add_task("striking", total=len(work))
        for done in as_completed(work):
            total, found = cells[work[done]], done.result()
            total.strikes += found.strikes
            total.violations += found.violations
            bar.advance(task)
    violations = [violation for each in cells.values() for violation in each.violations]
    strikes = sum(each.strikes for each in cells.values())
    console.print(result(cells))
    console.print(f"{strikes} strikes, {len(violations)} violations", *violations, sep="\n")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
