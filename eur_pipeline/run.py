"""One run of the whole pipeline, now and without the UI: every collection, then the models.

Decides which Dagster runs are needed; starting them is the orchestrator's business.
"""

import datetime as dt
from collections.abc import Callable
from itertools import zip_longest

from eur_pipeline.collect.backlog import backlog
from eur_pipeline.config import Collection
from eur_pipeline.errors import EurError, OrchestratorError
from eur_pipeline.intervals import Window, ranges
from eur_pipeline.orchestrator import (
    MODELS_JOB,
    Run,
    collection_run,
    execute,
    fail_killed_runs,
)
from eur_pipeline.project import Project

Announce = Callable[[str], None]


def run(project: Project, window: Window | None, announce: Announce) -> None:
    """Collect and read what there is (or those upload hours again), then build and publish.

    What fails in one collection stops neither the others nor the models; it is raised at the end.
    """
    failures: list[EurError] = []
    announce("Looking after runs that were killed")
    fail_killed_runs(project)
    queues = [
        _runs(project, collection, window, announce, failures)
        for collection in project.config.collections
    ]
    # One run of each collection at a time, side by side: a pool admits no two of the same.
    for runs in zip_longest(*queues):
        _execute(project, [r for r in runs if r], announce, failures)
    _execute(project, [Run(MODELS_JOB, {})], announce, failures)
    if failures:
        raise OrchestratorError("\n".join(str(failure) for failure in failures)) from failures[0]


def _runs(
    project: Project,
    collection: Collection,
    window: Window | None,
    announce: Announce,
    failures: list[EurError],
) -> list[Run]:
    """The runs that a collection needs, in order of time."""
    try:
        if window is not None:
            hours = _hours_of_its_life(collection, window)
        else:
            announce(f"Listing {collection.name}")
            hours = backlog(project, collection).hours
    except EurError as failure:
        failures.append(failure)
        return []
    return [collection_run(collection, w) for w in ranges(hours, collection.interval_hours)]


def _hours_of_its_life(collection: Collection, window: Window) -> frozenset[dt.datetime]:
    """The hours of the window since the collection's start and until now; others have no runs."""
    now = dt.datetime.now(dt.UTC)
    return frozenset(hour for hour in window.hours() if collection.start_at <= hour <= now)


def _execute(
    project: Project, runs: list[Run], announce: Announce, failures: list[EurError]
) -> None:
    announce(f"Running {', '.join(run.job for run in runs)}")
    try:
        execute(project, runs)
    except OrchestratorError as failure:
        failures.append(failure)
