"""Before anything is issued, it can be seen what would change, and why."""

from decimal import Decimal
from pathlib import Path

import pytest

from eur_pipeline.billing.invoices.comparing import AccountChange, changes
from eur_pipeline.billing.invoices.drafts import draft, read_drafts
from eur_pipeline.billing.invoices.drawing import Scope
from eur_pipeline.billing.invoices.issuing import bring_up_to_date
from eur_pipeline.errors import InvoiceError
from eur_pipeline.project import Project
from tests.models.lake_project import copy_of, record, write_directory

from .months import (
    ALLOWANCES,
    APRIL,
    DIRECTORY,
    ISSUED,
    MARCH,
    RATES,
    arrive,
    invoiced_project,
    issue_month,
    with_a_lost_directory,
    write_tariff_folder,
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Five messages of Anna's in March, of which three are free, and one of Bo's."""
    project = invoiced_project(tmp_path_factory.mktemp("built") / "project")
    sent = [record(f"2026-03-{day:02}T12:00") for day in range(1, 6)]
    arrive(project, 0, [*sent, record("2026-03-09T12:00", "10002")])
    bring_up_to_date(project)
    return project


@pytest.fixture
def project(built: Project, tmp_path: Path) -> Project:
    return copy_of(built, tmp_path / "project")


def changed(project: Project) -> dict[str, AccountChange]:
    return {c.account.cost_centre: c for c in changes(Project(project.path), MARCH).accounts}


def test_nothing_has_changed_right_after_a_draft_or_an_issue(project: Project) -> None:
    draft(project, MARCH, now=ISSUED[MARCH])
    assert changed(project) == {}
    issue_month(project, MARCH)
    assert changed(project) == {}


def test_what_was_never_drafted_is_all_new(project: Project) -> None:
    found = changed(project)
    assert {name: change.since for name, change in found.items()} == {"C100": None, "C200": None}
    assert found["C100"].gross_after == Decimal("0.11")


@pytest.mark.parametrize("issued", [False, True], ids=["since a draft", "since an issue"])
def test_late_usage_shows_as_more_uses_of_a_line(project: Project, *, issued: bool) -> None:
    if issued:
        issue_month(project, MARCH)
    else:
        draft(project, MARCH, now=ISSUED[MARCH])
    arrive(project, 1, [record("2026-03-06T12:00")])
    (change,) = changed(project).values()
    assert change.since == ("swiss_ag-2026-00001" if issued else "draft")
    (line,) = change.lines
    assert line.before is not None
    assert line.after is not None
    assert (line.before.uses, line.after.uses, line.charge) == (5, 6, Decimal("0.05"))
    assert change.taxes == ()
    assert change.reasons == ()


def test_a_corrected_price_is_named_with_the_rate_and_the_tier(project: Project) -> None:
    issue_month(project, MARCH)
    write_tariff_folder(project, rates=[line.replace("0.05", "0.50") for line in RATES])
    change = changed(project)["C100"]
    assert change.reasons == ("rate office/message/all from always: tiers 1 price 0.05 -> 0.5",)
    assert (change.gross_before, change.gross_after) == (Decimal("0.11"), Decimal("1.08"))
    (tax,) = change.taxes
    assert (tax.before, tax.after) == (Decimal("0.01"), Decimal("0.08"))


def test_a_corrected_allowance_is_named_with_the_plan(project: Project) -> None:
    issue_month(project, MARCH)
    write_tariff_folder(project, allowances=[line.replace("3", "4") for line in ALLOWANCES])
    assert changed(project)["C100"].reasons == (
        "plan office, 2026-03: allowances 1 units 3 -> 4",
        "plan office, 2026-03: allowances 2 units 3 -> 4",
        "plan office, 2026-03: allowances 3 units 3 -> 4",
    )


def test_a_corrected_directory_is_named_with_the_rows_on_both_sides(project: Project) -> None:
    issue_month(project, MARCH)
    write_directory(project, [line.replace("Sales,C100", "Support,C200") for line in DIRECTORY])
    found = changed(project)
    assert found["C100"].reasons == (
        "directory: p1 was Anna Huber, Sales, C100, at geneva, from 2026-03-01 to 2026-03-31",
        "directory: p1 is Anna Huber, Support, C200, at geneva, from 2026-03-01 to 2026-03-31",
    )
    (gone,) = found["C100"].lines
    assert gone.after is None
    (new,) = found["C200"].lines
    assert (new.before, new.charge) == (None, Decimal("0.10"))


def test_what_was_adjusted_since_is_no_change(project: Project) -> None:
    issue_month(project, MARCH)
    arrive(project, 1, [record("2026-03-06T12:00")])
    issue_month(project, APRIL)
    assert changed(project) == {}


def test_looking_writes_nothing(project: Project) -> None:
    changed(project)
    draft(project, MARCH, dry_run=True)
    assert not (project.path / "data" / "invoices").exists()


def test_a_draft_says_what_is_in_the_way_and_is_not_refused(project: Project) -> None:
    drafts = draft(project, APRIL, now=ISSUED[MARCH])
    assert "the month is not over" in drafts.obstacles[0]


def test_what_could_not_be_fetched_is_said_by_draft_and_diff(project: Project) -> None:
    project = with_a_lost_directory(project)
    assert "could not fetch directory" in draft(project, MARCH).obstacles[0]
    (warning,) = changes(project, MARCH).warnings
    assert "could not fetch directory" in warning


def test_a_draft_of_one_account_leaves_the_others_as_they_were(project: Project) -> None:
    draft(project, MARCH)
    arrive(project, 1, [record("2026-03-06T12:00"), *late_of_bo()])
    draft(project, MARCH, Scope(cost_centres=["C200"]))
    (change,) = changed(project).values()
    assert change.account.cost_centre == "C100"


def late_of_bo() -> list[dict[str, object]]:
    return [record(f"2026-03-{day:02}T13:00", "10002") for day in (10, 11, 12)]


def test_what_was_issued_has_no_draft_any_more(project: Project) -> None:
    draft(project, MARCH)
    issue_month(project, MARCH, scope=Scope(cost_centres=["C100"]))
    draft(project, MARCH)
    drafts = read_drafts(project, MARCH)
    assert drafts is not None
    assert [content.cost_centre for content in drafts.contents] == ["C200"]


def test_a_damaged_draft_is_named_with_what_to_do(project: Project) -> None:
    draft(project, MARCH)
    (project.path / "data" / "invoices" / "drafts-2026-03.json").write_text("{")
    with pytest.raises(InvoiceError, match="eur invoice draft --month 2026-03"):
        changed(project)
