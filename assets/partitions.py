"""Upload intervals as Dagster partitions; the arithmetic is the core's."""

import dagster as dg

from eur_pipeline.config import Collection
from eur_pipeline.intervals import Window
from eur_pipeline.lake.schema import HOUR_FORMAT


def upload_intervals(collection: Collection) -> dg.TimeWindowPartitionsDefinition:
    """The collection's intervals from its start, the still open one included."""
    return dg.TimeWindowPartitionsDefinition(
        start=collection.start_at,
        cron_schedule=f"0 */{collection.interval_hours} * * *",
        fmt=HOUR_FORMAT,
        timezone="UTC",
        # Archives arrive in the interval that is still open: it has to be a known partition.
        end_offset=1,
    )


def window_of(context: dg.AssetExecutionContext) -> Window:
    """The upload hours that this run covers."""
    start, end = context.partition_time_window
    return Window(start, end)
