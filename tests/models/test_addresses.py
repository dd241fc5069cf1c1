"""Who sent and received a message, from the directory's files to the marts."""

import datetime as dt
from pathlib import Path

import pytest

from eur_pipeline.models import build
from eur_pipeline.project import Project
from tests.models.lake_project import (
    DIRECTORY,
    UPLOADED,
    copy_of,
    make_project,
    query,
    record,
    write_aliases,
    write_archive,
    write_directory,
)
from tests.models.test_staleness import rebuilt

CLEO = "p3,Cleo Ray,cleo@presence.example,10003,boston,Sales,C100,,"
SENDERS = ("10003", "cleo", "Reception", "10007", "12345@else.example")
DAYS = (7, 8, 9)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Each of the senders writes to one of the others, on three days, in both collections."""
    project = make_project(tmp_path_factory.mktemp("built") / "project", [*DIRECTORY[:2], CLEO])
    write_aliases(project, ["reception@presence.example,p1,,2026-03-09"])
    for day in DAYS:
        at, hour = dt.datetime(2026, 3, day, 12, tzinfo=dt.UTC), UPLOADED.replace(day=day)
        for collection in ("geneva_im", "boston_im"):
            records = [
                record(at, sender, recipients=["10003"], native_id=f"{collection}{day}{sender}")
                for sender in SENDERS
            ]
            write_archive(project, f"{day}.xml", records, collection, hour)
    assert build(project).committed
    return project


@pytest.fixture
def project(built: Project, tmp_path: Path) -> Project:
    return copy_of(built, tmp_path / "project")


def people(project: Project, sender: str) -> list[tuple[str, str, str]]:
    sql = f"""
        select distinct collection, strftime(local_date, '%d'), person_id from messages
        where lower(sender) = '{sender}' order by all
    """
    return query(project, sql)


def test_an_extension_is_matched_in_its_sites_own_collection_alone(project: Project) -> None:
    found = {(collection, who) for collection, _, who in people(project, "10003@presence.example")}
    assert found == {("boston_im", "p3"), ("geneva_im", "unknown")}


def test_a_full_address_is_matched_in_every_collection(project: Project) -> None:
    assert {who for _, _, who in people(project, "cleo@presence.example")} == {"p3"}


def test_an_alias_is_matched_while_it_is_valid_whatever_its_case(project: Project) -> None:
    found = {(day, who) for _, day, who in people(project, "reception@presence.example")}
    assert found == {("07", "p1"), ("08", "p1"), ("09", "unknown")}


def test_an_outsider_is_nobodys_extension(project: Project) -> None:
    line = "p4,Di Moe,di@presence.example,12345,boston,Sales,C100,,"
    write_directory(project, [*DIRECTORY[:2], CLEO, line])
    assert build(project).committed
    assert {who for _, _, who in people(project, "12345@else.example")} == {"unknown"}


def test_unknown_addresses_are_listed_with_what_they_sent_and_received(project: Project) -> None:
    found = query(
        project,
        "select address, is_own_domain, messages_sent, messages_received, "
        "strftime(first_seen_at, '%d %H'), strftime(last_seen_at, '%d %H') "
        "from unknown_addresses order by all",
    )
    assert found == [
        ("10003@presence.example", True, 3, 15, "07 12", "09 12"),
        ("10007@presence.example", True, 6, 0, "07 12", "09 12"),
        ("12345@else.example", False, 6, 0, "07 12", "09 12"),
        ("reception@presence.example", True, 2, 0, "09 12", "09 12"),
    ]


def test_a_row_that_reaches_back_changes_the_days_of_its_validity_alone(project: Project) -> None:
    new = "p7,Ed Poe,,10007,geneva,Sales,C100,2026-03-08,2026-03-09"
    write_directory(project, [*DIRECTORY[:2], CLEO, new])
    dates = rebuilt(build(project))
    # In Boston, whose collection has him too, the row begins on the evening of the 7th.
    assert dates["int_messages_located"] == ["03-07", "03-08"]
    assert dates["int_plans_assigned"] == dates["messages"] == ["03-08"]
    assert dates["charge_lines_monthly"] == dates["unknown_addresses"] == ["03-01"]
    assert [day for _, day, who in people(project, "10007@presence.example") if who == "p7"] == [
        "08",
        "08",
    ]


def test_a_row_valid_always_goes_no_further_than_the_days_it_changes(project: Project) -> None:
    records = [record("2026-03-08T13:00", "10008")]
    write_archive(project, "late.xml", records, upload_hour=UPLOADED.replace(day=10))
    assert build(project).committed
    write_directory(project, [*DIRECTORY[:2], CLEO, "p8,Flo Ott,,10008,geneva,Sales,C100,,"])
    dates = rebuilt(build(project))
    assert dates["int_messages_located"] == [f"03-{day:02}" for day in range(6, 11)]
    assert dates["int_plans_assigned"] == dates["messages"] == ["03-08"]
    assert people(project, "10008@presence.example") == [("geneva_im", "08", "p8")]
