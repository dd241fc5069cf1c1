"""What arrives or is corrected after issue: invoices, credit notes and adjustments stay the whole.

Every case ends with the same sum, added up from the files: what was billed for a month is what it
would have been, had everything come in time.
"""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from eur_pipeline.billing.invoices.drafts import draft
from eur_pipeline.billing.invoices.drawing import Scope
from eur_pipeline.billing.invoices.issuing import (
    bring_up_to_date,
    credit,
    differing,
    issue,
)
from eur_pipeline.collect.index import LandingIndex
from eur_pipeline.collect.landing import LandingZone
from eur_pipeline.errors import InvoiceError
from eur_pipeline.project import Project
from tests.models.lake_project import copy_of, query, record, write_directory

from .months import (
    APRIL,
    DIRECTORY,
    ISSUED,
    MARCH,
    MAY,
    RATES,
    TAXES,
    arrive,
    billed_and_rated,
    documents,
    grosses,
    invoiced_project,
    issue_month,
    write_tariff_folder,
)

ANNA = Scope(["swiss_ag"], ["C100"])


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """March is issued: five messages of Anna's, of which three are free, and one of Bo's."""
    project = invoiced_project(tmp_path_factory.mktemp("built") / "project")
    sent = [record(f"2026-03-{day:02}T12:00") for day in range(1, 6)]
    arrive(project, 0, [*sent, record("2026-03-09T12:00", "10002")])
    issue_month(project, MARCH)
    bring_up_to_date(project)
    return project


@pytest.fixture
def project(built: Project, tmp_path: Path) -> Project:
    return copy_of(built, tmp_path / "project")


def by_credit(project: Project) -> Project:
    """The same project with the policy `credit`."""
    text = project.config_path.read_text().replace("late_usage: adjust", "late_usage: credit")
    project.config_path.write_text(text)
    return Project(project.path)


def adjustments(project: Project, number: str) -> list[tuple[str, str, str, str]]:
    """Usage month, person, department and charge of a document's adjustments."""
    lines = documents(project)[number].content.lines
    return [
        (str(line.local_month), line.person_id, line.department, str(line.numbers.charge))
        for line in lines
        if line.is_adjustment
    ]


def test_late_usage_is_adjusted_on_the_next_invoice_at_its_own_months_rates(
    project: Project,
) -> None:
    arrive(project, 1, [record("2026-03-06T12:00"), record("2026-04-06T12:00")])
    write_tariff_folder(
        project,
        rates=[
            *(line for line in RATES if "0.05" not in line),
            "office,message,,,,,2026-04-01,,,,,,0.05,,",
            "office,message,,,,2026-04-01,,,,,,,0.90,,",
        ],
    )
    batch = issue_month(project, APRIL)
    # A sixth message costs 0.05; the first of April is free.
    assert grosses(batch) == {("swiss_ag-2026-00003", "C100"): "0.05"}
    assert adjustments(project, "swiss_ag-2026-00003") == [("2026-03-01", "p1", "Sales", "0.05")]
    billed, rated = billed_and_rated(project)
    assert billed == rated


def test_tax_of_an_adjustment_is_that_of_the_whole_month_less_what_was_billed(
    project: Project,
) -> None:
    # 0.10 has 0.0081 tax, rounded 0.01; 0.15 has 0.01215, rounded 0.01: none for the difference.
    arrive(project, 1, [record("2026-03-06T12:00")])
    issue_month(project, APRIL)
    (tax,) = documents(project)["swiss_ag-2026-00003"].content.taxes
    assert (str(tax.local_month), str(tax.net), str(tax.tax)) == ("2026-03-01", "0.05", "0.00")
    # And 0.20 has 0.0162: 0.02, so that this one has a cent of tax.
    arrive(project, 2, [record("2026-03-07T12:00")])
    issue_month(project, MAY)
    (tax,) = documents(project)["swiss_ag-2026-00004"].content.taxes
    assert (tax.net, tax.tax) == (Decimal("0.05"), Decimal("0.01"))
    billed, rated = billed_and_rated(project)
    assert billed == rated


def test_an_account_without_usage_gets_an_invoice_of_nothing_but_adjustments(
    project: Project,
) -> None:
    arrive(project, 1, [record("2026-03-06T12:00")])
    (document,) = issue_month(project, APRIL).documents
    assert {line.is_adjustment for line in document.content.lines} == {True}
    assert document.content.month == APRIL


def test_several_rounds_each_bill_what_is_new_alone(project: Project) -> None:
    arrive(project, 1, [record("2026-03-06T12:00"), record("2026-04-06T12:00", "10002")])
    issue_month(project, APRIL)
    arrive(project, 2, [record("2026-03-07T12:00"), record("2026-04-07T12:00", "10002")])
    batch = issue_month(project, MAY)
    assert adjustments(project, "swiss_ag-2026-00005") == [("2026-03-01", "p1", "Sales", "0.05")]
    assert len(batch.documents) == 2
    billed, rated = billed_and_rated(project)
    assert billed == rated
    assert query(project, "from open_adjustments") == []


def test_a_correction_can_be_negative(project: Project) -> None:
    write_tariff_folder(project, rates=[line.replace("0.05", "0.01") for line in RATES])
    (document,) = issue_month(project, APRIL).documents
    (line,) = document.content.lines
    assert line.numbers.charge == Decimal("-0.08")
    assert line.rated is not None
    assert line.billed is not None
    assert (line.rated.charge, line.billed.charge) == (Decimal("0.02"), Decimal("0.10"))
    assert document.content.gross == Decimal("-0.09")  # the cent of tax, too
    billed, rated = billed_and_rated(project)
    assert billed == rated


def test_who_turns_out_to_have_moved_is_given_back_here_and_billed_there(project: Project) -> None:
    moved = [
        "p1,Anna Huber,,10001,geneva,Sales,C100,,2026-03-03",
        "p1,Anna Huber,,10001,geneva,Support,C200,2026-03-03,",
        *DIRECTORY[1:],
    ]
    write_directory(project, moved)
    batch = issue_month(project, APRIL)
    # What is left of the allowance moves with her: the two paid messages were the last ones.
    assert grosses(batch) == {
        ("swiss_ag-2026-00003", "C100"): "-0.11",
        ("swiss_ag-2026-00004", "C200"): "0.11",
    }
    assert adjustments(project, "swiss_ag-2026-00003") == [("2026-03-01", "p1", "Sales", "-0.10")]
    assert adjustments(project, "swiss_ag-2026-00004") == [("2026-03-01", "p1", "Support", "0.10")]
    billed, rated = billed_and_rated(project)
    assert billed == rated


def test_who_moves_to_an_account_without_an_invoice_of_the_month_makes_it_get_one(
    project: Project,
) -> None:
    write_directory(project, [line.replace("C100", "C900") for line in DIRECTORY])
    march = issue(project, MARCH, now=ISSUED[MARCH] + dt.timedelta(days=1))
    assert grosses(march) == {("swiss_ag-2026-00003", "C900"): "0.11"}
    april = issue_month(project, APRIL)
    assert grosses(april) == {("swiss_ag-2026-00004", "C100"): "-0.11"}
    billed, rated = billed_and_rated(project)
    assert billed == rated


def test_a_tax_that_is_corrected_is_given_back_at_the_old_rate_and_billed_at_the_new(
    project: Project,
) -> None:
    write_tariff_folder(project, taxes=[line.replace("8.1", "50") for line in TAXES])
    issue_month(project, APRIL)
    taxes = documents(project)["swiss_ag-2026-00003"].content.taxes
    assert [(str(t.tax_percent), str(t.net), str(t.tax)) for t in taxes] == [
        ("8.1", "-0.10", "-0.01"),
        ("50", "0.10", "0.05"),
    ]
    billed, rated = billed_and_rated(project)
    assert billed == rated


def test_names_alone_are_no_reason_for_an_adjustment(project: Project) -> None:
    write_directory(project, [line.replace("Anna Huber", "Anna Berg") for line in DIRECTORY])
    assert issue_month(project, APRIL).documents == ()


def test_by_the_policy_credit_an_invoice_has_to_be_credited_first(project: Project) -> None:
    arrive(project, 1, [record("2026-03-06T12:00"), record("2026-04-06T12:00")])
    project = by_credit(project)
    with pytest.raises(InvoiceError, match=r"swiss_ag-2026-00001 by \+0.05 CHF"):
        issue_month(project, APRIL)
    numbers, _ = differing(project, MARCH)
    assert numbers == ["swiss_ag-2026-00001"]
    batch = credit(project, numbers, "late upload", reissue=True, now=ISSUED[APRIL])
    assert grosses(batch) == {
        ("swiss_ag-2026-00003", "C100"): "-0.11",
        ("swiss_ag-2026-00004", "C100"): "0.16",
    }
    assert grosses(issue_month(project, APRIL)) == {("swiss_ag-2026-00005", "C100"): "0.00"}
    billed, rated = billed_and_rated(project)
    assert billed == rated


def test_by_the_policy_credit_what_is_forced_bills_its_own_month_alone(project: Project) -> None:
    arrive(project, 1, [record("2026-03-06T12:00"), record("2026-04-06T12:00")])
    project = by_credit(project)
    issue_month(project, APRIL, force_reason="March is credited next week")
    assert adjustments(project, "swiss_ag-2026-00003") == []
    bring_up_to_date(project)
    assert query(project, "select local_month::varchar, charge from open_adjustments") == [
        ("2026-03-01", Decimal("0.05"))
    ]


def test_a_credit_note_takes_everything_back_and_opens_the_month(project: Project) -> None:
    batch = credit(project, ["swiss_ag-2026-00001"], "wrong address", now=ISSUED[APRIL])
    (note,) = batch.documents
    assert (note.reason, note.content.credits) == ("wrong address", "swiss_ag-2026-00001")
    assert note.content.gross == Decimal("-0.11")
    assert [line.numbers.uses for line in note.content.lines] == [-5]
    bring_up_to_date(project)
    states = query(project, "select number, status, credited_by from invoices order by number")
    assert states[0] == ("swiss_ag-2026-00001", "credited", "swiss_ag-2026-00003")
    again = issue(project, MARCH, now=ISSUED[APRIL])
    assert grosses(again) == {("swiss_ag-2026-00004", "C100"): "0.11"}
    billed, rated = billed_and_rated(project)
    assert billed == rated


def test_what_was_adjusted_on_a_credited_invoice_is_on_the_new_one(project: Project) -> None:
    arrive(project, 1, [record("2026-03-06T12:00"), record("2026-04-06T12:00")])
    issue_month(project, APRIL)
    arrive(project, 2, [record("2026-03-07T12:00"), record("2026-04-07T12:00")])
    credit(project, ["swiss_ag-2026-00003"], "late", reissue=True, now=ISSUED[MAY])
    assert adjustments(project, "swiss_ag-2026-00005") == [("2026-03-01", "p1", "Sales", "0.10")]
    billed, rated = billed_and_rated(project)
    assert billed == rated


def test_an_invoice_that_was_adjusted_since_can_still_be_credited(project: Project) -> None:
    arrive(project, 1, [record("2026-03-06T12:00")])
    issue_month(project, APRIL)
    credit(project, ["swiss_ag-2026-00001"], "why not", reissue=True, now=ISSUED[MAY])
    # What April's invoice has billed of March is not billed again.
    (line,) = documents(project)["swiss_ag-2026-00005"].content.lines
    assert (line.numbers.uses, line.numbers.charge) == (5, Decimal("0.10"))
    billed, rated = billed_and_rated(project)
    assert billed == rated


def test_nothing_is_credited_twice_and_no_credit_note_at_all(project: Project) -> None:
    credit(project, ["swiss_ag-2026-00001"], "once", now=ISSUED[APRIL])
    with pytest.raises(InvoiceError, match="was credited before, by swiss_ag-2026-00003"):
        credit(project, ["swiss_ag-2026-00001"], "twice", now=ISSUED[APRIL])
    with pytest.raises(InvoiceError, match="is a credit note"):
        credit(project, ["swiss_ag-2026-00003"], "back", now=ISSUED[APRIL])
    with pytest.raises(InvoiceError, match="there is no document"):
        credit(project, ["swiss_ag-2026-00009"], "what", now=ISSUED[APRIL])
    assert len(documents(project)) == 3


def test_invoices_of_two_months_are_not_issued_anew_at_once(project: Project) -> None:
    arrive(project, 1, [record("2026-04-06T12:00")])
    issue_month(project, APRIL)
    numbers = ["swiss_ag-2026-00001", "swiss_ag-2026-00003"]
    with pytest.raises(InvoiceError, match="credit one month after the other"):
        credit(project, numbers, "both", reissue=True, now=ISSUED[MAY])


def test_a_month_is_not_issued_anew_while_something_of_it_is_in_the_way(project: Project) -> None:
    arrive(project, 1, [record("2026-03-06T12:00")], rejects=1)
    numbers = ["swiss_ag-2026-00001"]
    with pytest.raises(InvoiceError, match="1 records are rejected"):
        credit(project, numbers, "late", reissue=True, now=ISSUED[APRIL])
    assert len(documents(project)) == 2
    credit(project, numbers, "late", reissue=True, force=True, now=ISSUED[APRIL])
    forced = documents(project)["swiss_ag-2026-00004"].forced
    assert forced is not None
    assert forced.reason == "late"


EARLY = -24 * 20  # hours before the uploads that April's invoices look at


def forget(project: Project) -> None:
    """What an hour brought is in the lake no more, as after a dialect that cannot read it."""
    for path in project.lake_path.glob("*/*/geneva_im--2026-03-11T00Z.parquet"):
        path.unlink()


def not_read_again(project: Project) -> None:
    forget(project)
    index = LandingIndex(LandingZone.of(project), "geneva_im")
    index.mark_unread([dt.datetime(2026, 3, 11, tzinfo=dt.UTC)])


def set_aside(project: Project) -> None:
    forget(project)
    arrive(project, EARLY, [], status="unreadable", reason="no such element")


@pytest.mark.parametrize(
    ("harm", "named"),
    [(not_read_again, "landed and not read yet"), (set_aside, "1 archives are set aside")],
)
def test_what_is_not_read_of_an_earlier_month_is_not_credited_away(
    project: Project, harm: Callable[[Project], None], named: str
) -> None:
    arrive(project, EARLY, [record("2026-03-06T12:00")])
    issue_month(project, APRIL)
    harm(project)
    with pytest.raises(InvoiceError, match=f"2026-03, which is adjusted: geneva_im: .*{named}"):
        issue_month(project, MAY)
    drawn = draft(project, MAY, now=ISSUED[MAY])
    assert [str(content.gross) for content in drawn.contents] == ["-0.05"]
    assert named in drawn.obstacles[0]


def test_an_earlier_month_that_is_not_adjusted_is_not_in_the_way(project: Project) -> None:
    index = LandingIndex(LandingZone.of(project), "geneva_im")
    index.mark_unread([dt.datetime(2026, 3, 11, tzinfo=dt.UTC)])
    arrive(project, 1, [record("2026-04-06T12:00")])
    assert len(issue_month(project, APRIL).documents) == 1


def test_a_missing_upload_of_an_adjusted_month_is_asked_about_once(project: Project) -> None:
    (path,) = project.landing_path.glob("geneva_im/2026-03-09T00Z/*.json")
    path.unlink()
    arrive(project, 1, [record("2026-03-06T12:00")])
    with pytest.raises(InvoiceError, match=r"2026-03, which is adjusted: .* have no archive"):
        issue_month(project, APRIL)
    issue_month(project, APRIL, force_reason="it never came")
    arrive(project, 2, [record("2026-03-07T12:00")])
    assert issue_month(project, MAY).obstacles == ()


def test_an_upload_that_was_missing_when_its_month_was_issued_is_not_asked_about_again(
    tmp_path: Path,
) -> None:
    project = invoiced_project(tmp_path)
    (path,) = project.landing_path.glob("geneva_im/2026-03-09T00Z/*.json")
    path.unlink()
    arrive(project, 0, [record(f"2026-03-{day:02}T12:00") for day in range(1, 6)])
    issue_month(project, MARCH, force_reason="it never came")
    arrive(project, 1, [record("2026-03-06T12:00")])
    assert issue_month(project, APRIL).obstacles == ()


def test_one_account_can_be_left_for_later(project: Project) -> None:
    arrive(project, 1, [record("2026-03-06T12:00"), record("2026-03-20T12:00", "10002")])
    issue_month(project, APRIL, scope=ANNA)
    bring_up_to_date(project)
    open_accounts = query(project, "select cost_centre, uses, is_issued from open_adjustments")
    assert open_accounts == [("C200", 1, True)]
