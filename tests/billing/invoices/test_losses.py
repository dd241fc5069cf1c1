"""A folder of invoices that is lost, or older, is noticed: no number is given a second time."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from eur_pipeline.billing.invoices.issuing import bring_up_to_date
from eur_pipeline.billing.invoices.losses import accept_losses
from eur_pipeline.billing.invoices.register import read_register
from eur_pipeline.billing.invoices.restoring import restore_register
from eur_pipeline.errors import InvoiceError
from eur_pipeline.models import publish
from eur_pipeline.project import Project
from tests.models.lake_project import copy_of, query, record

from .months import APRIL, MARCH, arrive, grosses, invoiced_project, issue_month


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """March is issued, built and published: an invoice of Anna's account, and one of Bo's."""
    project = invoiced_project(tmp_path_factory.mktemp("issued") / "project")
    sent = [record(f"2026-03-{day:02}T12:00") for day in range(1, 6)]
    arrive(project, 0, [*sent, record("2026-03-09T12:00", "10002")])
    issue_month(project, MARCH)
    bring_up_to_date(project)
    publish(project)
    return project


@pytest.fixture
def project(issued: Project, tmp_path: Path) -> Project:
    return copy_of(issued, tmp_path / "project")


def lose_the_folder(project: Project) -> None:
    shutil.rmtree(project.invoices_path)


def lose_folder_and_warehouse(project: Project) -> None:
    shutil.rmtree(project.invoices_path)
    shutil.rmtree(project.warehouse_path.parent)


@pytest.mark.parametrize("harm", [lose_the_folder, lose_folder_and_warehouse])
def test_what_was_issued_is_not_issued_again_when_its_files_are_lost(
    project: Project, harm: Callable[[Project], None]
) -> None:
    harm(project)
    for work in (bring_up_to_date, lambda project: issue_month(project, MARCH)):
        with pytest.raises(InvoiceError, match=r"lacks 2 documents .*: swiss_ag-2026-00001, "):
            work(project)
    assert not project.invoices_path.exists()


def test_a_folder_from_an_older_backup_is_refused_by_the_numbers_that_it_lacks(
    project: Project, tmp_path: Path
) -> None:
    backup = shutil.copytree(project.invoices_path, tmp_path / "backup")
    arrive(project, 1, [record("2026-04-06T12:00")])
    issue_month(project, APRIL)
    bring_up_to_date(project)
    shutil.rmtree(project.invoices_path)
    shutil.copytree(backup, project.invoices_path)
    with pytest.raises(InvoiceError, match=r"lacks 1 documents .*: swiss_ag-2026-00003"):
        bring_up_to_date(project)
    assert len(query(project, "from invoices")) == 3


def test_after_a_loss_is_accepted_its_months_are_open_and_its_numbers_used(
    project: Project,
) -> None:
    shutil.rmtree(project.invoices_path)
    assert accept_losses(project, "the disk burnt") == [
        *("swiss_ag-2026-00001", "swiss_ag-2026-00002"),
    ]
    assert grosses(issue_month(project, MARCH)) == {
        ("swiss_ag-2026-00003", "C100"): "0.11",
        ("swiss_ag-2026-00004", "C200"): "0.00",
    }
    lost = read_register(project).lost
    assert {document.reason for document in lost} == {"the disk burnt"}
    assert accept_losses(project, "once more") == []


def test_documents_that_are_found_again_are_lost_no_more(project: Project, tmp_path: Path) -> None:
    found = Path(shutil.copytree(project.invoices_path, tmp_path / "found"))
    shutil.rmtree(project.invoices_path)
    accept_losses(project, "not in the backup")
    shutil.copytree(found / "swiss_ag", project.invoices_path / "swiss_ag")
    with pytest.raises(InvoiceError, match="restore-register"):
        bring_up_to_date(project)
    assert restore_register(project) == 2
    assert read_register(project).lost == ()
    assert issue_month(project, MARCH).documents == ()
