"""Invoices are equal to the byte however archives arrive; around an issue, the whole stays equal.

`make delivery-proof` does the same over many more deliveries.
"""

import random
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings

from eur_pipeline.project import Project
from tests.rating.deliveries import (
    SOME_DELIVERIES,
    Way,
    at_once,
    content,
    rebuild_from_nothing,
    some_way,
    written,
)
from tests.rating.documents import (
    billed,
    credit_some,
    files,
    issue_month,
    issue_the_rest,
    months,
    open_adjustments,
)

some_deliveries = given(**SOME_DELIVERIES)
in_reason = settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))


def issued(project: Project) -> Project:
    """Every month, one after the other."""
    for number, month in enumerate(sorted(months(project))):
        issue_month(project, month, number)
    return project


@in_reason
@some_deliveries
def test_invoices_are_equal_to_the_byte_however_archives_arrive_before_issue(
    seed: int, chance: random.Random
) -> None:
    world, records = content(seed, combinations=3)
    with tempfile.TemporaryDirectory() as folder:
        in_time = files(issued(written(world, Path(folder, "once"), at_once(records))))
        somehow = written(world, Path(folder, "somehow"), some_way(records, chance))
        if chance.random() < 0.5:
            rebuild_from_nothing(somehow)
        assert files(issued(somehow)) == in_time
    assert len(in_time) > 2


@in_reason
@some_deliveries
def test_invoices_credit_notes_and_adjustments_are_the_invoice_had_all_come_in_time(
    seed: int, chance: random.Random
) -> None:
    world, records = content(seed, combinations=3)
    with tempfile.TemporaryDirectory() as folder:
        in_time = issued(written(world, Path(folder, "once"), at_once(records)))
        project = world.write(Path(folder, "around"))
        issued_before = issue_between(project, some_way(records, chance), chance)
        issue_the_rest(project, issued_before)
        assert open_adjustments(project) == ({}, {})
        assert billed(project) == billed(in_time)
        assert all(billed(in_time))


def issue_between(project: Project, way: Way, chance: random.Random) -> int:
    """Months are issued, and invoices credited, before everything has come; in so many batches."""
    number = 0
    for group in way.groups:
        Way((group,)).follow(project)
        for month in sorted(months(project)):
            if chance.random() < 0.7:
                issue_month(project, month, number)
                number += 1
        months(project)
        if chance.random() < 0.5:
            credit_some(project, number, chance)
            number += 1
    return number
