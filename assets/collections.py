"""Two assets per collection: its raw archives, and the messages read from them.

Bodies of about ten lines: call the core, return metadata. How metadata looks is in `metadata.py`,
what is checked in `checks.py`.
"""

import datetime as dt
from functools import partial

import dagster as dg

from assets import checks, metadata
from assets.partitions import upload_intervals, window_of
from assets.progress import ProgressLog
from assets.runs import RETRIES, explained
from eur_pipeline.collect.arrivals import hours_around
from eur_pipeline.config import Collection
from resources.archive_server import ArchiveServerResource
from resources.lake import LakeResource
from resources.landing_zone import LandingZoneResource

# The bare class as return type: with checks, Dagster does not take MaterializeResult[None].

# A backlog of 500 intervals took 89 s in runs of 50, and 45 minutes with a run for each.
BACKFILL = dg.BackfillPolicy.multi_run(max_partitions_per_run=50)


def raw_archives_asset(collection: Collection) -> dg.AssetsDefinition:
    """The landing zone's archives of one collection."""
    name = f"{collection.name}_raw_archives"

    @dg.asset(
        name=name,
        group_name=collection.name,
        description=f"Archives as received from {collection.host}:{collection.remote_path}, "
        "byte for byte, each with its manifest, by interval of upload.",
        kinds={"sftp", "xml"},
        partitions_def=upload_intervals(collection),
        backfill_policy=BACKFILL,
        pool=f"sftp_{collection.name}",
        retry_policy=RETRIES,
        check_specs=checks.specs(name, checks.OF_COLLECTING),
    )
    def raw_archives(
        context: dg.AssetExecutionContext,
        archive_server: ArchiveServerResource,
        landing_zone: LandingZoneResource,
    ) -> dg.MaterializeResult:  # type: ignore[type-arg]
        window = window_of(context)
        with explained(context):
            report = archive_server.collect(collection.name, window, ProgressLog(context.log.info))
            landed = landing_zone.landed(collection.name, hours_around(collection, window))
        for key, facts in metadata.of_interval_archives(collection, window, landed).items():
            context.add_asset_metadata(facts, partition_key=key)
        return dg.MaterializeResult(
            metadata=metadata.of_collecting(report),
            check_results=[
                checks.uploads_arrived(collection, window, landed, dt.datetime.now(dt.UTC)),
                checks.nothing_waits(report),
            ],
        )

    return raw_archives


def messages_asset(collection: Collection) -> dg.AssetsDefinition:
    """The lake's messages of one collection."""
    name = f"{collection.name}_messages"

    @dg.asset(
        name=name,
        group_name=collection.name,
        description=f"Records read from the archives with dialect {collection.dialect}: "
        "Parquet in the lake, with every archive and every reject accounted for.",
        kinds={"parquet"},
        deps=[f"{collection.name}_raw_archives"],
        partitions_def=upload_intervals(collection),
        backfill_policy=BACKFILL,
        pool=f"lake_{collection.name}",
        retry_policy=RETRIES,
        check_specs=checks.specs(name, checks.OF_READING),
    )
    def messages(
        context: dg.AssetExecutionContext, lake: LakeResource, landing_zone: LandingZoneResource
    ) -> dg.MaterializeResult:  # type: ignore[type-arg]
        window = window_of(context)
        with explained(context):
            landed = landing_zone.landed(collection.name, window)
            reports = lake.read(collection.name, window)
            books = lake.books(collection.name, window)
        preview = partial(lake.preview, collection.name)
        facts = metadata.of_interval_messages(collection, window, reports, preview)
        for key, of_interval in facts.items():
            context.add_asset_metadata(of_interval, partition_key=key)
        return dg.MaterializeResult(
            metadata=metadata.of_reading(reports),
            check_results=list(checks.of_reading(landed, reports, books)),
        )

    return messages
