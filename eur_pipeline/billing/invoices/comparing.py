"""What changed since a month was drafted or issued, by account, before anything is issued.

Both sides are contents of documents; what made the difference stands in the terms frozen there.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from pydantic import BaseModel

from eur_pipeline.billing.invoices.document import (
    Account,
    Content,
    LineKey,
    Numbers,
    PersonPlaced,
    Placement,
)
from eur_pipeline.billing.invoices.drafts import read_drafts
from eur_pipeline.billing.invoices.drawing import ALL, Scope, draw_up, draw_up_again
from eur_pipeline.billing.invoices.filing import WAIT_SECONDS, filing
from eur_pipeline.billing.invoices.issuing import bring_up_to_date
from eur_pipeline.billing.invoices.register import Register
from eur_pipeline.project import Project


@dataclass(frozen=True)
class LineChange:
    """A line that is new, gone (`after` is None), or has other numbers."""

    key: LineKey
    name: str | None
    before: Numbers | None
    after: Numbers | None

    @property
    def charge(self) -> Decimal:
        """By how much its charge changes."""
        nothing = Decimal(0)
        return (self.after.charge if self.after else nothing) - (
            self.before.charge if self.before else nothing
        )


@dataclass(frozen=True)
class TaxChange:
    """The tax of a month and rate, before and after."""

    local_month: dt.date
    tax_percent: Decimal
    before: Decimal
    after: Decimal


@dataclass(frozen=True)
class AccountChange:
    """What changed for an account.

    Attributes:
        since: The number of the standing invoice, `draft`, or None where there is neither.
        reasons: Which rates, plans and rows of the directory differ.
    """

    account: Account
    month: dt.date
    since: str | None
    gross_before: Decimal
    gross_after: Decimal
    lines: tuple[LineChange, ...]
    taxes: tuple[TaxChange, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Changes:
    """What changed in a month.

    Attributes:
        warnings: What could not be fetched, so that an old copy of it was compared.
    """

    accounts: tuple[AccountChange, ...]
    warnings: tuple[str, ...]


DRAFT = "draft"


def changes(
    project: Project,
    month: dt.date,
    scope: Scope = ALL,
    *,
    wait_seconds: float = WAIT_SECONDS,
) -> Changes:
    """The accounts whose month would be invoiced otherwise now than it was drafted or issued.

    An issued invoice is compared with the one that would be issued in its place, so what other
    documents have adjusted since is no difference. Nothing is written. Raises as `issue` does.
    """
    with filing(project, wait_seconds=wait_seconds) as register:
        warnings = bring_up_to_date(project)
        before = _before(project, register, month, scope)
        after = _after(project, register, month, scope)
    placements = {p.person_id: p for content in after.values() for p in content.people}
    found = (
        _compared(account, month, before.get(account), after.get(account), placements)
        for account in sorted(before.keys() | after.keys())
    )
    return Changes(tuple(change for change in found if change.lines or change.taxes), warnings)


_Before = tuple[str, Content]


def _before(
    project: Project, register: Register, month: dt.date, scope: Scope
) -> dict[Account, _Before]:
    drafts = read_drafts(project, month)
    drafted = drafts.contents if drafts else ()
    known: dict[Account, _Before] = {
        content.account: (DRAFT, content) for content in drafted if content.account in scope
    }
    for entry in register.standing(month):
        if entry.account in scope:
            known[entry.account] = (entry.number, register.document(entry).content)
    return known


def _after(
    project: Project, register: Register, month: dt.date, scope: Scope
) -> dict[Account, Content]:
    contents = list(draw_up(project, register, month, scope).contents)
    standing = [entry for entry in register.standing(month) if entry.account in scope]
    if standing:
        contents += draw_up_again(project, register, standing).contents
    return {content.account: content for content in contents}


def _compared(
    account: Account,
    month: dt.date,
    known: _Before | None,
    after: Content | None,
    placements: Mapping[str, PersonPlaced],
) -> AccountChange:
    since, before = known or (None, None)
    return AccountChange(
        account=account,
        month=month,
        since=since,
        gross_before=before.gross if before else Decimal(0),
        gross_after=after.gross if after else Decimal(0),
        lines=tuple(_lines(before, after)),
        taxes=tuple(_taxes(before, after)),
        reasons=tuple(_reasons(before, after, placements)) if before else (),
    )


def _lines(before: Content | None, after: Content | None) -> Iterator[LineChange]:
    old = {line.key: line for line in before.lines} if before else {}
    new = {line.key: line for line in after.lines} if after else {}
    for key in sorted(old.keys() | new.keys()):
        was, now = old.get(key), new.get(key)
        if was is None or now is None or was.numbers != now.numbers:
            named = now or was
            yield LineChange(
                key,
                named.name if named else None,
                was.numbers if was else None,
                now.numbers if now else None,
            )


def _taxes(before: Content | None, after: Content | None) -> Iterator[TaxChange]:
    old = {tax.key: tax.tax for tax in before.taxes} if before else {}
    new = {tax.key: tax.tax for tax in after.taxes} if after else {}
    for month, percent in sorted(old.keys() | new.keys()):
        was, now = (side.get((month, percent), Decimal(0)) for side in (old, new))
        if was != now:
            yield TaxChange(month, percent, was, now)


def _reasons(
    before: Content, after: Content | None, placements: Mapping[str, PersonPlaced]
) -> Iterator[str]:
    if after:
        yield from _terms(
            "rate", {r.rate: r for r in before.rates}, {r.rate: r for r in after.rates}
        )
        yield from _terms(
            "plan",
            {f"{p.plan}, {p.local_month:%Y-%m}": p for p in before.plans},
            {f"{p.plan}, {p.local_month:%Y-%m}": p for p in after.plans},
        )
        yield from _holidays(before, after)
    for person in before.people:
        if person.person_id in placements:
            yield from _moves(person, placements[person.person_id])


def _terms(
    kind: str, before: Mapping[str, BaseModel], after: Mapping[str, BaseModel]
) -> Iterator[str]:
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            yield f"{kind} {name} is used no more"
        elif name not in before:
            yield f"{kind} {name} is used now"
        else:
            old, new = _said_by_both(before[name], after[name])
            for place in sorted(old.keys() | new.keys()):
                if old.get(place) != new.get(place):
                    yield f"{kind} {name}: {place} {_shown(old, place)} -> {_shown(new, place)}"


def _said_by_both(*sides: BaseModel) -> Iterator[dict[str, object]]:
    """Their values; a document of long ago does not say all that is said today."""
    said = set.intersection(*(side.model_fields_set for side in sides))
    return (dict(_flat(side.model_dump(mode="json", include=said))) for side in sides)


def _holidays(before: Content, after: Content) -> Iterator[str]:
    """The days of the invoice month that are a holiday of a site on one side only."""
    old, new = (
        {unit.unit: set(unit.holidays) for unit in side.hierarchy if unit.holidays is not None}
        for side in (before, after)
    )
    for site in sorted(old.keys() & new.keys()):
        for day in sorted(old[site] ^ new[site]):
            if day.replace(day=1) == before.month:
                yield f"holiday: {day} {'is' if day in new[site] else 'was'} one of {site}"


def _flat(value: object, place: str = "") -> Iterator[tuple[str, object]]:
    """Every value in nested JSON, with the way to it: `tiers 1 price`."""
    match value:
        case dict():
            for name, part in value.items():
                yield from _flat(part, f"{place} {name}".strip())
        case list():
            for number, part in enumerate(value, start=1):
                yield from _flat(part, f"{place} {number}".strip())
        case _:
            yield place, value


def _shown(values: Mapping[str, object], place: str) -> object:
    value = values.get(place)
    return "none" if value is None else value


def _moves(before: PersonPlaced, after: PersonPlaced) -> Iterator[str]:
    """Rows of the directory that differ, of months that both sides have looked at."""
    months = {p.local_month for p in before.placements} & {p.local_month for p in after.placements}
    old, new = (_of_months(person.placements, months) for person in (before, after))
    for placement in sorted(old - new):
        yield f"directory: {before.person_id} was {placement}"
    for placement in sorted(new - old):
        yield f"directory: {before.person_id} is {placement}"


def _of_months(placements: Iterable[Placement], months: set[dt.date]) -> set[str]:
    return {
        f"{p.name}, {p.department}, {p.cost_centre}, at {p.site}, from {p.first_day} to "
        f"{p.last_day}"
        for p in placements
        if p.local_month in months
    }
