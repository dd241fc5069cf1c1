"""Starts Dagster for the command line: its home, its processes, and their logs.

What Dagster then runs is declared in `assets`, which this never imports.
"""

import datetime as dt
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from eur_pipeline.config import Collection
from eur_pipeline.errors import OrchestratorError
from eur_pipeline.intervals import Window
from eur_pipeline.project import HOME_VARIABLE, Project
from eur_pipeline.storage import LocalStore, make_private_folder

DEFINITIONS = "assets.definitions"
CODE_LOCATION = "eur_pipeline"
UI_HOST = "127.0.0.1"
MODELS_JOB = "models"

# Dagster's tags for a run over a range of partitions.
RANGE_START_TAG = "dagster/asset_partition_range_start"
RANGE_END_TAG = "dagster/asset_partition_range_end"

_WORKSPACE = f"""\
load_from:
  - python_module: {{module_name: {DEFINITIONS}, location_name: {CODE_LOCATION}}}
"""

# Pools keep two runs off one server and off the warehouse; all sensors tick side by side, so that a
# slow server delays no other; run monitoring is the backstop for runs that hang.
_INSTANCE = """\
telemetry: {enabled: false}
nux: {enabled: false}
python_logs: {python_log_level: INFO}
concurrency:
  pools: {default_limit: 1, granularity: op}
  runs: {max_concurrent_runs: 4}
run_coordinator:
  module: dagster
  class: QueuedRunCoordinator
  config: {dequeue_interval_seconds: 1}
run_monitoring: {enabled: true, start_timeout_seconds: 180, max_runtime_seconds: 14400}
run_retries: {enabled: true, max_retries: 3, retry_on_asset_or_op_failure: false}
sensors: {use_threads: true, num_workers: %(sensors)d}
schedules: {use_threads: true, num_workers: 2}
retention:
  sensor: {purge_after_days: {skipped: 2, failure: 30, success: 90}}
  schedule: {purge_after_days: 90}
"""

# Those that belong to no collection, the automation's among them.
_OTHER_SENSORS = 3

_LOG_TAIL_LINES = 30
# DuckDB's bindings complain so when an exception outlives them; it would hide the exception itself.
_NOISE_AT_EXIT = "nanobind: leaked"


@dataclass(frozen=True)
class Run:
    """One run to be made: a job, and the partitions it covers."""

    job: str
    tags: Mapping[str, str]

    @property
    def label(self) -> str:
        """What a person calls it; also names its log."""
        return "-".join([self.job, *self.tags.values()])


def job_name(collection: Collection) -> str:
    """The job that works for a collection."""
    return f"collect_{collection.name}"


def collection_run(collection: Collection, window: Window) -> Run:
    """The run that collects and reads the intervals of that window."""
    *_, last = window.intervals(collection.interval_hours)
    return Run(job_name(collection), {RANGE_START_TAG: window.key(), RANGE_END_TAG: last.key()})


def prepare_home(project: Project) -> None:
    """Write what Dagster reads from its home; cheap, and the same every time."""
    home = project.dagster_home
    make_private_folder(home)
    store = LocalStore(home)
    sensors = len(project.config.collections) + _OTHER_SENSORS
    instance = _INSTANCE % {"sensors": sensors}
    for name, text in (("dagster.yaml", instance), ("workspace.yaml", _WORKSPACE)):
        # Never half written, and never touched for nothing: Dagster may be at work here.
        if not store.path(name).exists() or store.read(name) != text.encode():
            store.write(name, text.encode())


def _environment(project: Project) -> dict[str, str]:
    """The environment of Dagster's processes."""
    return {
        **os.environ,
        HOME_VARIABLE: str(project.path),
        "DAGSTER_HOME": str(project.dagster_home),
        "DAGSTER_DISABLE_TELEMETRY": "1",
    }


def fail_killed_runs(project: Project) -> None:
    """End the runs whose processes are gone, and free what they hold; sets up a new home."""
    prepare_home(project)
    _run_all(project, {"killed-runs": [sys.executable, "-m", "assets.killed_runs"]})


def execute(project: Project, runs: Iterable[Run]) -> None:
    """Execute runs side by side; an OrchestratorError shows the end of a failed one's log."""
    _run_all(project, {run.label: _command(run) for run in runs})


@dataclass(frozen=True)
class Process:
    """A process of Dagster's, and the file that has its messages."""

    popen: subprocess.Popen[bytes]
    log: Path

    def last_lines(self) -> str:
        """How its log ends."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        lines = text.partition(_NOISE_AT_EXIT)[0].splitlines()
        return "\n".join(lines[-_LOG_TAIL_LINES:])


def start_ui(project: Project, port: int) -> Process:
    """Start UI and daemon, on loopback only, in a session of their own."""
    workspace = project.dagster_home / "workspace.yaml"
    arguments = ["dev", "--workspace", str(workspace), "--host", UI_HOST, "--port", str(port)]
    quiet = ["--log-level", "warning", "--code-server-log-level", "warning"]
    return _start(project, "up", [sys.executable, "-m", "dagster", *arguments, *quiet])


def _command(run: Run) -> list[str]:
    arguments = ["job", "execute", "-m", DEFINITIONS, "-j", run.job]
    return [sys.executable, "-m", "dagster", *arguments, "--tags", json.dumps(dict(run.tags))]


def _run_all(project: Project, commands: Mapping[str, list[str]]) -> None:
    with _processes(project, commands) as running:
        failed = {label: p for label, p in running.items() if p.popen.wait() != 0}
    if failed:
        raise OrchestratorError(
            "\n".join(
                f"the Dagster run {label!r} failed; its whole log is {process.log}, which ends:\n"
                + process.last_lines()
                for label, process in failed.items()
            )
        )


@contextmanager
def _processes(project: Project, commands: Mapping[str, list[str]]) -> Iterator[dict[str, Process]]:
    """Start them all; whatever still runs when the block ends is terminated."""
    running: dict[str, Process] = {}
    try:
        for label, command in commands.items():
            running[label] = _start(project, label, command)
        yield running
    finally:
        for process in running.values():
            if process.popen.poll() is None:
                process.popen.terminate()
                process.popen.wait()


def _start(project: Project, label: str, command: list[str]) -> Process:
    log = _log_path(project, label)
    with log.open("wb") as output:
        popen = subprocess.Popen(
            command,
            env=_environment(project),
            # Dagster gives whatever a .env in its folder says to all its processes, for as long as
            # they live; ours read the project's when they need it, and see when it is changed.
            cwd=log.parent,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C is for the command that started it, which ends it in an orderly way.
            start_new_session=True,
        )
    return Process(popen, log)


def _log_path(project: Project, label: str) -> Path:
    folder = project.path / "data" / "logs"
    make_private_folder(folder)
    started = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%S")
    return folder / f"{started}-{label}.log"
