"""Trees written as rows of CSV files: faults that name the rows."""

from collections.abc import Mapping, Sequence

from eur_pipeline.billing.csv_file import Row
from eur_pipeline.billing.periods import Period
from eur_pipeline.billing.tree import CycleError, Tree
from eur_pipeline.errors import ConfigurationError


def require_no_cycle(tree: Tree, rows: Mapping[str, Sequence[Row]]) -> None:
    """Raise a ConfigurationError that names the rows, if a name is among its own ancestors."""
    for name in rows:
        try:
            tree.lineages(name)
        except CycleError as cycle:
            raise _fault(cycle, rows) from None


def _fault(cycle: CycleError, rows: Mapping[str, Sequence[Row]]) -> ConfigurationError:
    *names, again = cycle.lineage
    circle = names[names.index(again) :]
    found = [row for name in circle for row in rows.get(name, ()) if _holds(row, cycle.period)]
    lines = ", ".join(str(line) for line in sorted(row.line for row in found[1:]))
    others = f" (with line {lines})" if lines else ""
    return found[0].error(
        "parent",
        f"a tree, but {' -> '.join((*circle, again))} goes round in a circle from "
        f"{cycle.period}{others}",
    )


def _holds(row: Row, period: Period) -> bool:
    return row.period().contains(period)
