"""Where the files of a tariff lie: the project's own, or others in the place of some of them.

Of a file that is given, only its first line is looked at here: its columns tell which one it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eur_pipeline.billing.csv_file import read_columns
from eur_pipeline.billing.plan_files import (
    ALLOWANCE_COLUMNS,
    ASSIGNMENT_COLUMNS,
    PLAN_COLUMNS,
    TAX_COLUMNS,
)
from eur_pipeline.billing.rate_files import RATE_COLUMNS, TARIFF_COLUMNS
from eur_pipeline.billing.times import BAND_COLUMNS, HOLIDAY_COLUMNS
from eur_pipeline.errors import ConfigurationError
from eur_pipeline.project import Project

SIMPLE = "tariff.csv"
# The folder of all other files.
FOLDER = "tariff"
COLUMNS: Mapping[str, tuple[str, ...]] = {
    SIMPLE: TARIFF_COLUMNS,
    "plans.csv": PLAN_COLUMNS,
    "rates.csv": RATE_COLUMNS,
    "allowances.csv": ALLOWANCE_COLUMNS,
    "assignments.csv": ASSIGNMENT_COLUMNS,
    "time_bands.csv": BAND_COLUMNS,
    "holidays.csv": HOLIDAY_COLUMNS,
    "taxes.csv": TAX_COLUMNS,
}


@dataclass(frozen=True)
class TariffFiles:
    """The place of every file of a tariff, by its name in a project; there need not be a file."""

    paths: Mapping[str, Path]

    def path(self, name: str) -> Path:
        """Where the file that is `rates.csv`, say, lies."""
        return self.paths[name]


def files_of(project: Project) -> TariffFiles:
    """The project's own files."""
    return TariffFiles({name: project.path / place_of(name) for name in COLUMNS})


def place_of(name: str) -> str:
    """Where the file of that name lies in a project, as `tariff/rates.csv`."""
    return name if name == SIMPLE else f"{FOLDER}/{name}"


def files_with(project: Project, plans: Sequence[Path]) -> TariffFiles:
    """The project's own files, with others in the place of some.

    A CSV file takes the place of the one that has its columns, whatever it is called. A folder
    takes the place of all of `tariff/`, and, where it has a `tariff.csv`, of that too. It is a
    folder like `tariff/`, or holds one beside `tariff.csv` as a project does.

    Raises:
        ConfigurationError: A path does not exist, is nothing of the kind, or says again what
            another one says.
    """
    paths = dict(files_of(project).paths)
    given: dict[str, Path] = {}
    # Folders first: a file beside one is meant to replace one of the folder's.
    for plan in sorted(plans, key=lambda path: not path.is_dir()):
        if plan.is_dir():
            _require_one("folder", plan, given)
            paths |= _files_of_folder(plan)
        else:
            name = _name_of(plan)
            _require_one(name, plan, given)
            paths[name] = plan
    return TariffFiles(paths)


def _files_of_folder(folder: Path) -> Mapping[str, Path]:
    inner = folder / FOLDER
    of_plans = inner if inner.is_dir() else folder
    found = {name: of_plans / name for name in COLUMNS if name != SIMPLE}
    if (folder / SIMPLE).exists():
        return {SIMPLE: folder / SIMPLE, **found}
    if not any(path.exists() for path in found.values()):
        raise ConfigurationError(
            f"{folder}: expected a folder with files of a tariff ({', '.join(COLUMNS)}); "
            f"found none of them"
        )
    return found


def _name_of(path: Path) -> str:
    """Which file of a tariff it is, by its columns."""
    columns = set(read_columns(path))
    for name, wanted in COLUMNS.items():
        if columns.issuperset(wanted):
            return name
    near = max(COLUMNS, key=lambda name: len(columns.intersection(COLUMNS[name])))
    raise ConfigurationError(
        f"{path}, line 1: expected the columns of a file of a tariff, such as {near} "
        f"({', '.join(COLUMNS[near])}); found {', '.join(sorted(columns))}"
    )


def _require_one(name: str, path: Path, given: dict[str, Path]) -> None:
    other = given.setdefault(name, path)
    if other != path:
        what = "another folder" if name == "folder" else f"another {name}"
        raise ConfigurationError(f"{path}: {other} is {what}; give one of the two")
