"""Usage and charges against an independent computation from what was sent."""

import datetime as dt
from decimal import Decimal

import pytest

from .conftest import Demo
from .demo import DemoFiles
from .oracle import BILLED, UNKNOWN, Oracle

pytestmark = pytest.mark.xdist_group("demo")

COUNTS = "messages, file_transfers, internal, external, deliveries, characters"


@pytest.fixture(scope="module")
def oracle(demo: Demo) -> Oracle:
    """The computation on the demo's files."""
    return Oracle(demo.files)


def test_the_demo_spans_two_months_and_both_destinations(oracle: Oracle) -> None:
    assert {use.month for use in oracle.uses} == {dt.date(2025, 9, 1), dt.date(2025, 10, 1)}
    assert {use.destination for use in oracle.uses} == {"internal", "external"}
    assert UNKNOWN in {use.person_id for use in oracle.uses}


def test_some_messages_are_of_another_day_than_in_utc(files: DemoFiles, oracle: Oracle) -> None:
    sent = [row["sent_at"][:10] for row in files.truth if row["kind"] in BILLED]
    assert sent != [use.local_date.isoformat() for use in oracle.uses]


def test_usage_of_every_person_and_local_day(files: DemoFiles, oracle: Oracle) -> None:
    rows = files.published(
        f"select local_date, person_id, site, department, cost_centre, {COUNTS} "
        "from usage_by_person_daily where messages + file_transfers > 0"
    )
    assert {row[:5]: row[5:] for row in rows} == oracle.usage_by_person()
    assert len(rows) == len(oracle.usage_by_person())


def test_usage_of_every_department_and_local_day(files: DemoFiles, oracle: Oracle) -> None:
    rows = files.published(
        f"select local_date, site, department, people, {COUNTS} from usage_by_department_daily "
        "where messages + file_transfers > 0"
    )
    assert {row[:3]: row[3:] for row in rows} == oracle.usage_by_department()
    assert len(rows) == len(oracle.usage_by_department())


def test_what_every_person_received_on_the_days_of_his_own_site(
    files: DemoFiles, oracle: Oracle
) -> None:
    rows = files.published(
        "select local_date, person_id, sum(received) from usage_by_person_daily "
        "where received > 0 group by all"
    )
    assert {row[:2]: row[2] for row in rows} == oracle.received_by_person()


def test_charges_of_every_person_and_month_to_the_cent(files: DemoFiles, oracle: Oracle) -> None:
    rows = files.published(
        "select local_month, person_id, cost_centre, charge from charges_by_person_monthly"
    )
    assert {row[:3]: row[3] for row in rows} == oracle.charges_by_person()
    assert len(rows) == len(oracle.charges_by_person())


def test_charges_of_every_cost_centre_and_month_to_the_cent(
    files: DemoFiles, oracle: Oracle
) -> None:
    rows = files.published(
        "select local_month, cost_centre, charge from charges_by_cost_centre_monthly"
    )
    assert {row[:2]: row[2] for row in rows} == oracle.charges_by_cost_centre()
    assert len(rows) == len(oracle.charges_by_cost_centre())
    assert all(isinstance(charge, Decimal) for *_, charge in rows)


def test_whoever_moves_is_counted_in_either_department_on_its_days(
    files: DemoFiles, oracle: Oracle
) -> None:
    before, after = (row for row in files.directory if row["valid_from"] or row["valid_to"])
    assert before["person_id"] == after["person_id"]
    assert before["department"] != after["department"]
    moved_on = dt.date.fromisoformat(after["valid_from"])

    days = files.published(
        "select local_date, department, cost_centre, messages + file_transfers "
        f"from usage_by_person_daily where person_id = '{before['person_id']}' "
        "and messages + file_transfers > 0 order by all"
    )

    assert {day < moved_on for day, *_ in days} == {True, False}
    for day, department, cost_centre, _ in days:
        entry = before if day < moved_on else after
        assert (department, cost_centre) == (entry["department"], entry["cost_centre"])
    sent = [use for use in oracle.uses if use.person_id == before["person_id"]]
    assert sum(count for *_, count in days) == len(sent)


def test_the_month_in_which_somebody_moves_is_charged_to_both_cost_centres(
    files: DemoFiles,
) -> None:
    before, after = (row for row in files.directory if row["valid_from"] or row["valid_to"])
    rows = files.published(
        "select cost_centre, charge from charges_by_person_monthly "
        f"where person_id = '{before['person_id']}' and local_month = date '2025-09-01'"
    )
    charges = dict(rows)
    assert set(charges) == {before["cost_centre"], after["cost_centre"]}
    assert all(charge > 0 for charge in charges.values())


def test_senders_outside_the_directory_are_unknown_and_not_dropped(files: DemoFiles) -> None:
    known = {row["address"] for row in files.directory}
    outside = [row for row in files.truth if row["sender"] not in known and row["kind"] in BILLED]
    assert outside
    [(count,)] = files.published(
        "select sum(messages + file_transfers) from usage_by_person_daily "
        "where person_id = 'unknown' and department = 'unknown' and cost_centre = 'unknown'"
    )
    assert count == len(outside)
