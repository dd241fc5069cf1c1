"""`eur invoice`: what a clerk sees and types, from a draft to a credit note."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from typer.testing import CliRunner, Result

from eur_pipeline.analyst import open as open_published
from eur_pipeline.billing.invoices.issuing import bring_up_to_date
from eur_pipeline.cli import app
from eur_pipeline.errors import InvoiceError
from eur_pipeline.project import Project
from tests.billing.invoices.months import (
    ISSUED,
    MARCH,
    arrive,
    invoiced_project,
    with_a_lost_directory,
)
from tests.models.lake_project import record


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Five messages of Anna's in March, of which three are free, and one of Bo's."""
    project = invoiced_project(tmp_path_factory.mktemp("built") / "project")
    sent = [record(f"2026-03-{day:02}T12:00") for day in range(1, 6)]
    arrive(project, 0, [*sent, record("2026-03-09T12:00", "10002")])
    bring_up_to_date(project)
    return project


@pytest.fixture
def directory(built: Project, tmp_path: Path) -> Iterator[Path]:
    """A copy of it, on the day on which March is issued."""
    with time_machine.travel(ISSUED[MARCH]):
        yield Path(shutil.copytree(built.path, tmp_path / "project"))


def invoice(directory: Path, *arguments: str) -> Result:
    options = ["--dir", str(directory)]
    return CliRunner().invoke(app, ["invoice", *arguments, *options], env={"COLUMNS": "160"})


def test_a_month_from_draft_to_credit_note(directory: Path) -> None:
    drawn = invoice(directory, "draft", "--month", "2026-03")
    assert drawn.exit_code == 0
    assert "swiss_ag C100" in drawn.output
    assert "0.11" in drawn.output
    assert "eur invoice issue --month 2026-03" in drawn.stderr

    shown = invoice(directory, "show", "--month", "2026-03", "--cost-centre", "C100")
    assert "draft for swiss_ag C100" in shown.output
    assert "Anna Huber (p1)" in shown.output

    issued = invoice(directory, "issue", "--month", "2026-03")
    assert issued.exit_code == 0
    assert "issued: 2 documents" in issued.stderr

    document = invoice(directory, "show", "swiss_ag-2026-00001")
    assert "invoice swiss_ag-2026-00001 of swiss_ag C100, 2026-03" in document.output
    assert "Anna Huber (p1)" in document.output

    reason = ("--reason", "wrong cost centre")
    credited = invoice(directory, "credit", "swiss_ag-2026-00001", *reason)
    assert credited.exit_code == 0
    assert "-0.11" in credited.output

    listed = invoice(directory, "list")
    assert "credited by swiss_ag-2026-00003" in listed.output
    assert "credits swiss_ag-2026-00001" in listed.output


def test_analysts_have_the_documents_as_soon_as_they_are_issued(directory: Path) -> None:
    invoice(directory, "issue", "--month", "2026-03")
    invoices = open_published(directory).table("invoices")
    assert list(invoices["number"]) == ["swiss_ag-2026-00001", "swiss_ag-2026-00002"]


def test_what_is_in_the_way_is_said_and_issued_only_by_force_with_a_reason(directory: Path) -> None:
    shutil.rmtree(directory / "data" / "landing" / "geneva_im" / "2026-03-09T00Z")
    refused = invoice(directory, "issue", "--month", "2026-03")
    assert refused.exit_code == 1
    assert isinstance(refused.exception, InvoiceError)
    assert "1 upload intervals have no archive" in str(refused.exception)

    assert invoice(directory, "issue", "--month", "2026-03", "--force").exit_code == 2
    assert invoice(directory, "issue", "--month", "2026-03", "--reason", "x").exit_code == 2

    forced = ("issue", "--month", "2026-03", "--force", "--reason", "their server was new")
    assert invoice(directory, *forced).exit_code == 0
    shown = invoice(directory, "show", "swiss_ag-2026-00001")
    assert "forced, because: their server was new" in shown.output


def test_a_dry_run_shows_all_and_issues_nothing(directory: Path) -> None:
    shutil.rmtree(directory / "data" / "landing" / "geneva_im" / "2026-03-09T00Z")
    result = invoice(directory, "issue", "--month", "2026-03", "--dry-run")
    assert result.exit_code == 0
    assert "swiss_ag-2026-00001" in result.output
    assert "in the way: geneva_im: 1 upload intervals" in result.stderr
    assert "nothing of that was issued yet" in invoice(directory, "list").stderr


def test_an_old_copy_of_the_directory_is_said(directory: Path) -> None:
    with_a_lost_directory(Project(directory))
    for command in ("draft", "diff"):
        said = invoice(directory, command, "--month", "2026-03").stderr
        assert "could not fetch directory" in said
        assert "is used" in said


def test_a_month_can_be_written_as_its_first_day(directory: Path) -> None:
    assert invoice(directory, "list", "--month", "2026-03-01").exit_code == 0


def test_late_usage_is_explained_before_it_is_credited(directory: Path) -> None:
    invoice(directory, "issue", "--month", "2026-03")
    arrive(Project(directory), 1, [record("2026-03-06T12:00")])

    explained = invoice(directory, "diff", "--month", "2026-03")
    assert "swiss_ag C100, 2026-03, swiss_ag-2026-00001: 0.11 -> 0.16 CHF (+0.05)" in (
        explained.output
    )

    options = ("--month", "2026-03", "--reissue", "--reason", "late upload")
    would = invoice(directory, "credit", *options, "--dry-run")
    assert "swiss_ag-2026-00004" in would.output
    assert invoice(directory, "credit", *options).exit_code == 0
    assert "nothing changed" in invoice(directory, "diff", "--month", "2026-03").stderr
    assert "no invoice is to be credited" in invoice(directory, "credit", *options).stderr


def test_programs_get_objects(directory: Path) -> None:
    month = ("--month", "2026-03", "--json")
    (draft, _) = json.loads(invoice(directory, "draft", *month).stdout)["contents"]
    assert draft["gross"] == "0.11"
    shown = json.loads(invoice(directory, "show", *month).stdout)["drafts"]
    assert shown[0] == draft
    assert json.loads(invoice(directory, "diff", *month).stdout) == {"changes": [], "warnings": []}
    issued = json.loads(invoice(directory, "issue", *month).stdout)
    assert issued["issued"] is True
    assert issued["documents"][0]["content"] == draft
    listed = json.loads(invoice(directory, "list", "--json").stdout)["documents"]
    assert [d["number"] for d in listed] == [d["number"] for d in issued["documents"]]
    number = listed[0]["number"]
    assert json.loads(invoice(directory, "show", number, "--json").stdout)["number"] == number
    arrive(Project(directory), 1, [record("2026-03-06T12:00")])
    (change,) = json.loads(invoice(directory, "diff", *month).stdout)["changes"]
    assert change["lines"][0]["after"]["uses"] == 6


def test_a_lost_register_is_restored(directory: Path) -> None:
    invoice(directory, "issue", "--month", "2026-03")
    (directory / "data" / "invoices" / "register.json").unlink()
    refused = invoice(directory, "list")
    assert "eur invoice restore-register" in str(refused.exception)
    assert "all 2 documents again" in invoice(directory, "restore-register").stderr
    assert "swiss_ag-2026-00002" in invoice(directory, "list").output


def test_a_loss_is_accepted_with_a_reason(directory: Path) -> None:
    invoice(directory, "issue", "--month", "2026-03")
    shutil.rmtree(directory / "data" / "invoices")
    refused = invoice(directory, "issue", "--month", "2026-03")
    assert "eur invoice accept-loss" in str(refused.exception)
    assert invoice(directory, "accept-loss", "--reason", " ").exit_code == 2
    accepted = invoice(directory, "accept-loss", "--reason", "the disk burnt")
    assert "accepted as lost: swiss_ag-2026-00001, swiss_ag-2026-00002" in accepted.output
    assert "swiss_ag-2026-00003" in invoice(directory, "issue", "--month", "2026-03").output


@pytest.mark.parametrize(
    "arguments",
    [
        ("issue", "--month", "March"),
        ("issue",),
        ("show",),
        ("show", "swiss_ag-2026-00001", "--month", "2026-03"),
        ("credit", "--reason", "x"),
        ("credit", "swiss_ag-2026-00001", "--reason", " "),
        ("credit", "swiss_ag-2026-00001", "--reason", "x", "--force"),
        ("credit", "--month", "2026-03", "--reason", "x", "--force"),
        ("credit", "swiss_ag-2026-00001", "--reason", "x", "--entity", "swiss_ag"),
        ("credit", "swiss_ag-2026-00001", "--reason", "x", "--cost-centre", "C100"),
        ("show", "swiss_ag-2026-00001", "--entity", "swiss_ag"),
    ],
)
def test_wrong_use_ends_with_2(directory: Path, arguments: tuple[str, ...]) -> None:
    assert invoice(directory, *arguments).exit_code == 2
