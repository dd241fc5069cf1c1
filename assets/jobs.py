"""Jobs: one per collection, and one for the models. What starts them is elsewhere."""

from typing import TYPE_CHECKING

import dagster as dg

from eur_pipeline.config import Collection
from eur_pipeline.orchestrator import MODELS_JOB, job_name

if TYPE_CHECKING:
    # What define_asset_job returns has no public name.
    from dagster._core.definitions.unresolved_asset_job_definition import (
        UnresolvedAssetJobDefinition,
    )


def collection_job(collection: Collection) -> "UnresolvedAssetJobDefinition":
    """Collects and reads upload intervals of one collection."""
    return dg.define_asset_job(
        name=job_name(collection),
        selection=[f"{collection.name}_raw_archives", f"{collection.name}_messages"],
        description=f"Collect and read the archives of {collection.name}.",
    )


def models_job(models: dg.AssetsDefinition) -> "UnresolvedAssetJobDefinition":
    """Rebuilds what is stale in the warehouse, and publishes it."""
    return dg.define_asset_job(
        name=MODELS_JOB,
        selection=dg.AssetSelection.assets(models),
        description="Rebuild what is stale in the warehouse, and publish it.",
    )
