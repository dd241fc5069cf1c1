"""Issuing a month, and taking invoices back: whether at all, and what is filed together.

What documents say is drawn up in `drawing.py`, what they become is filed in `filing.py`.
"""

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from eur_pipeline.billing.invoices.contents import credit_note
from eur_pipeline.billing.invoices.document import Document, Forced, Kind
from eur_pipeline.billing.invoices.drawing import (
    ALL,
    Drawn,
    Scope,
    differing_invoices,
    draw_up,
    draw_up_again,
)
from eur_pipeline.billing.invoices.filing import WAIT_SECONDS, Ready, file, filing, number
from eur_pipeline.billing.invoices.obstacles import obstacles
from eur_pipeline.billing.invoices.register import Entry, Register
from eur_pipeline.billing.invoices.stamps import IssueStamp
from eur_pipeline.errors import InvoiceError
from eur_pipeline.models.building import build, unchanging_lake
from eur_pipeline.project import Project


@dataclass(frozen=True)
class Batch:
    """What was issued together, or would be.

    Attributes:
        obstacles: What was in the way: overridden where the batch is committed.
        committed: Whether the documents are issued.
    """

    documents: tuple[Document, ...]
    obstacles: tuple[str, ...] = ()
    committed: bool = False


def issue(
    project: Project,
    month: dt.date,
    scope: Scope = ALL,
    *,
    force_reason: str | None = None,
    now: dt.datetime | None = None,
    dry_run: bool = False,
    wait_seconds: float = WAIT_SECONDS,
) -> Batch:
    """Issue the invoices of a month (by its first day) for all accounts that have none standing.

    All of them, or none. `force_reason` overrides what is in the way, and stays on record; `now` is
    the time of issue. Raises InvoiceError (something is in the way, or the files do not agree),
    BusyError (another clerk is at it), ModelError.
    """
    with filing(project, wait_seconds=wait_seconds) as register:
        stamp = IssueStamp.of(project.config, now)
        drawn, found = prepare(
            project, register, month, stamp, lambda: draw_up(project, register, month, scope)
        )
        forced = _forced(month, found, force_reason, dry_run=dry_run)
        batch = [Ready(content, forced=forced) for content in drawn.contents]
        return _file(register, batch, stamp, found, dry_run=dry_run)


def credit(
    project: Project,
    numbers: Collection[str],
    reason: str,
    *,
    reissue: bool = False,
    force: bool = False,
    now: dt.datetime | None = None,
    dry_run: bool = False,
    wait_seconds: float = WAIT_SECONDS,
) -> Batch:
    """Take these invoices back; with `reissue`, issue their month anew in the same batch.

    What is in the way of issuing the month is in the way of that, too; `force` overrides it, and
    the reason stays on record. Raises InvoiceError where a number is no standing invoice or, with
    `reissue`, where they are of several months; BusyError, ModelError.
    """
    with filing(project, wait_seconds=wait_seconds) as register:
        stamp = IssueStamp.of(project.config, now)
        entries = [_creditable(register, number) for number in dict.fromkeys(numbers)]
        batch = [
            Ready(credit_note(register.document(entry).content, entry.number), reason)
            for entry in entries
        ]
        found: tuple[str, ...] = ()
        if reissue and entries:
            month = _only_month(entries)
            again, found = prepare(
                project, register, month, stamp, lambda: draw_up_again(project, register, entries)
            )
            forced = _forced(month, found, reason if force else None, dry_run=dry_run)
            batch += [Ready(content, forced=forced) for content in again.contents]
        return _file(register, batch, stamp, found, dry_run=dry_run)


def differing(
    project: Project, month: dt.date, scope: Scope = ALL
) -> tuple[list[str], tuple[str, ...]]:
    """The numbers of the month's standing invoices that differ from what it comes to now.

    And what `bring_up_to_date` could not have.
    """
    with filing(project) as register:
        outdated = bring_up_to_date(project)
        return differing_invoices(project, register, month, scope), outdated


def prepare(
    project: Project,
    register: Register,
    month: dt.date,
    stamp: IssueStamp,
    draw: Callable[[], Drawn],
) -> tuple[Drawn, tuple[str, ...]]:
    """What the month's invoices would say, and what is in the way of issuing them.

    Both of one state of the lake: an archive that was read after the build, and before somebody
    looks for what is missing, would be neither in the invoices nor in the way.
    """
    with unchanging_lake(project):
        outdated = bring_up_to_date(project, holds_lake=True)
        drawn = draw()
        found = obstacles(project, register, month, drawn.usage_months, stamp.instant)
        return drawn, (*outdated, *found, *drawn.to_credit)


def bring_up_to_date(project: Project, *, holds_lake: bool = False) -> tuple[str, ...]:
    """Build the models; which files it had old copies of, because they could not be fetched.

    Raises InvoiceError where tests of the models do not pass.
    """
    report = build(project, holds_lake=holds_lake)
    if not report.committed:
        raise InvoiceError(
            "the models cannot be brought up to date, because tests failed: "
            + "; ".join(failure.message for failure in report.failures)
        )
    return report.warnings


def _forced(
    month: dt.date, found: Sequence[str], reason: str | None, *, dry_run: bool
) -> Forced | None:
    if found and reason:
        return Forced(reason=reason, obstacles=tuple(found))
    if found and not dry_run:
        listed = "\n".join(f"  {obstacle}" for obstacle in found)
        raise InvoiceError(
            f"{month:%Y-%m} is not issued:\n{listed}\nMend this first; or issue all the same, with "
            f"--force --reason TEXT: the reason stays on record"
        )
    return None


def _file(
    register: Register,
    batch: list[Ready],
    stamp: IssueStamp,
    found: Sequence[str],
    *,
    dry_run: bool,
) -> Batch:
    documents = number(register, batch, stamp)
    if documents and not dry_run:
        file(register, documents)
    return Batch(tuple(documents), tuple(found), committed=not dry_run)


def _creditable(register: Register, number: str) -> Entry:
    entry = register.entry(number)
    if entry.kind is not Kind.INVOICE:
        raise InvoiceError(f"{number} is a credit note: only invoices can be credited")
    if note := register.credit_notes.get(number):
        raise InvoiceError(f"{number} was credited before, by {note.number}")
    return entry


def _only_month(entries: Sequence[Entry]) -> dt.date:
    months = sorted({entry.month for entry in entries})
    if len(months) > 1:
        found = ", ".join(f"{month:%Y-%m}" for month in months)
        raise InvoiceError(
            f"expected invoices of one month to be issued anew, found {found}: credit one month "
            f"after the other, the earliest first"
        )
    return months[0]
