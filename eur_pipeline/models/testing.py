"""Running the tests of models on what a build has rebuilt, before it is committed.

Most rules of columns are broken by single rows. One scan over a model's rows tells which of these
rules are: that takes a small part of a query for each, and few rules are ever broken.
"""

import datetime as dt
from collections.abc import Collection

import duckdb

from eur_pipeline.errors import ModelError
from eur_pipeline.models.model import ModelTest, Severity
from eur_pipeline.models.report import TestResult
from eur_pipeline.models.running import Run

SAMPLE_ROWS = 5


def run_tests(run: Run, tests: Collection[ModelTest]) -> tuple[TestResult, ...]:
    """The results of these tests, all of them of one model, in their order."""
    kept = {name for severity in Severity for name in _kept_by_all_rows(run, tests, severity)}
    return tuple(
        TestResult(test, 0, ()) if test.name in kept else run_test(run, test) for test in tests
    )


def _kept_by_all_rows(run: Run, tests: Collection[ModelTest], severity: Severity) -> list[str]:
    """Of the tests of this severity whose rules single rows break: those that no row breaks."""
    asked = [test for test in tests if test.condition and test.severity is severity]
    if not asked:
        return []
    rows = run.rows_on(run.models[asked[0].model], _dates(run, asked[0]))
    if rows is None:
        return [test.name for test in asked]
    broken = ", ".join(f"bool_or({test.condition})" for test in asked)
    try:
        found = run.connection.execute(f"select {broken} from {rows} as rows").fetchone() or ()
    except duckdb.Error:
        # Run by itself, a test that cannot be run says that it is the one.
        return []
    return [test.name for test, is_broken in zip(asked, found, strict=True) if not is_broken]


def _dates(run: Run, test: ModelTest) -> tuple[dt.date, ...]:
    """The dates to look at.

    Those that were not rebuilt have passed before, or they would not have been committed. That is
    not so where a failure is only reported: such a test looks at all dates every time.
    """
    return run.dates(test.model) if test.severity is Severity.WARN else run.rebuilt[test.model]


def run_test(run: Run, test: ModelTest) -> TestResult:
    """Look for rows that break the rule."""
    dates = _dates(run, test)
    if not dates:
        return TestResult(test, 0, ())
    query = run.compile(test.template, test.name, dates)
    try:
        found = run.connection.execute(
            f"select *, count(*) over () from ({query}) as failing limit {SAMPLE_ROWS}"
        )
        names = [column[0] for column in found.description or ()][:-1]
        rows = found.fetchall()
    except duckdb.Error as error:
        raise ModelError(f"test {test.name} cannot be run: {error}") from error
    sample = tuple(dict(zip(names, row, strict=False)) for row in rows)
    return TestResult(test, rows[0][-1] if rows else 0, sample)
