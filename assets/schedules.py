"""Schedules: what happens even when no sensor asked for it."""

from collections.abc import Iterator

import dagster as dg

from assets import refusals
from assets.sensors import is_busy
from eur_pipeline.config import Collection
from eur_pipeline.intervals import ranges
from eur_pipeline.orchestrator import MODELS_JOB, collection_run, job_name
from resources.archive_server import ArchiveServerResource


def collection_schedule(collection: Collection) -> dg.ScheduleDefinition:
    """Launches the collection's job for all the work there is, as often as eur.yaml says."""

    @dg.schedule(
        name=f"{collection.name}_schedule",
        job_name=job_name(collection),
        cron_schedule=collection.schedule.cron,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Collects whatever is there, also what the sensor has given up.",
    )
    def schedule(
        context: dg.ScheduleEvaluationContext, archive_server: ArchiveServerResource
    ) -> Iterator[dg.RunRequest | dg.SkipReason]:
        if reason := is_busy(context.instance, collection):
            yield dg.SkipReason(reason)
            return
        with refusals.remembered(context.instance, archive_server, collection):
            hours = archive_server.backlog(collection.name).hours
        windows = ranges(hours, collection.interval_hours)
        if not windows:
            yield dg.SkipReason("nothing new")
        for window in windows:
            yield dg.RunRequest(
                run_key=f"{context.scheduled_execution_time:%Y-%m-%dT%H:%M}-{window.key()}",
                tags=collection_run(collection, window).tags,
            )

    return schedule


def nightly_models_schedule() -> dg.ScheduleDefinition:
    """A net below the automation: what it missed is built at night."""
    return dg.ScheduleDefinition(
        name="models_nightly",
        job_name=MODELS_JOB,
        cron_schedule="30 3 * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Rebuilds what is stale, whatever asked for it.",
    )
