"""What remains to be billed of every account, line by line, as the models say it.

Nothing is rated or compared here: the rows are those of `int_lines_compared`, `open_adjustments`
and `open_tax_adjustments`. What is made of them is the business of `contents.py`.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

import duckdb

from eur_pipeline.billing.invoices.document import (
    NUMBERS,
    Account,
    Content,
    LineKey,
    Numbers,
    money,
    total,
)

_COLUMNS = ", ".join(
    (
        *("legal_entity", "cost_centre", "currency"),
        *LineKey._fields,
        "name",
        *(f"rated_{name}" for name in NUMBERS),
        *(f"billed_{name}" for name in NUMBERS),
    )
)
# Of the months that are looked at, all lines; of the others, those with a difference.
_LINES = f"""
    select {_COLUMNS} from intermediate.int_lines_compared
    where list_contains($months, local_month)
    union all
    select {_COLUMNS} from main.open_adjustments
    where local_month < $before and not list_contains($months, local_month)
"""  # noqa: S608 - names of our own
_TAXES = """
    select legal_entity, cost_centre, currency, local_month, tax_percent, net, tax
    from main.open_tax_adjustments
    where list_contains($months, local_month) or local_month < $before
"""
_OF_ACCOUNT = len(Account._fields)
_OF_KEY = _OF_ACCOUNT + len(LineKey._fields)

TaxKey = tuple[dt.date, Decimal]


@dataclass(frozen=True)
class Difference:
    """A line as rated now and as billed so far."""

    name: str | None
    rated: Numbers
    billed: Numbers

    @cached_property
    def numbers(self) -> Numbers:
        """What remains."""
        return self.rated + -self.billed


@dataclass
class Differences:
    """Those of one account; `taxes` are net and tax that remain, by month and rate."""

    lines: dict[LineKey, Difference] = field(default_factory=dict)
    taxes: dict[TaxKey, tuple[Decimal, Decimal]] = field(default_factory=dict)

    def give_back(self, credited: Content) -> None:
        """See it as it will be once that invoice is taken back; its months were looked at."""
        for line in credited.lines:
            known = self.lines[line.key]
            billed = known.billed + -line.numbers
            self.lines[line.key] = Difference(known.name, known.rated, billed)
        for tax in credited.taxes:
            net, amount = self.taxes.get(tax.key, (Decimal(0), Decimal(0)))
            self.taxes[tax.key] = (total([net, tax.net]), total([amount, tax.tax]))

    def open_in(self, months: Iterable[dt.date]) -> dict[LineKey, Difference]:
        """The lines of these months that have a difference, in order."""
        wanted = set(months)
        return {
            key: self.lines[key]
            for key in sorted(self.lines)
            if key.local_month in wanted and not self.lines[key].numbers.is_nothing
        }


def read_differences(
    connection: duckdb.DuckDBPyConnection, months: Collection[dt.date], before: dt.date
) -> dict[Account, Differences]:
    """Those of all accounts: of these months, and whatever is open of all before that one."""
    limits = {"months": sorted(months), "before": before}
    found: defaultdict[Account, Differences] = defaultdict(Differences)
    for row in _rows(connection, _LINES, limits):
        account, name = Account(*row[:_OF_ACCOUNT]), row[_OF_KEY]
        rated, billed = row[_OF_KEY + 1 :][: len(NUMBERS)], row[-len(NUMBERS) :]
        found[account].lines[LineKey(*row[_OF_ACCOUNT:_OF_KEY])] = Difference(
            name, _numbers(rated, account.currency), _numbers(billed, account.currency)
        )
    for *names, local_month, percent, net, tax in _rows(connection, _TAXES, limits):
        found[Account(*names)].taxes[local_month, percent] = (net, tax)
    return dict(found)


def _rows(
    connection: duckdb.DuckDBPyConnection, sql: str, limits: dict[str, Any]
) -> list[tuple[Any, ...]]:
    return connection.execute(sql, limits).fetchall()


def _numbers(values: tuple[Any, ...], currency: str) -> Numbers:
    uses, quantity, free_quantity, cost, unrounded_charge, charge = values
    exact = (uses, quantity, free_quantity, cost, unrounded_charge)
    return Numbers(*exact, money(charge, currency))
