"""What comes of what was landed: the lake's records, and the figures of the marts."""

from collections import Counter
from typing import Any

import duckdb

from eur_pipeline.collect.index import LandingIndex
from eur_pipeline.collect.landing import LandingZone
from eur_pipeline.lake.ingest import ingest_hour
from eur_pipeline.models.building import build
from eur_pipeline.project import Project
from tests.end_to_end.demo import lake_rows

# What a message is, without where and when it was found.
SAID = ("sent_at", "sender", "recipients", "kind", "body", "conversation_id")

# The marts that hold figures; neither knows of archives.
MARTS = (
    "usage_by_person_daily",
    "usage_by_department_daily",
    "charges_by_person_monthly",
    "charges_by_cost_centre_monthly",
)


def records(project: Project) -> Counter[str]:
    """How often the lake has which record, after reading what is landed and not read yet."""
    (collection,) = project.config.collections
    for hour in LandingIndex(LandingZone.of(project), collection.name).unread():
        ingest_hour(project, collection, hour)
    rows = lake_rows(project.path, "messages")
    return Counter(repr([row[column] for column in SAID]) for row in rows)


def figures(project: Project) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of the marts, built from the lake as it is."""
    assert build(project).committed
    with duckdb.connect(project.warehouse_path, read_only=True) as warehouse:
        return {
            mart: warehouse.execute(f"select * from {mart} order by all").fetchall()
            for mart in MARTS
        }
