"""Failures as Dagster sees them: permanent ones are final, transient ones are tried again."""

import os
import socket
from typing import Any

import dagster as dg
import psutil
import pytest

from assets import collections
from assets.runs import (
    FAILURE_TAG,
    PERMANENT,
    RETRIES,
    explained,
)
from eur_pipeline.collect.collector import collect
from eur_pipeline.collect.report import CollectReport
from eur_pipeline.errors import EurError, LoginRefusedError, ServerUnreachableError
from resources import archive_server
from resources.processes import HOST_TAG, PID_TAG, PROCESS_STARTED_TAG, RUN_TAG
from tests.assets.location import CodeLocation
from tests.conftest import PASSWORD_VARIABLE, Remote, archive_xml

AT_ONCE = dg.RetryPolicy(max_retries=RETRIES.max_retries)


def _run(
    instance: dg.DagsterInstance, errors: list[EurError]
) -> tuple[dg.ExecuteInProcessResult, int]:
    """Materialise an asset that fails with one error after the other; how often it was tried."""
    attempts = 0

    @dg.asset(retry_policy=AT_ONCE)
    def troubled(context: dg.AssetExecutionContext) -> None:
        nonlocal attempts
        attempts += 1
        with explained(context):
            if errors:
                raise errors.pop(0)

    result = dg.materialize([troubled], instance=instance, raise_on_error=False)
    return result, attempts


def _tags(instance: dg.DagsterInstance, result: dg.ExecuteInProcessResult) -> dict[str, str]:
    run = instance.get_run_by_id(result.run_id)
    assert run is not None
    return dict(run.tags)


def test_a_transient_failure_is_tried_again(instance: dg.DagsterInstance) -> None:
    result, attempts = _run(instance, [ServerUnreachableError("the link was lost")])
    assert result.success
    assert attempts == 2
    assert FAILURE_TAG not in _tags(instance, result)


def test_transient_failures_are_given_up_after_some_attempts(
    instance: dg.DagsterInstance,
) -> None:
    result, attempts = _run(instance, [ServerUnreachableError("no answer")] * 10)
    assert not result.success
    assert attempts == 1 + RETRIES.max_retries
    assert FAILURE_TAG not in _tags(instance, result)


def test_a_permanent_failure_is_tried_once_and_noted(instance: dg.DagsterInstance) -> None:
    result, attempts = _run(instance, [LoginRefusedError("wrong password")] * 10)
    assert not result.success
    assert attempts == 1
    assert _tags(instance, result)[FAILURE_TAG] == PERMANENT


def test_a_failure_says_what_the_core_said(instance: dg.DagsterInstance) -> None:
    result, _ = _run(instance, [LoginRefusedError("refused; check EUR_PASSWORD")])
    (event,) = result.get_step_failure_events()
    failure = event.step_failure_data.user_failure_data
    assert failure is not None
    assert failure.description == "refused; check EUR_PASSWORD"


def test_pauses_between_attempts_grow() -> None:
    assert [RETRIES.calculate_delay(n) for n in (1, 2)] == [5, 15]


def test_a_run_says_which_process_it_is(location: CodeLocation) -> None:
    result = location.collect()
    tags = _tags(location.instance, result)
    assert tags[RUN_TAG] == result.run_id
    assert (tags[HOST_TAG], tags[PID_TAG]) == (socket.gethostname(), str(os.getpid()))
    assert float(tags[PROCESS_STARTED_TAG]) == psutil.Process().create_time()


def _count(result: dg.ExecuteInProcessResult, kind: dg.DagsterEventType) -> int:
    return [event.event_type for event in result.all_events].count(kind)


def test_a_wrong_password_stops_a_collection_after_one_attempt(
    location: CodeLocation, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote.put("im.xml", archive_xml("hello"))
    monkeypatch.setenv(PASSWORD_VARIABLE, "not-this-one")

    result = location.collect()

    assert not result.success
    assert _count(result, dg.DagsterEventType.STEP_START) == 1
    assert _count(result, dg.DagsterEventType.STEP_UP_FOR_RETRY) == 0
    assert _tags(location.instance, result)[FAILURE_TAG] == PERMANENT
    assert "not-this-one" not in repr(result.all_events)
    assert remote.names() == ["im.xml"]


def test_a_lost_link_is_got_over_within_the_run(
    location: CodeLocation, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = [ServerUnreachableError("the link was lost")] * 2

    def collect_at_last(*arguments: Any, **options: Any) -> CollectReport:
        if losses:
            raise losses.pop()
        return collect(*arguments, **options)

    monkeypatch.setattr(archive_server, "collect", collect_at_last)
    monkeypatch.setattr(collections, "RETRIES", AT_ONCE)
    remote.put("im.xml", archive_xml("hello"))

    result = location.collect()

    assert result.success
    assert _count(result, dg.DagsterEventType.STEP_RESTARTED) == 2
    assert remote.names() == []
