"""Two assets per collection: its raw archives, and the messages read from them.

Bodies of about ten lines: call the core, return metadata. How metadata looks is in `metadata.py`.
"""

import dagster as dg

from assets import metadata
from assets.partitions import upload_intervals, window_of
from assets.runs import RETRIES, explained
from eur_pipeline.collect.collector import Progress
from eur_pipeline.config import Collection
from resources.archive_server import ArchiveServerResource
from resources.lake import LakeResource
from resources.landing_zone import LandingZoneResource

# A backlog of 500 intervals took 89 s in runs of 50, and 45 minutes with a run for each.
BACKFILL = dg.BackfillPolicy.multi_run(max_partitions_per_run=50)


def raw_archives_asset(collection: Collection) -> dg.AssetsDefinition:
    """The landing zone's archives of one collection."""

    @dg.asset(
        name=f"{collection.name}_raw_archives",
        group_name=collection.name,
        description=f"Archives as received from {collection.host}:{collection.remote_path}, "
        "byte for byte, each with its manifest, by hour of upload.",
        kinds={"sftp", "xml"},
        partitions_def=upload_intervals(collection),
        backfill_policy=BACKFILL,
        pool=f"sftp_{collection.name}",
        retry_policy=RETRIES,
        check_specs=[
            dg.AssetCheckSpec(
                name="uploads_arrived",
                asset=f"{collection.name}_raw_archives",
                description="Every interval that is over has at least one archive.",
            )
        ],
    )
    def raw_archives(
        context: dg.AssetExecutionContext,
        archive_server: ArchiveServerResource,
        landing_zone: LandingZoneResource,
    ) -> dg.MaterializeResult[None]:
        window = window_of(context)

        def on_progress(progress: Progress) -> None:
            context.log.info(metadata.progress_line(progress))

        with explained(context):
            report = archive_server.collect(collection.name, window, on_progress)
            landed = landing_zone.landed(collection.name, window)
        metadata.add_raw_archives_per_partition(context, collection, window, landed)
        return dg.MaterializeResult(
            metadata=metadata.of_collecting(report),
            check_results=[metadata.uploads_arrived(collection, window, landed)],
        )

    return raw_archives


def messages_asset(collection: Collection) -> dg.AssetsDefinition:
    """The lake's messages of one collection."""

    @dg.asset(
        name=f"{collection.name}_messages",
        group_name=collection.name,
        description=f"Records read from the archives with dialect {collection.dialect}: "
        "Parquet in the lake, with every archive and every reject accounted for.",
        kinds={"parquet"},
        deps=[f"{collection.name}_raw_archives"],
        partitions_def=upload_intervals(collection),
        backfill_policy=BACKFILL,
        pool=f"lake_{collection.name}",
        retry_policy=RETRIES,
        check_specs=[
            dg.AssetCheckSpec(
                name=name, asset=f"{collection.name}_messages", description=description
            )
            for name, description in metadata.MESSAGE_CHECKS.items()
        ],
    )
    def messages(
        context: dg.AssetExecutionContext, lake: LakeResource, landing_zone: LandingZoneResource
    ) -> dg.MaterializeResult[None]:
        window = window_of(context)
        with explained(context):
            reports = lake.ingest(collection.name, window)
            landed = landing_zone.landed(collection.name, window)
        metadata.add_messages_per_partition(context, collection, window, reports)
        return dg.MaterializeResult(
            metadata=metadata.of_reading(reports),
            check_results=list(metadata.message_checks(landed, reports)),
        )

    return messages
