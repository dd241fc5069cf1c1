"""The doctor finds what is wrong with the issued documents, and says what to do."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from eur_pipeline.billing.invoices.filing import LOCK
from eur_pipeline.billing.invoices.issuing import bring_up_to_date
from eur_pipeline.doctor.finding import look
from eur_pipeline.doctor.invoices import look_at_invoices
from eur_pipeline.models import publish
from eur_pipeline.project import Project
from tests.billing.invoices.months import MARCH, arrive, invoiced_project, issue_month
from tests.models.lake_project import record

DOCUMENT = "swiss_ag/swiss_ag-2026-00002"


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project that has issued two documents."""
    project = invoiced_project(tmp_path_factory.mktemp("issued") / "project")
    arrive(project, 0, [record("2026-03-09T12:00"), record("2026-03-09T12:00", "10002")])
    issue_month(project, MARCH)
    return project


@pytest.fixture
def folder(issued: Project, tmp_path: Path) -> Path:
    """A copy of its folder of invoices, in a project of its own."""
    return Path(shutil.copytree(issued.invoices_path, tmp_path / "data" / "invoices"))


def finding(folder: Path) -> tuple[bool | None, str]:
    project = Project(folder.parents[1])
    found = look("invoices", lambda: look_at_invoices(project))
    return found.good, found.detail


def test_what_is_as_it_was_issued_is_good(folder: Path) -> None:
    good = (True, "2 documents, each as it was issued; no number is missing")
    assert finding(folder) == good


def test_a_batch_that_a_crash_kept_from_being_named_is_no_fault(folder: Path) -> None:
    path = folder / f"{DOCUMENT}.json"
    path.rename(path.with_name(f".unfinished-{path.name}"))
    assert finding(folder)[0]


def test_before_anything_was_issued_nothing_is_wrong(tmp_path: Path) -> None:
    assert finding(tmp_path / "data" / "invoices") == (True, "nothing was issued yet")


def remove(folder: Path) -> None:
    (folder / f"{DOCUMENT}.parquet").unlink()


def change(folder: Path) -> None:
    path = folder / f"{DOCUMENT}.json"
    path.write_text(path.read_text().replace("Bo Lind", "Bo Hind"))


def forget(folder: Path) -> None:
    edit(folder, lambda documents: documents.pop())


def lose(folder: Path) -> None:
    edit(folder, lambda documents: documents.pop(0))
    for suffix in ("json", "parquet"):
        (folder / f"swiss_ag/swiss_ag-2026-00001.{suffix}").unlink()


def double(folder: Path) -> None:
    edit(folder, lambda documents: documents.append(documents[0]))


def edit(folder: Path, what: Callable[[list[object]], object]) -> None:
    path = folder / "register.json"
    content = json.loads(path.read_text())
    what(content["documents"])
    path.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("harm", "found", "to_do"),
    [
        (remove, f"are missing: {DOCUMENT}.parquet", "restore them from a backup"),
        (change, f"not what was issued (SHA-256): {DOCUMENT}.json", "restore them from a backup"),
        (forget, f"does not have {DOCUMENT}.json", "eur invoice restore-register"),
        (lose, "swiss_ag-2026-00001 is missing", "as a whole from a backup"),
        (double, "swiss_ag-2026-00001 stands twice", "as a whole from a backup"),
        (lambda folder: (folder / "register.json").unlink(), "or missing", "restore-register"),
        (lambda folder: (folder / "register.json").write_text("{"), "is damaged", "backup"),
    ],
    ids=["missing", "changed", "older register", "gap", "double", "no register", "damaged"],
)
def test_a_fault_is_found_and_what_to_do_is_said(
    folder: Path, harm: Callable[[Path], object], found: str, to_do: str
) -> None:
    harm(folder)
    good, detail = finding(folder)
    assert good is False
    assert found in detail
    assert to_do in detail


def test_documents_that_analysts_see_and_the_folder_lacks_are_found(
    issued: Project, tmp_path: Path
) -> None:
    project = Project(Path(shutil.copytree(issued.path, tmp_path / "project")))
    bring_up_to_date(project)
    publish(project)
    assert finding(project.invoices_path)[0]
    shutil.rmtree(project.invoices_path)
    good, detail = finding(project.invoices_path)
    assert good is False
    assert "lacks 2 documents that were issued: swiss_ag-2026-00001" in detail
    assert "restore its newest backup" in detail


def test_while_somebody_issues_nothing_is_said(folder: Path) -> None:
    with Project(folder.parents[1]).lock(LOCK):
        good, detail = finding(folder)
    assert good is None
    assert "not looked at" in detail
