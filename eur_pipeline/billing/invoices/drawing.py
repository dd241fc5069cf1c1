"""Drawing up the invoices of a month: which accounts, and which earlier months they adjust.

Reads register and warehouse as they are; nothing is built, numbered or written.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal

import duckdb

from eur_pipeline.billing.invoices.contents import invoice
from eur_pipeline.billing.invoices.differences import Differences, read_differences
from eur_pipeline.billing.invoices.document import Account, Content, money, total
from eur_pipeline.billing.invoices.register import Entry, Register, digests_by_usage_month
from eur_pipeline.billing.invoices.terms import read_terms
from eur_pipeline.config import Config, LateUsage
from eur_pipeline.errors import BusyError
from eur_pipeline.models.building import WAIT_SECONDS
from eur_pipeline.models.stamps import Stamps
from eur_pipeline.models.warehouse import open_warehouse
from eur_pipeline.project import Project


@dataclass(frozen=True)
class Scope:
    """Which accounts are meant; an empty collection means all."""

    legal_entities: Collection[str] = ()
    cost_centres: Collection[str] = ()

    def __contains__(self, account: Account) -> bool:
        return (not self.legal_entities or account.legal_entity in self.legal_entities) and (
            not self.cost_centres or account.cost_centre in self.cost_centres
        )


ALL = Scope()


@dataclass(frozen=True)
class Drawn:
    """What the month's invoices would say, and which invoices are to be credited before."""

    contents: tuple[Content, ...]
    to_credit: tuple[str, ...] = ()

    @property
    def usage_months(self) -> set[dt.date]:
        """The months that their lines are for."""
        return {line.local_month for content in self.contents for line in content.lines}


@contextmanager
def _compared_with(project: Project, register: Register) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, which has compared what is rated with the documents of just this register.

    With those of another, what is billed already would be billed again.
    """
    with open_warehouse(project, wait_seconds=WAIT_SECONDS) as connection:
        stamps = Stamps(connection).of("inputs.billed_lines")
        known = {month: stamp.content for month, stamp in stamps.items()}
        if known != digests_by_usage_month(register.entries):
            raise BusyError(
                f"{project.warehouse_path} was not built with the documents there are now; nothing "
                f"was issued. Try again"
            )
        yield connection


def draw_up(project: Project, register: Register, month: dt.date, scope: Scope = ALL) -> Drawn:
    """The month's invoices of the accounts in scope that have none standing."""
    with _compared_with(project, register) as connection:
        differences = read_differences(connection, [month], month)
        closed = closed_months(register.standing())
        months = {
            account: _months(project.config, month, closed[account])
            for account in sorted(differences)
            if account in scope and month not in closed[account]
        }
        terms = read_terms(connection, {m for some in months.values() for m in some})
    contents = (
        invoice(account, month, differences[account], of_account, terms)
        for account, of_account in months.items()
    )
    return Drawn(
        tuple(content for content in contents if content),
        tuple(_to_credit(project.config, register, month, scope, differences)),
    )


def draw_up_again(project: Project, register: Register, credited: Sequence[Entry]) -> Drawn:
    """The new invoices of accounts whose invoices of one month are taken back with the same batch.

    What those had of other months is open again, and is on the new ones.
    """
    (month,) = {entry.month for entry in credited}
    back = [(entry.account, register.document(entry).content) for entry in credited]
    looked_at = {month, *(m for entry in credited for m in entry.usage_months)}
    numbers = {entry.number for entry in credited}
    with _compared_with(project, register) as connection:
        differences = read_differences(connection, looked_at, month)
        closed = closed_months(e for e in register.standing() if e.number not in numbers)
        for account, content in back:
            differences[account].give_back(content)
        months = {
            entry.account: entry.usage_months
            | _months(project.config, month, closed[entry.account])
            for entry in credited
        }
        terms = read_terms(connection, {m for some in months.values() for m in some})
    contents = (
        invoice(account, month, differences[account], of_account, terms)
        for account, of_account in sorted(months.items())
    )
    return Drawn(tuple(content for content in contents if content))


def differing_invoices(
    project: Project, register: Register, month: dt.date, scope: Scope = ALL
) -> list[str]:
    """The numbers of the month's standing invoices that differ from what the month comes to now."""
    with _compared_with(project, register) as connection:
        differences = read_differences(connection, [month], month)
    return [
        entry.number
        for entry in register.standing(month)
        if entry.account in scope
        and entry.account in differences
        and differences[entry.account].open_in([month])
    ]


def closed_months(standing: Iterable[Entry]) -> defaultdict[Account, set[dt.date]]:
    """The months of which each account has an invoice."""
    closed: defaultdict[Account, set[dt.date]] = defaultdict(set)
    for entry in standing:
        closed[entry.account].add(entry.month)
    return closed


def _months(config: Config, month: dt.date, closed: Collection[dt.date]) -> set[dt.date]:
    """What is billed with the month: by policy, also what is open of closed months before it."""
    if config.billing.late_usage is not LateUsage.ADJUST:
        return {month}
    return {month, *(earlier for earlier in closed if earlier < month)}


def _to_credit(
    config: Config,
    register: Register,
    month: dt.date,
    scope: Scope,
    differences: dict[Account, Differences],
) -> Iterator[str]:
    if config.billing.late_usage is not LateUsage.CREDIT:
        return
    found: defaultdict[dt.date, list[str]] = defaultdict(list)
    for entry in register.standing():
        if entry.month < month and entry.account in scope and entry.account in differences:
            open_lines = differences[entry.account].open_in([entry.month])
            if open_lines:
                difference = total(line.numbers.charge for line in open_lines.values())
                found[entry.month].append(
                    f"{entry.number} by {_signed(difference, entry.currency)}"
                )
    for earlier, invoices in sorted(found.items()):
        yield (
            f"invoices of {earlier:%Y-%m} differ from what their month comes to now, and are to be "
            f"credited first: {', '.join(invoices)}: eur invoice credit --month {earlier:%Y-%m} "
            f"--reissue --reason TEXT"
        )


def _signed(amount: Decimal, currency: str) -> str:
    return f"{money(amount, currency):+f} {currency}"
