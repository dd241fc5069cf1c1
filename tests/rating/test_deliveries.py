"""In whatever way archives arrive, the same is billed; `make delivery-proof` tries many more."""

import random
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings

from eur_pipeline.project import Project
from tests.models.lake_project import query
from tests.rating.deliveries import (
    SOME_DELIVERIES,
    at_once,
    content,
    rebuild_from_nothing,
    some_way,
    written,
)

BILLS = (
    "charge_lines_monthly",
    "taxes_by_cost_centre_monthly",
    "charges_by_person_monthly",
    "charges_by_department_monthly",
    "charges_by_cost_centre_monthly",
    "charges_by_site_monthly",
)


def bills(project: Project) -> dict[str, list[tuple[Any, ...]]]:
    return {name: query(project, f"select * from {name} order by all") for name in BILLS}


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(**SOME_DELIVERIES)
def test_order_splitting_and_repetition_of_archives_change_no_bill(
    seed: int, chance: random.Random
) -> None:
    world, records = content(seed, combinations=4)
    with tempfile.TemporaryDirectory() as folder:
        in_time = bills(written(world, Path(folder, "once"), at_once(records)))
        project = written(world, Path(folder, "somehow"), some_way(records, chance))
        assert bills(project) == in_time
        rebuild_from_nothing(project)
        assert bills(project) == in_time
    assert all(in_time.values())
