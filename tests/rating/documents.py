"""Issued documents of a world: their files, and what they come to, added up from these alone."""

import datetime as dt
import json
import random
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from eur_pipeline.billing.invoices.issuing import bring_up_to_date, credit, issue
from eur_pipeline.project import Project
from tests.models.lake_project import query

# No archive was landed, so that no month could be issued otherwise.
REASON = "generated"
FIRST_ISSUE = dt.datetime(2029, 1, 1, tzinfo=dt.UTC)

NUMBERS = ("uses", "quantity", "free_quantity", "cost", "unrounded_charge", "charge")
LINE = ("local_month", "person_id", "department", "site", "plan", "usage_type", "tax_percent")
# By account and line, and by account, month and percentage: the sums of some numbers.
Sums = dict[tuple[str, ...], tuple[Decimal, ...]]


def months(project: Project) -> list[dt.date]:
    """In which something was sent that has arrived."""
    bring_up_to_date(project)
    return [m for (m,) in query(project, "select distinct local_month from charge_lines_monthly")]


def issue_month(project: Project, month: dt.date, number: int) -> None:
    """As the `number`th batch, at a time that only hangs on that; nothing is left to be billed."""
    batch = issue(Project(project.path), month, force_reason=REASON, now=_at(number))
    bring_up_to_date(project)
    issued = {tuple(document.content.account) for document in batch.documents}
    covered = {(*account, m) for *account, m in _standing(project) if m <= month}
    left = {(*account, m) for *account, m in _open(project) if tuple(account) in issued}
    assert left & covered == set()


def _standing(project: Project) -> list[tuple[Any, ...]]:
    """The accounts and months that have an invoice."""
    return query(
        project,
        "select legal_entity, cost_centre, currency, invoice_month from invoices where kind = "
        "'invoice' and number not in (select credits from invoices where credits is not null)",
    )


def _open(project: Project) -> list[tuple[Any, ...]]:
    """The accounts and months of which something is open, be it tax alone."""
    select = "select legal_entity, cost_centre, currency, local_month from"
    return query(project, f"{select} open_adjustments union {select} open_tax_adjustments")


def issue_the_rest(project: Project, number: int) -> None:
    """Every month, and one after them, which takes up what is open of those issued before."""
    all_months = sorted(months(project))
    after = (all_months[-1] + dt.timedelta(days=32)).replace(day=1)
    for place, month in enumerate([*all_months, after]):
        issue_month(project, month, number + place)


def credit_some(project: Project, number: int, chance: random.Random) -> None:
    """Take an invoice back, and perhaps issue its month anew."""
    standing = query(project, "select number from invoices where kind = 'invoice'")
    credited = query(project, "select credits from invoices where credits is not null")
    left = sorted({n for (n,) in standing} - {n for (n,) in credited})
    if left:
        again = chance.random() < 0.5
        one = [chance.choice(left)]
        credit(Project(project.path), one, REASON, reissue=again, force=True, now=_at(number))
        bring_up_to_date(project)


def _at(number: int) -> dt.datetime:
    return FIRST_ISSUE + dt.timedelta(hours=number)


def files(project: Project) -> dict[str, bytes]:
    """Every file of record, byte by byte."""
    folder = project.path / "data" / "invoices"
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


def billed(project: Project) -> tuple[Sums, Sums]:
    """Lines and taxes of all documents, by the month that they are for."""
    lines: defaultdict[tuple[str, ...], list[Decimal]] = defaultdict(_zeros(len(NUMBERS)))
    taxes: defaultdict[tuple[str, ...], list[Decimal]] = defaultdict(_zeros(2))
    for path in Path(project.path, "data", "invoices").glob("*/*.json"):
        content = json.loads(path.read_bytes())["content"]
        account = (content["legal_entity"], content["cost_centre"], content["currency"])
        for line in content["lines"]:
            key = (*account, *(_text(line[name]) for name in LINE))
            _add(lines[key], (line["numbers"][name] for name in NUMBERS))
        for tax in content["taxes"]:
            key = (*account, tax["local_month"], _text(tax["tax_percent"]))
            _add(taxes[key], (tax["net"], tax["tax"]))
    return _of_something(lines), _of_something(taxes)


def open_adjustments(project: Project) -> tuple[Sums, Sums]:
    """What the tables say that remains to be billed."""
    account = ("legal_entity", "cost_centre", "currency")
    return (
        _table(project, "open_adjustments", (*account, *LINE), NUMBERS),
        _table(
            project,
            "open_tax_adjustments",
            (*account, "local_month", "tax_percent"),
            ("net", "tax"),
        ),
    )


def _table(project: Project, name: str, key: Iterable[str], numbers: Iterable[str]) -> Sums:
    key, numbers = list(key), list(numbers)
    rows = query(project, f"select {', '.join((*key, *numbers))} from {name}")
    return {
        tuple(_text(value) for value in row[: len(key)]): tuple(map(Decimal, row[len(key) :]))
        for row in rows
    }


def _text(value: Any) -> str:
    """Amounts are equal however many zeros they end with."""
    try:
        return format(Decimal(value).normalize(), "f")
    except (ArithmeticError, TypeError, ValueError):
        return str(value)


def _zeros(count: int) -> Any:
    return lambda: [Decimal(0)] * count


def _add(known: list[Decimal], numbers: Iterable[Any]) -> None:
    known[:] = [a + Decimal(b) for a, b in zip(known, numbers, strict=True)]


def _of_something(sums: dict[tuple[str, ...], list[Decimal]]) -> Sums:
    return {key: tuple(numbers) for key, numbers in sums.items() if any(numbers)}
