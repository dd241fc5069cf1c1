"""The models' job: what was collected is built, tested, published and told."""

import logging
from dataclasses import replace

import dagster as dg
import duckdb
import pytest

from assets.model_checks import COLUMN_RULES, check_name
from assets.models import PUBLISHED
from eur_pipeline.models import building
from eur_pipeline.models.loading import load_models
from eur_pipeline.models.report import BuildReport, TestResult
from resources import warehouse
from tests.assets.location import CodeLocation
from tests.conftest import Remote, archive_xml

MODELS = load_models()
PRIVATE = "meet me at noon"


def test_messages_are_published_and_every_test_of_every_model_passes(
    location: CodeLocation, remote: Remote
) -> None:
    remote.put("a.xml", archive_xml(PRIVATE, "b"))
    assert location.collect().success

    result = location.build_models()

    assert result.success
    with duckdb.connect(location.project.published_path, read_only=True) as published:
        assert published.execute("select count(*) from messages").fetchone() == (2,)
    evaluations = result.get_asset_check_evaluations()
    assert all(evaluation.passed for evaluation in evaluations)
    assert {e.check_name for e in evaluations} == {check_name(t) for m in MODELS for t in m.tests}
    rules = sum(int(str(e.metadata["rules"].value)) for e in evaluations)
    assert rules == sum(len(model.tests) for model in MODELS)
    assert PRIVATE not in repr(result.all_events)
    told = {m.asset_key.to_user_string(): m for m in _materialized(result)}
    assert set(told) == {*(model.name for model in MODELS), PUBLISHED}
    assert told["messages"].metadata["dagster/row_count"].value == 2
    lineage = told["messages"].metadata["dagster/column_lineage"].value
    assert isinstance(lineage, dg.TableColumnLineage)
    assert lineage.deps_by_column["sent_at"]
    assert told[PUBLISHED].metadata["changed"].value is True


def _materialized(result: dg.ExecuteInProcessResult) -> list[dg.AssetMaterialization]:
    return [e.materialization for e in result.get_asset_materialization_events()]


def test_a_build_that_is_undone_is_not_tried_again_and_publishes_nothing(
    location: CodeLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    test, other = [t for t in MODELS[0].tests if not t.is_of_rows][:2]
    undone = BuildReport((), (TestResult(other, 0, ()), TestResult(test, 1, ({"name": "x"},))))
    monkeypatch.setattr(warehouse, "build", lambda *_: undone)

    result = location.build_models()

    assert not result.success
    (failure,) = result.get_step_failure_events()
    said = failure.step_failure_data.user_failure_data
    assert said
    assert test.name in (said.description or "")
    kinds = [event.event_type for event in result.all_events]
    assert dg.DagsterEventType.STEP_UP_FOR_RETRY not in kinds
    assert not location.project.published_path.exists()
    assert _materialized(result) == []
    (evaluation,) = result.get_asset_check_evaluations()
    assert not evaluation.passed
    assert evaluation.check_name == COLUMN_RULES
    assert evaluation.metadata["failing_rows"].value == 1
    assert test.name in evaluation.metadata


def test_what_a_build_did_without_is_a_warning_of_the_run(
    location: CodeLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = building.build
    warned = "could not fetch directory"
    monkeypatch.setattr(warehouse, "build", lambda *a: replace(built(*a), warnings=(warned,)))

    result = location.build_models()

    assert result.success
    logged = {e.user_message: e.level for e in location.instance.all_logs(result.run_id)}
    assert logged[warned] == logging.WARNING
