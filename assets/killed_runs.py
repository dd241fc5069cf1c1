"""Runs whose process was killed: ends them, and frees the pool slots that they hold.

A run that was killed together with its server stays STARTED and keeps its slot for ever; Dagster's
run monitoring does not see it. What such a run had begun is taken up by a retry or by a sensor.
"""

import json
import socket
from collections.abc import Mapping

import dagster as dg
import psutil

from resources.processes import HOST_TAG, PID_TAG, PROCESS_STARTED_TAG, RUN_TAG

# A run tags itself when it has loaded. Until then it lives as long as the code server that launched
# it, and no longer than this.
UNTAGGED_GRACE_SECONDS = 90

# Where Dagster notes the launching code server's socket.
_SERVER_TAG = ".dagster/grpc_info"

# psutil and the tag's text may differ in the last digits of a start time.
_SAME_START_SECONDS = 1.0

_BEGUN = [
    # Between being made and being launched; a kill there leaves it so for ever.
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def fail_killed_runs(instance: dg.DagsterInstance, now: float) -> list[str]:
    """Fail every begun run whose process is gone; the ids of those. `now` is a POSIX time."""
    records = instance.get_run_records(dg.RunsFilter(statuses=_BEGUN))
    killed = [r.dagster_run for r in records if _is_killed(r, now)]
    for run in killed:
        instance.report_run_failed(run, "The process of this run was killed.")
    _free_slots_of_finished_runs(instance)
    return [run.run_id for run in killed]


def _free_slots_of_finished_runs(instance: dg.DagsterInstance) -> None:
    """A killed process frees nothing, whoever found out that it was killed."""
    storage = instance.event_log_storage
    if not storage.supports_global_concurrency_limits:
        return
    for run_id in storage.get_concurrency_run_ids():
        run = instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            storage.free_concurrency_slots_for_run(run_id)


def _is_killed(record: dg.RunRecord, now: float) -> bool:
    tags = record.dagster_run.tags
    if tags.get(RUN_TAG) != record.dagster_run.run_id:
        age = now - record.update_timestamp.timestamp()
        return age > UNTAGGED_GRACE_SECONDS or _server_is_gone(tags)
    if tags[HOST_TAG] != socket.gethostname():
        return False
    return not _lives(int(tags[PID_TAG]), float(tags[PROCESS_STARTED_TAG]))


def _server_is_gone(tags: Mapping[str, str]) -> bool:
    path = json.loads(tags.get(_SERVER_TAG, "{}")).get("socket")
    if path is None:
        return False
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(path) != 0


def _lives(pid: int, started: float) -> bool:
    try:
        process = psutil.Process(pid)
        return (
            process.status() != psutil.STATUS_ZOMBIE
            and abs(process.create_time() - started) < _SAME_START_SECONDS
        )
    except psutil.NoSuchProcess:
        return False


if __name__ == "__main__":
    import time

    with dg.DagsterInstance.get() as _instance:
        fail_killed_runs(_instance, time.time())
