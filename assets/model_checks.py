"""The tests of the SQL models as asset checks: what they are called, and what they found.

A test of rows is a check of its own. The rules of a model's columns are one check together: Dagster
stores three events a check, and hundreds of `not_null` made that the longest part of a run. What a
test asks is the models' business.
"""

from collections.abc import Iterable, Iterator, Sequence, Set
from itertools import groupby

import dagster as dg

from assets import metadata
from eur_pipeline.models.model import Model, ModelTest, Severity
from eur_pipeline.models.report import TestResult

COLUMN_RULES = "column_rules"


def check_name(test: ModelTest) -> str:
    """The check that the test belongs to."""
    return test.name if test.is_of_rows else COLUMN_RULES


def check_specs(model: Model) -> Iterator[dg.AssetCheckSpec]:
    """The model's checks."""
    for name, tests in groupby(sorted(model.tests, key=check_name), check_name):
        described = "\n".join(f"- {test.description}" for test in tests)
        yield dg.AssetCheckSpec(name, asset=model.name, description=described)


def check_results(
    results: Iterable[TestResult], wanted: Set[dg.AssetCheckKey]
) -> Iterator[dg.AssetCheckResult]:
    """What the tests of the wanted checks found."""
    for (model, name), found in groupby(sorted(results, key=_key), _key):
        key = dg.AssetCheckKey(dg.AssetKey(model), name)
        if key in wanted:
            yield _check_result(key, list(found))


def _key(result: TestResult) -> tuple[str, str]:
    return result.test.model, check_name(result.test)


def _check_result(key: dg.AssetCheckKey, results: Sequence[TestResult]) -> dg.AssetCheckResult:
    failed = [result for result in results if not result.passed]
    severities = {result.test.severity for result in failed or results}
    is_error = Severity.ERROR in severities
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=not failed,
        severity=dg.AssetCheckSeverity.ERROR if is_error else dg.AssetCheckSeverity.WARN,
        metadata={
            "rules": len(results),
            "failing_rows": sum(result.failing_rows for result in failed),
            **{result.test.name: metadata.table(result.sample) for result in failed},
        },
    )
