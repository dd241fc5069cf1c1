"""One scan finds the same broken rules as a query for each of them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from eur_pipeline.errors import ModelError
from eur_pipeline.models import build, load_models
from eur_pipeline.models.model import ModelTest, Severity
from eur_pipeline.models.running import Run
from eur_pipeline.models.testing import run_test, run_tests
from eur_pipeline.project import Project
from tests.models.lake_project import make_project, record, write_archive
from tests.models.rebuilt import rebuilt

pytestmark = pytest.mark.xdist_group("testing")

MODELS = {model.name: model for model in load_models()}
MESSAGES = MODELS["messages"]
RULES = [test for test in MESSAGES.tests if test.condition]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Two messages, on two days."""
    project = make_project(tmp_path_factory.mktemp("testing"))
    rows = [record("2026-03-10T12:00"), record("2026-03-11T12:00", body="bye")]
    write_archive(project, "a.xml", rows)
    assert build(project).committed
    return project


@pytest.fixture
def run(built: Project, tmp_path: Path) -> Iterator[Run]:
    """A build whose tables can be damaged before they are tested."""
    with rebuilt(built, tmp_path) as run:
        yield run


def broken(run: Run, tests: list[ModelTest]) -> dict[str, int]:
    return {r.test.name: r.failing_rows for r in run_tests(run, tests) if not r.passed}


@pytest.mark.parametrize("value", ["null", "'unheard of'"])
def test_the_results_are_those_of_each_rule_by_itself(run: Run, value: str) -> None:
    found = 0
    for model in MODELS.values():
        damages = [
            f'"{column.name}" = {value}'
            for column in model.columns
            if column.name != model.grain and (value == "null" or column.type == "varchar")
        ]
        run.connection.execute(f"update {model.table} set {', '.join(damages)}")
        tests = [test for test in model.tests if not test.is_of_rows]
        results = run_tests(run, tests)
        assert results == tuple(run_test(run, test) for test in tests)
        found += sum(not result.passed for result in results)
    assert found


def test_only_what_is_broken_is_reported_with_its_rows(run: Run) -> None:
    run.connection.execute(
        "update messages set kind = 'shout', sender = null where local_date = '2026-03-10'"
    )
    results = run_tests(run, RULES)
    assert [result.test for result in results] == RULES
    found = {result.test.name: result for result in results if not result.passed}
    assert found.keys() == {"not_null_messages_sender", "accepted_values_messages_kind"}
    assert found["accepted_values_messages_kind"].sample == ({"kind": "shout", "times": 1},)
    assert found["not_null_messages_sender"].failing_rows == 1


def test_rules_are_about_the_rebuilt_dates_and_of_severity_warn_about_all(run: Run) -> None:
    run.connection.execute("update messages set kind = 'shout'")
    run.rebuilt["messages"] = run.dates("messages")[:1]
    (rule,) = [test for test in RULES if test.name == "accepted_values_messages_kind"]
    warning = replace(rule, name="warning", severity=Severity.WARN)
    (first, second) = run_tests(run, [rule, warning])
    assert (first.sample[0]["times"], second.sample[0]["times"]) == (1, 2)
    run.rebuilt["messages"] = ()
    assert broken(run, [rule, warning]) == {"warning": 1}


def test_a_rule_that_cannot_be_run_is_named(run: Run) -> None:
    odd = replace(
        RULES[0],
        name="odd",
        condition="nothing is null",
        template=replace(
            RULES[0].template,
            text="select * from {{ ref('messages') }} where nothing is null",
        ),
    )
    with pytest.raises(ModelError, match="test odd cannot be run"):
        run_tests(run, [*RULES, odd])
