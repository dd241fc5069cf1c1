"""What a run tells about itself: which process it is, and whether failing again is certain.

Used in every asset's body. Who reads the tags: the killed-runs sensor and the collections' sensors.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
import psutil

from eur_pipeline.errors import EurError, PermanentError

# Tags are copied to retries: those of another run's process say nothing about this one.
RUN_TAG = "eur/run"
HOST_TAG = "eur/host"
PID_TAG = "eur/pid"
PROCESS_STARTED_TAG = "eur/process_started"
FAILURE_TAG = "eur/failure"
PERMANENT = "permanent"

# For what a moment's wait mends; the sensors go on where this ends.
RETRIES = dg.RetryPolicy(max_retries=2, delay=5, backoff=dg.Backoff.EXPONENTIAL)


def process_tags(run_id: str) -> dict[str, str]:
    """What identifies a run's process on its host, even when its number was given to another."""
    process = psutil.Process()
    return {
        RUN_TAG: run_id,
        HOST_TAG: socket.gethostname(),
        PID_TAG: str(os.getpid()),
        PROCESS_STARTED_TAG: str(process.create_time()),
    }


@contextmanager
def explained(context: dg.AssetExecutionContext) -> Iterator[None]:
    """Tag the run with its process, and turn the core's errors into Dagster failures.

    A permanent failure is not retried: not by the step, and not by the collection's sensor.
    """
    context.instance.add_run_tags(context.run.run_id, process_tags(context.run.run_id))
    try:
        yield
    except PermanentError as error:
        context.instance.add_run_tags(context.run.run_id, {FAILURE_TAG: PERMANENT})
        raise dg.Failure(description=str(error), allow_retries=False) from error
    except EurError as error:
        raise dg.Failure(description=str(error)) from error
