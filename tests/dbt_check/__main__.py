"""Runs dbt beside the project's own build: `python -m tests.dbt_check [PROJECT...]`.

Without a project: over the demo, and over the world of all boundary cases of rating.
Exit code 0: every table has the same columns, types and rows, and dbt ran as many tests, which find
the same; 1: that is not so; 77: dbt cannot be installed here, and nothing was checked.
"""

import sys
import tempfile
from pathlib import Path

from rich.console import Console

from eur_pipeline.models import build, load_models
from eur_pipeline.project import Project
from tests.dbt_check.comparing import Comparison, compare
from tests.dbt_check.installing import NoDbtError, install_dbt
from tests.dbt_check.projects import make_demo, make_world
from tests.dbt_check.running import DbtRun, run_dbt

SKIPPED = 77
_console = Console(highlight=False, soft_wrap=True)


def main() -> int:
    """Check every project."""
    try:
        dbt = install_dbt()
    except NoDbtError as error:
        _console.print(f"SKIPPED, nothing was checked: {error}", markup=False)
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="dbt-check-") as scratch:
        folder = Path(scratch)
        given = [Project(Path(path).absolute()) for path in sys.argv[1:]]
        projects = given or [make_demo(folder / "demo"), make_world(folder / "world")]
        alike = [_check(dbt, project, folder / f"run-{n}") for n, project in enumerate(projects)]
    return 0 if all(alike) else 1


def _check(dbt: Path, project: Project, folder: Path) -> bool:
    report = build(project)
    if not report.committed:
        _console.print(f"{project.path}: {report.failures[0].message}", markup=False)
        return False
    run = run_dbt(dbt, project, folder)
    comparisons = compare(project.warehouse_path, run.database)
    _tell(project, run, comparisons)
    tests = sum(len(model.tests) for model in load_models())
    if run.tests != tests:
        _console.print(f"{project.path.name}: dbt has {run.tests} tests, the build has {tests}")
    found = {result.test.name: result.failing_rows for result in report.tests if not result.passed}
    if run.findings != found:
        _console.print(f"{project.path.name}: dbt's tests find {run.findings}, the build's {found}")
    is_alike = run.findings == found and all(c.is_equal for c in comparisons)
    return run.is_whole and run.tests == tests and is_alike


def _tell(project: Project, run: DbtRun, comparisons: list[Comparison]) -> None:
    for line in run.failures:
        _console.print(line, markup=False)
    for comparison in comparisons:
        if not comparison.is_equal:
            _console.print(str(comparison), markup=False)
    empty = [comparison.model for comparison in comparisons if not comparison.rows]
    equal = sum(comparison.is_equal for comparison in comparisons)
    rows = sum(comparison.rows for comparison in comparisons)
    _console.print(
        f"{project.path.name}: {equal} of {len(comparisons)} tables equal ({rows:,} rows); "
        f"dbt ran {run.models} models and {run.tests} tests, {len(run.failures)} of them failed; "
        f"rows found by tests: {run.findings or 'none'}; "
        f"without rows: {', '.join(empty) or 'none'}"
    )


if __name__ == "__main__":
    sys.exit(main())
