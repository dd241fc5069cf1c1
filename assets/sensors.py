"""Sensors: one per collection, one for changed inputs, and one that ends killed runs.

A sensor lists and decides; it downloads nothing. A listing that fails, fails the tick. Files that
wait for too long raise the check of their collection here, because no run may come to do so.
"""

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

import dagster as dg

from assets import checks, refusals
from assets.killed_runs import fail_killed_runs
from assets.runs import FAILURE_TAG, PERMANENT
from eur_pipeline.collect.backlog import Backlog
from eur_pipeline.config import Collection
from eur_pipeline.intervals import ranges
from eur_pipeline.orchestrator import MODELS_JOB, collection_run, job_name
from resources.archive_server import ArchiveServerResource
from resources.warehouse import WarehouseResource

BACKLOG_TAG = "eur/backlog"

FIRST_PAUSE_SECONDS = 30
LONGEST_PAUSE_SECONDS = 15 * 60

_UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


@dataclass(frozen=True)
class Attempt:
    """What the sensor asked for last, kept in its cursor: the work, the how-manieth time, when.

    Attributes:
        alarms: A hash of the files that were said to wait for too long; empty where none were.
    """

    digest: str = ""
    number: int = 0
    at: float = 0.0
    alarms: str = ""

    @classmethod
    def from_cursor(cls, cursor: str | None) -> "Attempt":
        """The attempt that the cursor holds, an empty one at first."""
        return cls(**json.loads(cursor)) if cursor else cls()

    @property
    def cursor(self) -> str:
        """What `from_cursor` reads; empty where nothing has to be remembered."""
        return "" if self == Attempt() else json.dumps(asdict(self))

    def next(self, digest: str, now: float) -> "Attempt":
        """The attempt after this one: the first at new work, or one more at the same."""
        number = self.number + 1 if digest == self.digest else 1
        return replace(self, digest=digest, number=number, at=now)

    def pause(self) -> float:
        """Seconds to wait before the same work is tried again."""
        return min(FIRST_PAUSE_SECONDS * 2.0 ** (self.number - 1), LONGEST_PAUSE_SECONDS)


def new_archives_sensor(collection: Collection) -> dg.SensorDefinition:
    """Asks for a run of the collection's job when its server or landing zone has work for it."""

    @dg.sensor(
        name=f"{collection.name}_new_archives",
        job_name=job_name(collection),
        minimum_interval_seconds=collection.poll_seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Lists {collection.host}:{collection.remote_path} and asks for the intervals "
        "that have archives to collect, to remove or to read.",
    )
    def new_archives(
        context: dg.SensorEvaluationContext, archive_server: ArchiveServerResource
    ) -> dg.SensorResult | dg.SkipReason:
        if reason := is_busy(context.instance, collection):
            return dg.SkipReason(reason)
        if refusals.was_refused(context.instance, archive_server, collection):
            return dg.SkipReason(refusals.REASON)
        with refusals.remembered(context.instance, archive_server, collection):
            backlog = archive_server.backlog(collection.name)
        return _decision(context, collection, backlog)

    return new_archives


def _decision(
    context: dg.SensorEvaluationContext, collection: Collection, backlog: Backlog
) -> dg.SensorResult:
    """Runs to ask for, or why for none; and a verdict where other files wait than before."""
    before = Attempt.from_cursor(context.cursor)
    last = replace(before, alarms=_alarms_digest(backlog))
    news = last.alarms != before.alarms
    events = [checks.something_waits(collection, backlog.alarms)] * news
    if not backlog.hours:
        context.update_cursor(Attempt(alarms=last.alarms).cursor)
        return dg.SensorResult(skip_reason="nothing new", asset_events=events)
    if reason := _reason_to_wait(context.instance, collection, backlog, last, time.time()):
        context.update_cursor(last.cursor)
        return dg.SensorResult(skip_reason=reason, asset_events=events)
    attempt = last.next(backlog.digest, time.time())
    context.update_cursor(attempt.cursor)
    requests = list(_requests(collection, backlog, attempt))
    return dg.SensorResult(run_requests=requests, asset_events=events)


def _alarms_digest(backlog: Backlog) -> str:
    names = "\n".join(sorted(backlog.alarms))
    return hashlib.sha256(names.encode()).hexdigest()[:16] if names else ""


@dg.sensor(
    name="changed_inputs",
    job_name=MODELS_JOB,
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Rebuilds the models when directory, tariff, eur.yaml or the register of "
    "invoices changed.",
)
def changed_inputs_sensor(
    context: dg.SensorEvaluationContext, warehouse: WarehouseResource
) -> dg.SensorResult | dg.SkipReason:
    """Asks for the models' job when a person changed what they depend on."""
    digest = warehouse.inputs_digest()
    if context.cursor == digest:
        return dg.SkipReason("directory, tariff, configuration and documents are what they were")
    if not context.cursor:
        context.update_cursor(digest)
        return dg.SkipReason("seen for the first time")
    # A time in the key: what is changed back is a change, too.
    request = dg.RunRequest(run_key=f"{digest}-{time.time():.0f}")
    return dg.SensorResult(run_requests=[request], cursor=digest)


@dg.sensor(
    name="killed_runs",
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Ends runs whose process was killed, so that what they held is free again.",
)
def killed_runs_sensor(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Ends killed runs; it never asks for a run itself."""
    ended = fail_killed_runs(context.instance, time.time())
    return dg.SkipReason(f"ended {', '.join(ended)}" if ended else "no run was killed")


def is_busy(instance: dg.DagsterInstance, collection: Collection) -> str | None:
    """Why nothing may be asked for now: a run of the collection is not finished."""
    if _runs(instance, collection, statuses=_UNFINISHED):
        return "a run of this collection is queued or at work"
    return None


def _reason_to_wait(
    instance: dg.DagsterInstance,
    collection: Collection,
    backlog: Backlog,
    last: Attempt,
    now: float,
) -> str | None:
    if backlog.digest != last.digest:
        return None
    tags = {BACKLOG_TAG: backlog.digest, FAILURE_TAG: PERMANENT}
    if _runs(instance, collection, statuses=[dg.DagsterRunStatus.FAILURE], tags=tags):
        return (
            f"the last run of {collection.name} failed for good: see its message. It is tried "
            "again when the listing or the configuration changes"
        )
    remaining = last.at + last.pause() - now
    if remaining > 0:
        return f"tried {last.number} times; again in {remaining:.0f} s"
    return None


def _requests(
    collection: Collection, backlog: Backlog, attempt: Attempt
) -> Iterator[dg.RunRequest]:
    for window in ranges(backlog.hours, collection.interval_hours):
        yield dg.RunRequest(
            # Dagster never runs a key again, not even after a failure: every attempt has its own.
            run_key=f"{backlog.digest}-{attempt.at:.0f}-{window.key()}",
            tags={**collection_run(collection, window).tags, BACKLOG_TAG: backlog.digest},
        )


def _runs(
    instance: dg.DagsterInstance,
    collection: Collection,
    *,
    statuses: list[dg.DagsterRunStatus],
    tags: dict[str, str] | None = None,
) -> bool:
    """Whether there is any such run of the collection's job."""
    filters = dg.RunsFilter(job_name=job_name(collection), statuses=statuses, tags=tags)
    return bool(instance.get_runs(filters, limit=1))
