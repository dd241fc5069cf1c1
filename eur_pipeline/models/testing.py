"""Running the tests of models on what a build has rebuilt, before it is committed."""

import duckdb

from eur_pipeline.errors import ModelError
from eur_pipeline.models.model import ModelTest, Severity
from eur_pipeline.models.report import TestResult
from eur_pipeline.models.running import Run

SAMPLE_ROWS = 5


def run_test(run: Run, test: ModelTest) -> TestResult:
    """Look for rows that break the rule.

    Dates that were not rebuilt have passed before, or they would not have been committed. That is
    not so where a failure is only reported: such a test looks at all dates every time.
    """
    dates = run.rebuilt[test.model]
    if test.severity is Severity.WARN:
        dates = run.dates(test.model)
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
