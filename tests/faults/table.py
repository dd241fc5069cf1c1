"""The matrix as a table: on the terminal with what came of it, in the documentation with where."""

from collections.abc import Mapping

from rich.table import Table

from tests.faults.matrix import FAULTS, ROWS, Cell
from tests.faults.script import Step

# Characters; in fewer, names are broken off.
TABLE_WIDTH = 140

Cells = Mapping[tuple[str, Step], Cell]


def steps_of(row: str) -> set[Step]:
    """Where the faults of that row can strike."""
    return {step for fault in FAULTS if fault.name == row for step in fault.steps}


def result(cells: Cells) -> Table:
    """How often each fault struck at each step, and how often something was wrong then."""
    table = Table("fault", *(step.value for step in Step), title="Strikes")
    for row in ROWS:
        found = [cells.get((row, step)) for step in Step]
        table.add_row(row, *("" if cell is None else _shown(cell) for cell in found))
    return table


def _shown(cell: Cell) -> str:
    if cell.violations:
        return f"[red]{len(cell.violations)} of {cell.strikes} ✗[/red]"
    return f"[green]{cell.strikes} ✓[/green]"


def markdown() -> str:
    """Which fault strikes at which step."""
    lines = [
        ["fault", *(step.value for step in Step)],
        ["---", *(":-:" for _ in Step)],
        *([row, *("✓" if step in steps_of(row) else "" for step in Step)] for row in ROWS),
    ]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
