"""Runs whose process is gone are ended, and what they held is free; all others are left alone."""

import json
import socket
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import dagster as dg
import psutil

from assets.killed_runs import UNTAGGED_GRACE_SECONDS, fail_killed_runs
from assets.sensors import killed_runs_sensor
from resources.processes import HOST_TAG, PID_TAG, PROCESS_STARTED_TAG, RUN_TAG, process_tags

STARTED = dg.DagsterRunStatus.STARTED


def _add_run(
    instance: dg.DagsterInstance,
    tags: dict[str, str] | None = None,
    status: dg.DagsterRunStatus = STARTED,
) -> str:
    """A run of that status, which has tagged itself where there are tags; its id."""
    run = dg.DagsterRun(job_name="collect_geneva_im", status=status)
    if tags is not None:
        run = run.with_tags({RUN_TAG: run.run_id, **tags})
    instance.add_run(run)
    return run.run_id


def _status(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


def _own_tags() -> dict[str, str]:
    """Those of this process, which lives."""
    return {tag: value for tag, value in process_tags("").items() if tag != RUN_TAG}


def _tags_of_a_dead_process() -> dict[str, str]:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        started = psutil.Process(process.pid).create_time()
        process.kill()
    return {
        HOST_TAG: socket.gethostname(),
        PID_TAG: str(process.pid),
        PROCESS_STARTED_TAG: str(started),
    }


def test_a_run_whose_process_is_gone_is_failed(instance: dg.DagsterInstance) -> None:
    killed = _add_run(instance, _tags_of_a_dead_process())
    assert fail_killed_runs(instance, time.time()) == [killed]
    assert _status(instance, killed) is dg.DagsterRunStatus.FAILURE
    assert fail_killed_runs(instance, time.time()) == []


def test_a_run_whose_process_nobody_has_buried_yet_is_failed(
    instance: dg.DagsterInstance,
) -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    tags = {
        **_own_tags(),
        PID_TAG: str(process.pid),
        PROCESS_STARTED_TAG: str(psutil.Process(process.pid).create_time()),
    }
    try:
        killed = _add_run(instance, tags)
        assert fail_killed_runs(instance, time.time()) == []
        process.kill()
        while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
        assert fail_killed_runs(instance, time.time()) == [killed]
    finally:
        process.communicate()


def test_a_run_whose_process_lives_is_left(instance: dg.DagsterInstance) -> None:
    _add_run(instance, _own_tags())
    assert fail_killed_runs(instance, time.time() + 10 * UNTAGGED_GRACE_SECONDS) == []


def test_a_number_that_was_given_to_another_process_does_not_count(
    instance: dg.DagsterInstance,
) -> None:
    tags = _own_tags()
    tags[PROCESS_STARTED_TAG] = str(float(tags[PROCESS_STARTED_TAG]) - 1000)
    killed = _add_run(instance, tags)
    assert fail_killed_runs(instance, time.time()) == [killed]


def test_a_run_on_another_host_is_left(instance: dg.DagsterInstance) -> None:
    _add_run(instance, {**_tags_of_a_dead_process(), HOST_TAG: "elsewhere"})
    assert fail_killed_runs(instance, time.time()) == []


def test_a_run_that_has_not_tagged_itself_is_left_while_it_is_young(
    instance: dg.DagsterInstance,
) -> None:
    run = _add_run(instance)
    now = time.time()
    assert fail_killed_runs(instance, now) == []
    assert fail_killed_runs(instance, now + UNTAGGED_GRACE_SECONDS + 60) == [run]


def test_a_retry_with_the_tags_of_the_run_before_is_left_while_it_is_young(
    instance: dg.DagsterInstance,
) -> None:
    _add_run(instance, {**_tags_of_a_dead_process(), RUN_TAG: "the run before"})
    assert fail_killed_runs(instance, time.time()) == []


def test_an_untagged_run_lives_as_long_as_its_code_server(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    server = {".dagster/grpc_info": json.dumps({"socket": str(tmp_path / "s")})}
    run = dg.DagsterRun(job_name="collect_geneva_im", status=STARTED, tags=server)
    instance.add_run(run)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        listening.listen()
        assert fail_killed_runs(instance, time.time()) == []
    assert fail_killed_runs(instance, time.time()) == [run.run_id]


def test_a_run_that_was_made_and_never_launched_is_failed_in_the_end(
    instance: dg.DagsterInstance,
) -> None:
    made = _add_run(instance, status=dg.DagsterRunStatus.NOT_STARTED)
    assert fail_killed_runs(instance, time.time()) == []
    assert fail_killed_runs(instance, time.time() + UNTAGGED_GRACE_SECONDS + 60) == [made]


def test_runs_that_are_over_are_left(instance: dg.DagsterInstance) -> None:
    for status in (
        dg.DagsterRunStatus.SUCCESS,
        dg.DagsterRunStatus.FAILURE,
        dg.DagsterRunStatus.CANCELED,
    ):
        _add_run(instance, _tags_of_a_dead_process(), status)
    later = time.time() + timedelta(days=1).total_seconds()
    assert fail_killed_runs(instance, later) == []


def test_what_a_killed_run_held_is_free_again() -> None:
    # Instances in memory have no pools.
    with dg.instance_for_test() as instance:
        storage, pool = instance.event_log_storage, "sftp_geneva_im"
        storage.set_concurrency_slots(pool, 1)
        killed = _add_run(instance, _tags_of_a_dead_process())
        assert storage.claim_concurrency_slot(pool, killed, "step").is_claimed
        other = _add_run(instance, _own_tags())
        assert not storage.claim_concurrency_slot(pool, other, "step").is_claimed

        fail_killed_runs(instance, time.time())

        assert storage.claim_concurrency_slot(pool, other, "step").is_claimed


def test_a_slot_is_freed_whoever_found_out_that_its_run_was_killed() -> None:
    with dg.instance_for_test() as instance:
        storage, pool = instance.event_log_storage, "sftp_geneva_im"
        storage.set_concurrency_slots(pool, 1)
        failed = _add_run(instance, _own_tags())
        assert storage.claim_concurrency_slot(pool, failed, "step").is_claimed
        run = instance.get_run_by_id(failed)
        assert run is not None
        instance.report_run_failed(run, "the code server noticed")

        assert fail_killed_runs(instance, time.time()) == []

        other = _add_run(instance, _own_tags())
        assert storage.claim_concurrency_slot(pool, other, "step").is_claimed


def test_the_sensor_ends_killed_runs_and_names_them(instance: dg.DagsterInstance) -> None:
    killed = _add_run(instance, _tags_of_a_dead_process())
    with dg.build_sensor_context(instance) as context:
        assert killed_runs_sensor.evaluate_tick(context).skip_message == f"ended {killed}"
        assert killed_runs_sensor.evaluate_tick(context).skip_message == "no run was killed"
