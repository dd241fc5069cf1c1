"""A project's code location as the tests drive it: runs in this process, ticks of its sensors."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from unittest.mock import Mock

import dagster as dg
from dagster._core.instance.ref import InstanceRef

from assets.definitions import build_definitions, project_resources
from eur_pipeline.intervals import Window
from eur_pipeline.orchestrator import (
    MODELS_JOB,
    RANGE_END_TAG,
    RANGE_START_TAG,
    collection_run,
)
from eur_pipeline.project import Project
from tests.conftest import UPLOADED

HOUR = dt.timedelta(hours=1)
JOB = "collect_geneva_im"
RAW_ARCHIVES = "geneva_im_raw_archives"
MESSAGES = "geneva_im_messages"

THE_HOUR = Window(UPLOADED, UPLOADED + HOUR)


@dataclass(frozen=True)
class Tick:
    """What a sensor or schedule decided: the runs it asks for, or why it asks for none."""

    requests: Sequence[dg.RunRequest]
    skipped: str | None
    cursor: str | None = None
    verdicts: Sequence[bool] = ()

    @property
    def ranges(self) -> list[tuple[str, str]]:
        """First and last partition of every run that is asked for."""
        return [(r.tags[RANGE_START_TAG], r.tags[RANGE_END_TAG]) for r in self.requests]


@dataclass(frozen=True)
class CodeLocation:
    """A project's definitions, and the instance that its runs are recorded in."""

    project: Project
    instance: dg.DagsterInstance

    @property
    def definitions(self) -> dg.Definitions:
        """Made anew, as a code server makes them from the files as they are."""
        return build_definitions(Project(self.project.path))

    def collect(self, window: Window = THE_HOUR) -> dg.ExecuteInProcessResult:
        """Run the collection's job over that window."""
        run = collection_run(self.project.config.collections[0], window)
        return self._execute(run.job, dict(run.tags))

    def build_models(self) -> dg.ExecuteInProcessResult:
        return self._execute(MODELS_JOB, {})

    def ask_sensor(self, cursor: str | None = None) -> Tick:
        """One tick of the collection's sensor; raises what the tick fails with."""
        sensor = self.definitions.resolve_sensor_def("geneva_im_new_archives")
        resources = project_resources(self.project)
        with dg.build_sensor_context(self.instance, cursor, resources=resources) as context:
            result = sensor.evaluate_tick(context)
        verdicts = [e.passed for e in result.asset_events if isinstance(e, dg.AssetCheckEvaluation)]
        return Tick(result.run_requests or [], result.skip_message, result.cursor, verdicts)

    def ask_schedule(self, at: dt.datetime) -> Tick:
        """One tick of the collection's schedule at that time."""
        schedule = self.definitions.resolve_schedule_def("geneva_im_schedule")
        resources = project_resources(self.project)
        with dg.build_schedule_context(scheduled_execution_time=at, resources=resources) as context:
            # A context for tests takes no instance that is in memory, other than so.
            held = {"_instance": self.instance, "_instance_ref": Mock(spec=InstanceRef)}
            for name, value in held.items():
                setattr(context, name, value)
            result = schedule.evaluate_tick(context)
        return Tick(result.run_requests or [], result.skip_message)

    def run(self, request: dg.RunRequest) -> dg.ExecuteInProcessResult:
        """Run what the collection's sensor asked for."""
        return self._execute(JOB, dict(request.tags))

    def _execute(self, job: str, tags: dict[str, str]) -> dg.ExecuteInProcessResult:
        return self.definitions.resolve_job_def(job).execute_in_process(
            instance=self.instance, tags=tags, raise_on_error=False
        )


def verdicts(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    """By name, whether each check passed."""
    return {e.check_name: e.passed for e in result.get_asset_check_evaluations()}


def facts(result: dg.ExecuteInProcessResult, asset: str) -> dict[str, dict[str, object]]:
    """By partition, the plain values of an asset's metadata."""
    return {
        event.partition or "": {name: entry.value for name, entry in event.metadata.items()}
        for event in result.asset_materializations_for_node(asset)
    }
