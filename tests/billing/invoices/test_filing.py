"""A batch is issued wholly or not at all, whoever is killed when; no gap, no double."""

import itertools
import json
import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest

from eur_pipeline.billing.invoices.document import Document
from eur_pipeline.billing.invoices.drawing import Scope
from eur_pipeline.billing.invoices.filing import LOCK, filing
from eur_pipeline.billing.invoices.issuing import bring_up_to_date, credit
from eur_pipeline.billing.invoices.register import Register, read_register
from eur_pipeline.billing.invoices.restoring import restore_register
from eur_pipeline.errors import BusyError, InvoiceError, StorageError
from eur_pipeline.project import Project
from eur_pipeline.storage import LocalStore
from tests.models.lake_project import copy_of, record

from .clerks import (
    KILLED,
    Work,
    file_documents,
    issue_march,
    work_alone,
    work_at_once,
)
from .full_disk import full_disk
from .months import APRIL, ISSUED, MARCH, arrive, documents, invoiced_project, issue_month


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A March of two accounts of one legal entity, built."""
    project = invoiced_project(tmp_path_factory.mktemp("built") / "project")
    arrive(project, 0, [record("2026-03-09T12:00"), record("2026-03-09T12:00", "10002")])
    bring_up_to_date(project)
    return project


@pytest.fixture(scope="module")
def issued(built: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The same, issued."""
    project = copy_of(built, tmp_path_factory.mktemp("issued") / "project")
    issue_month(project, MARCH)
    bring_up_to_date(project)
    return project


def files(project: Project) -> dict[str, bytes]:
    """All but a register without documents, which is made before the first of them."""
    folder = project.invoices_path
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.read_bytes() != Register(LocalStore(folder), ()).to_bytes()
    }


def numbers(project: Project) -> list[str]:
    return [entry.number for entry in read_register(project).entries]


def test_a_batch_killed_at_any_step_is_issued_wholly_or_not_at_all(
    built: Project, tmp_path: Path
) -> None:
    documents = issue_month(built, MARCH, dry_run=True).documents
    _strike_at_every_step(built, tmp_path, documents, kill)


def test_a_batch_on_a_full_disk_is_issued_wholly_or_not_at_all(
    built: Project, tmp_path: Path
) -> None:
    documents = issue_month(built, MARCH, dry_run=True).documents
    _strike_at_every_step(built, tmp_path, documents, fill_the_disk)


def test_a_credit_note_and_its_new_invoice_are_issued_together_or_not_at_all(
    issued: Project, tmp_path: Path
) -> None:
    batch = credit(
        issued, ["swiss_ag-2026-00001"], "late", reissue=True, now=ISSUED[APRIL], dry_run=True
    )
    assert len(batch.documents) == 2
    _strike_at_every_step(issued, tmp_path, batch.documents, kill)


Strike = Callable[[Project, Sequence[Document], int], bool]


def kill(project: Project, documents: Sequence[Document], nth: int) -> bool:
    """Whether the process was killed after that step, or had no such step."""
    exit_code = work_alone(project, partial(file_documents, documents=documents), nth)
    assert exit_code in (0, KILLED)
    return exit_code == KILLED


def fill_the_disk(project: Project, documents: Sequence[Document], nth: int) -> bool:
    """Whether that step was refused, or there was none."""
    try:
        with full_disk(project.invoices_path, room=nth - 1):
            file_documents(project, documents)
    except StorageError as error:
        assert "make room on that disk" in str(error)  # noqa: PT017 - or no error at all
        return True
    return False


def _strike_at_every_step(
    start: Project, folder: Path, documents: Sequence[Document], strike: Strike
) -> None:
    whole = documents_of(start, folder / "undisturbed")
    file_documents(whole, documents)
    outcomes = []
    for nth in itertools.count(1):
        project = documents_of(start, folder / str(nth))
        if not strike(project, documents, nth):
            break
        outcomes.append(_is_issued(project, start, whole))
        # Whoever is next finishes what was issued, and clears away what was not.
        with filing(project):
            pass
        assert files(project) == files(whole if outcomes[-1] else start), f"after step {nth}"
        if not outcomes[-1]:
            file_documents(project, documents)
            assert files(project) == files(whole), f"after step {nth}"
    # Not issued up to some step, and issued from there on.
    assert outcomes == sorted(outcomes)
    assert min(outcomes.count(False), outcomes.count(True)) > len(documents)


def documents_of(project: Project, path: Path) -> Project:
    """A project with the same documents, and nothing else."""
    path.mkdir()
    if project.invoices_path.exists():
        shutil.copytree(project.invoices_path, Project(path).invoices_path)
    return Project(path)


def _is_issued(project: Project, start: Project, whole: Project) -> bool:
    """Whether the batch is there, as the next one would see it; half of one is an error."""
    register = read_register(project)
    for entry in register.entries:
        register.document(entry)
        register.lines(entry)
    assert numbers(project) in (numbers(start), numbers(whole))
    return numbers(project) == numbers(whole)


def test_a_batch_that_was_killed_when_it_was_issued_counts_as_billed_at_once(
    built: Project, tmp_path: Path
) -> None:
    project = copy_of(built, tmp_path / "project")
    batch = issue_month(project, MARCH, dry_run=True).documents
    for nth in itertools.count(1):
        shutil.rmtree(project.invoices_path, ignore_errors=True)
        assert work_alone(project, partial(file_documents, documents=batch), nth) == KILLED
        if numbers(project):
            break
    assert documents(project) == {}
    # A build only reads, and finds the documents under their unfinished names.
    bring_up_to_date(project)
    assert issue_month(project, MARCH).documents == ()
    assert list(documents(project).values()) == list(batch)


def killed_when_it_was_issued(built: Project, folder: Path) -> tuple[Project, Project]:
    """Documents of which the register was written, and none named; and the same undisturbed."""
    batch = issue_month(built, MARCH, dry_run=True).documents
    whole = documents_of(built, folder / "whole")
    file_documents(whole, batch)
    for nth in itertools.count(1):
        project = documents_of(built, folder / f"killed-{nth}")
        assert work_alone(project, partial(file_documents, documents=batch), nth) == KILLED
        if numbers(project):
            break
    assert documents(project) == {}
    return project, whole


def test_documents_that_a_crash_left_unnamed_are_not_removed_when_the_register_is_lost(
    built: Project, tmp_path: Path
) -> None:
    project, whole = killed_when_it_was_issued(built, tmp_path)
    (project.invoices_path / "register.json").unlink()
    with pytest.raises(InvoiceError, match="restore-register"), filing(project):
        pass
    assert restore_register(project) == 2
    assert files(project) == files(whole)


def test_what_a_crash_left_half_written_gets_into_no_new_register(
    built: Project, tmp_path: Path
) -> None:
    project, _ = killed_when_it_was_issued(built, tmp_path)
    (project.invoices_path / "register.json").unlink()
    (half, *_) = project.invoices_path.glob("*/.unfinished-*.parquet")
    half.unlink()
    with pytest.raises(InvoiceError, match="before anything of their batch was issued"):
        restore_register(project)


def test_a_clerk_killed_before_the_moment_of_issue_has_issued_nothing(
    built: Project, tmp_path: Path
) -> None:
    project = copy_of(built, tmp_path / "project")
    assert work_alone(project, issue_march, 1) == KILLED
    assert numbers(project) == []
    assert len(issue_month(project, MARCH).documents) == 2


def test_clerks_at_once_make_no_gap_and_no_double(built: Project, tmp_path: Path) -> None:
    project = copy_of(built, tmp_path / "project")
    scopes = [Scope(cost_centres=["C100"]), Scope(cost_centres=["C200"]), Scope()]
    works: list[Work] = [partial(issue_march, scope=scope) for scope in scopes]
    assert work_at_once(project, works) == ["", "", ""]
    assert sorted(numbers(project)) == ["swiss_ag-2026-00001", "swiss_ag-2026-00002"]
    accounts = [document.content.cost_centre for document in documents(project).values()]
    assert sorted(accounts) == ["C100", "C200"]


def test_who_may_not_wait_is_told_that_another_is_at_work(built: Project, tmp_path: Path) -> None:
    project = copy_of(built, tmp_path / "project")
    with project.lock(LOCK), pytest.raises(BusyError, match="'invoices'"):
        issue_month(project, MARCH, wait_seconds=0)


def test_a_register_that_is_older_than_its_documents_is_refused(
    issued: Project, tmp_path: Path
) -> None:
    project = copy_of(issued, tmp_path / "project")
    register = project.invoices_path / "register.json"
    old = register.read_bytes()
    arrive(project, 1, [record("2026-04-09T12:00")])
    issue_month(project, APRIL)
    register.write_bytes(old)
    for work in (lambda: issue_month(project, APRIL), lambda: bring_up_to_date(project)):
        with pytest.raises(InvoiceError, match="older than the documents beside it"):
            work()


@pytest.mark.parametrize("harm", ["older", "missing", "damaged"])
def test_a_register_is_made_anew_from_the_documents(
    issued: Project, tmp_path: Path, harm: str
) -> None:
    project = copy_of(issued, tmp_path / "project")
    register = project.invoices_path / "register.json"
    old = register.read_bytes()
    arrive(project, 1, [record("2026-04-09T12:00")])
    issue_month(project, APRIL)
    right = register.read_bytes()
    if harm == "missing":
        register.unlink()
    else:
        register.write_bytes(old if harm == "older" else b"{")
    assert restore_register(project) == 3
    assert register.read_bytes() == right


def test_a_register_that_is_right_is_not_made_anew(issued: Project) -> None:
    with pytest.raises(InvoiceError, match="nothing is wrong with"):
        restore_register(issued)


def test_a_changed_document_gets_into_no_new_register(issued: Project, tmp_path: Path) -> None:
    project = copy_of(issued, tmp_path / "project")
    (project.invoices_path / "register.json").unlink()
    path = project.invoices_path / "swiss_ag" / "swiss_ag-2026-00001.json"
    content = json.loads(path.read_text())
    content["content"]["net"] = "0.01"
    path.write_text(json.dumps(content))
    with pytest.raises(InvoiceError, match=r"swiss_ag-2026-00001\.json was changed"):
        restore_register(project)
