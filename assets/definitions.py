"""Assembles the code location of one project; nothing is defined here."""

from functools import cache
from pathlib import Path

import dagster as dg

from assets.automation import automation_sensor
from assets.collections import messages_asset, raw_archives_asset
from assets.jobs import collection_job, models_job
from assets.models import models_asset
from assets.schedules import collection_schedule, nightly_models_schedule
from assets.sensors import changed_inputs_sensor, killed_runs_sensor, new_archives_sensor
from eur_pipeline.project import Project
from resources.archive_server import ArchiveServerResource
from resources.lake import LakeResource
from resources.landing_zone import LandingZoneResource
from resources.warehouse import WarehouseResource


def build_definitions(project: Project) -> dg.Definitions:
    """All that Dagster is to know of the project; raises ConfigurationError."""
    collections = project.config.collections
    models = models_asset(collections)
    return dg.Definitions(
        assets=[
            *(raw_archives_asset(collection) for collection in collections),
            *(messages_asset(collection) for collection in collections),
            models,
        ],
        jobs=[*(collection_job(collection) for collection in collections), models_job(models)],
        sensors=[
            *(new_archives_sensor(collection) for collection in collections),
            automation_sensor(models),
            changed_inputs_sensor,
            killed_runs_sensor,
        ],
        schedules=[
            *(collection_schedule(collection) for collection in collections),
            nightly_models_schedule(),
        ],
        resources=project_resources(project),
        executor=dg.in_process_executor,
    )


def project_resources(project: Project) -> dict[str, object]:
    """The resources by the names that assets and sensors ask for."""
    path = str(project.path)
    return {
        "archive_server": ArchiveServerResource(path=path),
        "landing_zone": LandingZoneResource(path=path),
        "lake": LakeResource(path=path),
        "warehouse": WarehouseResource(path=path),
    }


@dg.definitions
def definitions() -> dg.Definitions:
    """The code location of the project that EUR_HOME names."""
    return _definitions(Project.find().path)


@cache
def _definitions(project: Path) -> dg.Definitions:
    """Made once: Dagster asks five times before a job begins, which took a second."""
    return build_definitions(Project(project))
