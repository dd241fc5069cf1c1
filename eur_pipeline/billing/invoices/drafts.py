"""Drafts: what a month's invoices would say, written down to be looked at and compared.

A draft is no document: it has no number, is drawn up anew or deleted, and nothing depends on it.
"""

import datetime as dt
from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, ValidationError

from eur_pipeline.billing.invoices.canonical import canonical
from eur_pipeline.billing.invoices.document import FORMAT, Account, Content
from eur_pipeline.billing.invoices.drawing import ALL, Scope, draw_up
from eur_pipeline.billing.invoices.filing import WAIT_SECONDS, filing
from eur_pipeline.billing.invoices.issuing import prepare
from eur_pipeline.billing.invoices.register import Register
from eur_pipeline.billing.invoices.stamps import IssueStamp
from eur_pipeline.errors import InvoiceError
from eur_pipeline.project import Project
from eur_pipeline.storage import LocalStore


class Drafts(BaseModel):
    """The drafts of a month.

    Attributes:
        drawn_at: When the last of them was drawn up.
        obstacles: What kept the month from being issued then.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = FORMAT
    month: dt.date
    drawn_at: dt.datetime
    obstacles: tuple[str, ...]
    contents: tuple[Content, ...]

    def of(self, account: Account) -> Content | None:
        """The account's draft, None where there is none."""
        return next((content for content in self.contents if content.account == account), None)


def draft(
    project: Project,
    month: dt.date,
    scope: Scope = ALL,
    *,
    now: dt.datetime | None = None,
    dry_run: bool = False,
    wait_seconds: float = WAIT_SECONDS,
) -> Drafts:
    """Draw up the month's invoices of all accounts in scope that have none; other drafts stay.

    Raises as `issue` does, but for what is in the way of issuing: the drafts say it.
    """
    with filing(project, wait_seconds=wait_seconds) as register:
        stamp = IssueStamp.of(project.config, now)
        drawn, found = prepare(
            project, register, month, stamp, lambda: draw_up(project, register, month, scope)
        )
        drafts = Drafts(
            month=month, drawn_at=stamp.instant, obstacles=found, contents=drawn.contents
        )
        if not dry_run:
            _write(project, drafts, _others(project, register, month, scope))
        return drafts


def read_drafts(project: Project, month: dt.date) -> Drafts | None:
    """The month's drafts, None where there are none."""
    store = LocalStore(project.invoices_path)
    try:
        return Drafts.model_validate_json(store.read(_key(month)))
    except FileNotFoundError:
        return None
    except ValidationError:
        raise InvoiceError(
            f"{store.path(_key(month))} is damaged; remove it, and draw the month up anew: "
            f"eur invoice draft --month {month:%Y-%m}"
        ) from None


def _others(
    project: Project, register: Register, month: dt.date, scope: Scope
) -> Iterable[Content]:
    """The drafts that stay: of accounts that were not drawn up now and have no invoice."""
    kept = read_drafts(project, month)
    closed = {entry.account for entry in register.standing(month)}
    return [
        content
        for content in (kept.contents if kept else ())
        if content.account not in scope and content.account not in closed
    ]


def _write(project: Project, drafts: Drafts, others: Iterable[Content]) -> None:
    contents = sorted([*others, *drafts.contents], key=lambda content: content.account)
    values = drafts.model_copy(update={"contents": tuple(contents)}).model_dump(mode="json")
    LocalStore(project.invoices_path).write(_key(drafts.month), (canonical(values) + "\n").encode())


def _key(month: dt.date) -> str:
    return f"drafts-{month:%Y-%m}.json"
