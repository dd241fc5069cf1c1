"""Departments and cost centres: their names, and what is above what, from optional files.

Without a file, those that the directory mentions are known by what they are called there, and
nothing is above anything.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eur_pipeline.billing.csv_file import Row, read_rows, require_no_gap, require_no_overlap
from eur_pipeline.billing.directory import RESERVED_IDS, DirectoryEntry
from eur_pipeline.billing.periods import ALWAYS, Period, first_gap
from eur_pipeline.billing.tree import Tree, joined
from eur_pipeline.billing.tree_rows import require_no_cycle
from eur_pipeline.errors import ConfigurationError
from eur_pipeline.project import Project

UNIT_KINDS = ("department", "cost_centre")


@dataclass(frozen=True)
class Units:
    """All departments, or all cost centres.

    Attributes:
        kind: The column by which the directory mentions them: department or cost_centre.
        names: The name to show of each, and when; those of unknown senders and of a whole cost
            centre among them.
        tree: What is above what; empty where nothing is.
    """

    kind: str
    names: Mapping[str, Sequence[tuple[Period, str]]]
    tree: Tree


def read_units(project: Project, kind: str, directory: Sequence[DirectoryEntry]) -> Units:
    """The units of a kind; a ConfigurationError names file, line and column of a fault."""
    path = project.units_path(kind)
    reserved = {name: [(ALWAYS, name)] for name in RESERVED_IDS}
    if not path.exists():
        mentioned = _mentioned(kind, directory)
        names = {unit: [(p, unit) for p in periods] for unit, periods in mentioned.items()}
        parents = {unit: [(p, "") for p in periods] for unit, periods in mentioned.items()}
        return Units(kind, names | reserved, Tree(parents))
    rows = _rows(path, kind)
    names = {
        unit: [(row.period(), row.required("name")) for row in of_unit]
        for unit, of_unit in rows.items()
    }
    parents = {
        unit: [(row.period(), row.text("parent")) for row in of_unit]
        for unit, of_unit in rows.items()
    }
    tree = Tree(parents)
    _require_parents(kind, rows)
    require_no_cycle(tree, rows)
    _require_all_mentioned(path, kind, rows, directory)
    return Units(kind, names | reserved, tree)


def _mentioned(kind: str, directory: Iterable[DirectoryEntry]) -> dict[str, list[Period]]:
    """On which days the directory mentions each unit."""
    periods: defaultdict[str, list[Period]] = defaultdict(list)
    for entry in directory:
        periods[_unit(kind, entry)].append(entry.period)
    return {u: joined(of_u) for u, of_u in sorted(periods.items()) if u not in RESERVED_IDS}


def _unit(kind: str, entry: DirectoryEntry) -> str:
    return entry.department if kind == "department" else entry.cost_centre


def _rows(path: Path, kind: str) -> dict[str, list[Row]]:
    """The rows of every unit, which follow each other without gap or overlap."""
    rows: defaultdict[str, list[Row]] = defaultdict(list)
    for row in read_rows(path, (kind, "name", "valid_from", "valid_to"), ("parent",)):
        unit = row.required(kind)
        if unit in RESERVED_IDS:
            raise row.error(kind, f"a name other than {' and '.join(RESERVED_IDS)}")
        rows[unit].append(row)
    for unit, of_unit in rows.items():
        require_no_overlap(of_unit, f"{kind} {unit}")
        require_no_gap(of_unit, f"{kind} {unit}")
    return rows


def _require_parents(kind: str, rows: Mapping[str, Sequence[Row]]) -> None:
    for row in (row for of_unit in rows.values() for row in of_unit):
        parent = row.text("parent")
        gap = _missing(rows, parent, row.period()) if parent else None
        if gap:
            raise row.error("parent", f"a {kind} of this file on all days of the row, not {gap}")


def _require_all_mentioned(
    path: Path,
    kind: str,
    rows: Mapping[str, Sequence[Row]],
    directory: Iterable[DirectoryEntry],
) -> None:
    for entry in directory:
        unit = _unit(kind, entry)
        gap = None if unit in RESERVED_IDS else _missing(rows, unit, entry.period)
        if gap:
            lines = ", ".join(str(row.line) for row in rows.get(unit, ())) or "none"
            raise _not_there(entry.row, kind, path, gap, lines)


def _not_there(row: Row, kind: str, path: Path, gap: Period, lines: str) -> ConfigurationError:
    return row.error(
        kind,
        f"a {kind} that {path.name} has on all days of the row; it lacks it from {gap} "
        f"(its lines for it: {lines})",
    )


def _missing(rows: Mapping[str, Sequence[Row]], unit: str, wanted: Period) -> Period | None:
    """The first days of a period on which a file has no such unit."""
    return first_gap([row.period() for row in rows.get(unit, ())], wanted)
