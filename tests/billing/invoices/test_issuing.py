"""A month becomes documents: what they say, how they are numbered, and when that is refused."""

import datetime as dt
import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from eur_pipeline.billing.invoices import drawing, issuing
from eur_pipeline.billing.invoices.drawing import Drawn, Scope
from eur_pipeline.billing.invoices.issuing import bring_up_to_date, issue
from eur_pipeline.collect.index import LandingIndex
from eur_pipeline.collect.landing import LandingZone
from eur_pipeline.errors import BusyError, InvoiceError
from eur_pipeline.lake.lake import lock_name
from eur_pipeline.project import Project
from tests.manifests import manifest
from tests.models.lake_project import copy_of, query, record, write_directory

from .months import (
    APRIL,
    DIRECTORY,
    ISSUED,
    MARCH,
    RATES,
    arrive,
    documents,
    grosses,
    invoiced_project,
    issue_month,
    land_everything,
    with_a_lost_directory,
    write_tariff_folder,
)

MESSAGES = [
    *(record(f"2026-03-{day:02}T12:00") for day in range(1, 6)),
    record("2026-03-09T12:00", "10002"),
    record("2026-03-10T12:00", "10003"),
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Five messages of Anna in March, of which three are free, and one of Bo and of Cleo."""
    project = invoiced_project(tmp_path_factory.mktemp("built") / "project")
    arrive(project, 0, MESSAGES)
    bring_up_to_date(project)
    return project


@pytest.fixture
def project(built: Project, tmp_path: Path) -> Project:
    """A copy of it, up to date."""
    return copy_of(built, tmp_path / "project")


def test_a_month_is_issued_for_every_account_with_its_tax(project: Project) -> None:
    batch = issue_month(project, MARCH)
    assert batch.committed
    assert grosses(batch) == {
        ("swiss_ag-2026-00001", "C100"): "0.11",  # 2 x 0.05 + 8.1 %
        ("swiss_ag-2026-00002", "C200"): "0.00",  # free, and said so
        ("us_inc-2026-00001", "C100"): "0.02",
    }
    assert list(documents(project)) == [d.number for d in batch.documents]


def test_a_document_holds_lines_rates_tiers_allowances_people_and_sites(project: Project) -> None:
    issue_month(project, MARCH)
    content = documents(project)["swiss_ag-2026-00001"].content
    (line,) = content.lines
    assert (line.person_id, line.name, line.department, line.site) == (
        *("p1", "Anna Huber", "Sales"),
        "geneva",
    )
    numbers = line.numbers
    assert numbers.uses == numbers.quantity == 5
    assert numbers.free_quantity == 3
    assert (numbers.cost, numbers.charge) == (Decimal("0.10"), Decimal("0.10"))
    assert {used.rate for used in line.rated_by} == {"office/message/all from always"}
    (rate,) = content.rates
    assert rate.tiers[0].price == Decimal("0.05")
    (plan,) = content.plans
    assert plan.allowances[0].units == 3
    (person,) = content.people
    assert person.placements[0].cost_centre == "C100"
    assert [
        (unit.kind, unit.unit, [a.ancestor for a in unit.above]) for unit in content.hierarchy
    ] == [
        ("cost_centre", "C100", []),
        ("department", "Sales", []),
        ("site", "geneva", ["corporation"]),
    ]
    assert [named.name for named in content.hierarchy[0].names] == ["C100"]
    (tax,) = content.taxes
    assert (tax.tax_percent, tax.net, tax.tax) == (Decimal("8.1"), Decimal("0.10"), Decimal("0.01"))


def test_no_document_names_a_message_an_archive_or_an_address(project: Project) -> None:
    (message_id,) = query_ids(project)
    issue_month(project, MARCH)
    for path in (project.path / "data" / "invoices").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            for secret in (message_id, "0.xml", "hello", "@presence.example"):
                assert secret.encode() not in content, path


def query_ids(project: Project) -> list[str]:
    bring_up_to_date(project)
    return [i[:16] for (i,) in query(project, "select min(message_id) from messages")]


def test_what_is_issued_is_not_issued_again(project: Project) -> None:
    issue_month(project, MARCH)
    assert issue_month(project, MARCH).documents == ()
    assert len(documents(project)) == 3


def test_an_account_that_appears_later_is_issued_then(project: Project) -> None:
    issue_month(project, MARCH)
    write_directory(project, [*DIRECTORY, "p4,Dora,,10004,geneva,Labs,C300,,"])
    arrive(project, 1, [record("2026-03-20T12:00", "10004")] * 1)
    assert grosses(issue_month(project, MARCH)) == {("swiss_ag-2026-00003", "C300"): "0.00"}


def test_one_account_can_be_issued_alone(project: Project) -> None:
    batch = issue_month(project, MARCH, scope=Scope(["us_inc"], ["C100"]))
    assert grosses(batch) == {("us_inc-2026-00001", "C100"): "0.02"}
    assert len(issue_month(project, MARCH).documents) == 2


def test_a_dry_run_says_the_same_and_writes_nothing(project: Project) -> None:
    would = issue_month(project, MARCH, dry_run=True)
    assert not would.committed
    assert not (project.path / "data" / "invoices").exists()
    assert issue_month(project, MARCH).documents == would.documents


def test_the_year_of_a_number_is_that_of_the_day_of_issue_at_the_legal_entity(
    project: Project,
) -> None:
    new_year_in_geneva = dt.datetime(2026, 12, 31, 23, 30, tzinfo=dt.UTC)
    batch = issue(project, MARCH, now=new_year_in_geneva)
    assert {d.number: str(d.issue_date) for d in batch.documents} == {
        "swiss_ag-2027-00001": "2027-01-01",
        "swiss_ag-2027-00002": "2027-01-01",
        "us_inc-2026-00001": "2026-12-31",
    }


def test_a_clock_that_was_set_back_is_refused(project: Project) -> None:
    issue_month(project, MARCH, scope=Scope(cost_centres=["C200"]))
    with pytest.raises(InvoiceError, match="Set this machine's clock right"):
        issue_month(project, MARCH, now=ISSUED[MARCH] - dt.timedelta(seconds=1))


def test_no_document_is_dated_before_the_last_one_where_the_zone_of_its_entity_changed(
    project: Project,
) -> None:
    new_year_in_geneva = dt.datetime(2026, 12, 31, 23, 30, tzinfo=dt.UTC)
    issue(project, MARCH, Scope(cost_centres=["C200"]), now=new_year_in_geneva)
    text = project.config_path.read_text().replace("Europe/Zurich", "Atlantic/Azores")
    project.config_path.write_text(text)
    with pytest.raises(InvoiceError, match=r"dated 2027-01-01; .* found 2026-12-31"):
        issue(Project(project.path), MARCH, now=new_year_in_geneva + dt.timedelta(minutes=1))


def test_equal_contents_at_equal_times_are_files_equal_to_the_byte(
    project: Project, tmp_path: Path
) -> None:
    other = invoiced_project(tmp_path / "other")
    for number, one in enumerate(reversed(MESSAGES)):
        arrive(other, number, [one])
    issue_month(project, MARCH)
    issue_month(other, MARCH)
    assert files(project) == files(other)


def test_equal_contents_have_equal_hashes_whenever_they_were_issued(
    project: Project, tmp_path: Path
) -> None:
    other = invoiced_project(tmp_path / "other")
    arrive(other, 0, MESSAGES)
    first = issue_month(project, MARCH).documents
    second = issue_month(other, MARCH, now=ISSUED[APRIL]).documents
    assert [d.content_sha256 for d in first] == [d.content_sha256 for d in second]
    assert files(project) != files(other)


def files(project: Project) -> dict[str, bytes]:
    folder = project.path / "data" / "invoices"
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_names_and_prices_stay_in_a_document_as_they_were(project: Project) -> None:
    issue_month(project, MARCH)
    before = files(project)
    write_directory(project, [line.replace("Anna Huber", "Anna Berg") for line in DIRECTORY])
    write_tariff_folder(project, rates=[line.replace("0.05", "0.50") for line in RATES])
    bring_up_to_date(project)
    assert files(project) == before


def test_a_lost_warehouse_loses_no_document(project: Project) -> None:
    issue_month(project, MARCH)
    bring_up_to_date(project)
    tables = ("invoices", "billed_lines_monthly", "billed_taxes_monthly", "open_adjustments")
    before = [query(project, f"from {table} order by all") for table in tables]
    assert len(before[0]) == len(before[1]) == 3
    shutil.rmtree(project.warehouse_path.parent)
    bring_up_to_date(project)
    assert [query(project, f"from {table} order by all") for table in tables] == before


def remove_an_upload(project: Project) -> None:
    (path,) = project.landing_path.glob("geneva_im/2026-03-09T00Z/*.json")
    path.unlink()


def leave_an_upload_unread(project: Project) -> None:
    index = LandingIndex(LandingZone.of(project), "geneva_im")
    index.mark_unread([dt.datetime(2026, 3, 9, tzinfo=dt.UTC)])


def set_an_archive_aside(project: Project) -> None:
    arrive(project, 3, [], status="unreadable", reason="no XML")


def reject_a_record(project: Project) -> None:
    arrive(project, 3, [], rejects=1)


@pytest.mark.parametrize(
    ("harm", "named"),
    [
        (remove_an_upload, "1 upload intervals have no archive, from 2026-03-09T00Z"),
        (leave_an_upload_unread, "archives of 1 upload hours are landed and not read yet"),
        (set_an_archive_aside, "1 archives are set aside"),
        (reject_a_record, "1 records are rejected"),
    ],
)
def test_a_month_with_something_missing_is_refused_by_name(
    project: Project, harm: Callable[[Project], None], named: str
) -> None:
    harm(project)
    with pytest.raises(InvoiceError) as refused:
        issue_month(project, MARCH)
    assert f"geneva_im: {named}" in str(refused.value)
    assert "boston_im" not in str(refused.value)
    assert documents(project) == {}


def test_an_upload_that_comes_after_the_build_is_not_taken_for_one_that_was_built(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove_an_upload(project)

    def draw_up_while_it_comes(*arguments: Any) -> Drawn:
        drawn = drawing.draw_up(*arguments)
        let_the_upload_come(project)
        return drawn

    monkeypatch.setattr(issuing, "draw_up", draw_up_while_it_comes)
    with pytest.raises(InvoiceError, match="1 upload hours are landed and not read yet"):
        issue_month(project, MARCH)
    assert documents(project) == {}


def let_the_upload_come(project: Project) -> None:
    """As a collection does, and whoever may read then into the lake."""
    upload = dt.datetime(2026, 3, 9, tzinfo=dt.UTC)
    zone = LandingZone.of(project)
    index = LandingIndex(zone, "geneva_im")
    index.announce([manifest("geneva_im", upload)])
    zone.record([manifest("geneva_im", upload)])
    with suppress(BusyError), project.lock(lock_name("geneva_im")):
        index.mark_read(upload, index.unread()[upload])


def test_a_month_that_is_not_over_at_every_site_is_refused(project: Project) -> None:
    # In Boston, March ends at 04:00 UTC; its last upload comes in the interval after that.
    with pytest.raises(InvoiceError, match="the month is not over: 1 upload intervals"):
        issue_month(project, MARCH, now=dt.datetime(2026, 4, 2, 23, 59, tzinfo=dt.UTC))
    assert issue_month(project, MARCH, now=dt.datetime(2026, 4, 3, tzinfo=dt.UTC)).committed


def test_what_was_forced_stays_on_record_with_its_reason(project: Project) -> None:
    remove_an_upload(project)
    issue_month(project, MARCH, force_reason="Geneva's server was replaced that day")
    forced = documents(project)["us_inc-2026-00001"].forced
    assert forced is not None
    assert forced.reason == "Geneva's server was replaced that day"
    assert forced.obstacles == (
        "geneva_im: 1 upload intervals have no archive, from 2026-03-09T00Z to 2026-03-09T00Z",
    )
    bring_up_to_date(project)
    reasons = query(project, "select distinct forced_reason from invoices")
    assert reasons == [("Geneva's server was replaced that day",)]


def test_a_directory_that_could_not_be_fetched_is_in_the_way_until_it_is_forced(
    project: Project,
) -> None:
    project = with_a_lost_directory(project)
    with pytest.raises(InvoiceError, match=r"could not fetch directory .* The copy of .* is used"):
        issue_month(project, MARCH)
    issue_month(project, MARCH, force_reason="nobody moved in March")
    forced = documents(project)["swiss_ag-2026-00001"].forced
    assert forced is not None
    assert "could not fetch directory" in forced.obstacles[0]


def test_a_force_that_was_not_needed_leaves_no_trace(project: Project) -> None:
    issue_month(project, MARCH, force_reason="to be safe")
    assert {document.forced for document in documents(project).values()} == {None}


def test_what_fails_the_models_tests_is_not_issued(project: Project) -> None:
    write_directory(project, [line.replace("geneva", "boston") for line in DIRECTORY])
    write_tariff_folder(project, assignments=["default,,office,,"])
    with pytest.raises(InvoiceError, match="plans_are_in_the_currency_of_their_legal_entity"):
        issue_month(project, MARCH)
    assert documents(project) == {}


def test_a_damaged_register_is_refused_with_what_to_do(project: Project) -> None:
    issue_month(project, MARCH)
    register = project.path / "data" / "invoices" / "register.json"
    register.write_text("{")
    with pytest.raises(InvoiceError, match=r"is damaged: .*restore it from a backup"):
        issue_month(project, APRIL)


def test_a_register_with_a_gap_is_refused(project: Project) -> None:
    issue_month(project, MARCH)
    register = project.path / "data" / "invoices" / "register.json"
    content = json.loads(register.read_text())
    removed = content["documents"].pop(0)
    register.write_text(json.dumps(content))
    for suffix in (".json", ".parquet"):
        (register.parent / "swiss_ag" / f"{removed['number']}{suffix}").unlink()
    with pytest.raises(InvoiceError, match="swiss_ag-2026-00001 is missing"):
        issue_month(project, APRIL)


def test_months_before_the_start_of_a_collection_are_not_waited_for(tmp_path: Path) -> None:
    project = invoiced_project(tmp_path)
    february = dt.date(2026, 2, 1)
    arrive(project, 0, [record("2026-02-27T12:00")])
    land_everything(project, february)
    batch = issue(project, february, now=ISSUED[MARCH])
    assert [d.content.cost_centre for d in batch.documents] == ["C100"]
