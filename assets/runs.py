"""What a run tells about its failure: whether failing again is certain.

Used in every asset's body; the collections' sensors read the tag.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from eur_pipeline.errors import EurError, PermanentError

FAILURE_TAG = "eur/failure"
PERMANENT = "permanent"

# For what a moment's wait mends; the sensors go on where this ends.
RETRIES = dg.RetryPolicy(max_retries=2, delay=5, backoff=dg.Backoff.EXPONENTIAL)


@contextmanager
def explained(context: dg.AssetExecutionContext) -> Iterator[None]:
    """Turn the core's errors into Dagster failures.

    A permanent failure is not retried: not by the step, and not by the collection's sensor.
    """
    try:
        yield
    except PermanentError as error:
        context.instance.add_run_tags(context.run.run_id, {FAILURE_TAG: PERMANENT})
        raise dg.Failure(description=str(error), allow_retries=False) from error
    except EurError as error:
        raise dg.Failure(description=str(error)) from error
