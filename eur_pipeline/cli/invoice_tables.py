"""How documents are shown on a terminal. Names come from files and archives: no markup in them."""

from collections.abc import Iterable
from decimal import Decimal

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from eur_pipeline.billing.invoices.comparing import AccountChange
from eur_pipeline.billing.invoices.document import Content, Kind, Line, money, total
from eur_pipeline.billing.invoices.register import Entry, Register
from eur_pipeline.cli.console import out, printable

_ANY_WIDTH = 1 << 20


def text(value: object) -> Text:
    """A cell."""
    return Text("" if value is None else printable(str(value)))


def amount(value: Decimal, *, signed: bool = False) -> Text:
    """Money, or a quantity without needless zeros; what is given back is red."""
    shown = f"{value:+,f}" if signed else f"{value:,f}"
    return Text(shown, "red" if value < 0 else "")


def quantity(value: Decimal) -> Text:
    """A quantity without needless zeros."""
    shown = f"{value:,f}"
    return Text(shown.rstrip("0").rstrip(".") if "." in shown else shown)


def show(table: Table) -> None:
    """Print it as wide as it is: a number or an amount that is cut in two helps nobody."""
    anything = out.options.update(max_width=_ANY_WIDTH)
    needed = Measurement.get(out, anything, table).maximum
    Console(file=out.file, width=max(needed, out.width)).print(table)


def columns(*names: str, right: Iterable[str] = ()) -> Table:
    """An empty table; the columns in `right` hold numbers."""
    table = Table()
    for name in names:
        table.add_column(name, justify="right" if name in right else "left", no_wrap=name in right)
    return table


def of_contents(contents: Iterable[Content], numbers: Iterable[str] | None = None) -> Table:
    """A line per document, and what they come to in each currency; drafts have no numbers."""
    contents = list(contents)
    named = list(numbers) if numbers is not None else [""] * len(contents)
    money_columns = ("lines", "adjusted", "net", "tax", "gross")
    table = columns("number", "account", "month", *money_columns, "", right=money_columns)
    for number, content in zip(named, contents, strict=True):
        adjusted = total(line.numbers.charge for line in content.lines if line.is_adjustment)
        table.add_row(
            text(number),
            text(content.account),
            text(f"{content.month:%Y-%m}"),
            text(f"{len(content.lines):,}"),
            amount(money(adjusted, content.currency)) if adjusted else Text(),
            *(amount(value) for value in (content.net, content.tax, content.gross)),
            text(content.currency),
            style="" if content.kind is Kind.INVOICE else "yellow",
        )
    _add_totals(table, [(c.currency, c.net, c.tax, c.gross) for c in contents])
    return table


def of_entries(entries: Iterable[Entry], register: Register) -> Table:
    """A line per document of the register."""
    amounts = ("net", "tax", "gross")
    table = columns("number", "state", "account", "month", "issued", *amounts, "", right=amounts)
    sums = []
    for entry in entries:
        net = money(total(tax.net for tax in entry.taxes), entry.currency)
        tax = money(total(tax.tax for tax in entry.taxes), entry.currency)
        sums.append((entry.currency, net, tax, net + tax))
        table.add_row(
            text(entry.number),
            text(state(entry, register)),
            text(entry.account),
            text(f"{entry.month:%Y-%m}"),
            text(entry.issue_date),
            *(amount(value) for value in (net, tax, net + tax)),
            text(entry.currency),
        )
    _add_totals(table, sums)
    return table


def state(entry: Entry, register: Register) -> str:
    """What has become of a document."""
    if entry.kind is Kind.CREDIT_NOTE:
        return f"credits {entry.credits}"
    note = register.credit_notes.get(entry.number)
    return f"credited by {note.number}" if note else "issued"


def _add_totals(table: Table, sums: list[tuple[str, Decimal, Decimal, Decimal]]) -> None:
    """Below the last three amounts and the currency: what they come to, where there are several."""
    if len(sums) < 2:
        return
    table.add_section()
    blank = [Text()] * (len(table.columns) - 5)
    for currency in sorted({currency for currency, *_ in sums}):
        of_currency = [values for other, *values in sums if other == currency]
        totals = (money(total(column), currency) for column in zip(*of_currency, strict=True))
        table.add_row(Text("total"), *blank, *(amount(value) for value in totals), text(currency))


def of_lines(content: Content) -> Iterable[Table]:
    """The lines: those of the invoice month, then the adjustments of each earlier one."""
    for month in sorted({line.local_month for line in content.lines}, reverse=True):
        lines = [line for line in content.lines if line.local_month == month]
        title = f"{month:%Y-%m}" + (", adjustments" if lines[0].is_adjustment else "")
        yield _of_lines(title, lines, content.currency)


def _of_lines(title: str, lines: list[Line], currency: str) -> Table:
    numbers = ("tax %", "uses", "quantity", "free", "billed", "charge")
    table = columns("person", "department", "site", "usage", "plan", *numbers, right=numbers)
    table.title, table.title_justify = title, "left"
    for line in lines:
        amounts = line.numbers
        table.add_row(
            text(f"{line.name or ''} ({line.person_id})" if line.name else line.person_id),
            *(text(name) for name in (line.department, line.site, line.usage_type, line.plan)),
            quantity(line.tax_percent),
            text(f"{amounts.uses:,}"),
            *(quantity(value) for value in (amounts.quantity, amounts.free_quantity)),
            quantity(amounts.quantity - amounts.free_quantity),
            amount(amounts.charge),
        )
    table.add_section()
    charge = money(total(line.numbers.charge for line in lines), currency)
    table.add_row(Text("total"), *[Text()] * 9, amount(charge))
    return table


def of_taxes(content: Content) -> Table:
    """The taxes, and what is to be paid."""
    numbers = ("tax %", "net", "tax", "gross")
    table = columns("month", *numbers, "", right=numbers)
    for tax in content.taxes:
        table.add_row(
            text(f"{tax.local_month:%Y-%m}"),
            quantity(tax.tax_percent),
            *(amount(value) for value in (tax.net, tax.tax, tax.net + tax.tax)),
            text(content.currency),
        )
    table.add_section()
    totals = (content.net, content.tax, content.gross)
    table.add_row(
        Text("total"), Text(), *(amount(value) for value in totals), text(content.currency)
    )
    return table


def of_changes(change: AccountChange) -> Table:
    """The lines that differ, and the tax."""
    numbers = ("tax %", "uses", "now", "charge", "now ", "difference")
    table = columns("month", "person", "department", "site", "usage", *numbers, right=numbers)
    for line in change.lines:
        before, after = line.before, line.after
        table.add_row(
            text(f"{line.key.local_month:%Y-%m}"),
            text(line.name or line.key.person_id),
            *(text(name) for name in (line.key.department, line.key.site, line.key.usage_type)),
            quantity(line.key.tax_percent),
            text(f"{before.uses:,}" if before else ""),
            text(f"{after.uses:,}" if after else ""),
            amount(before.charge) if before else Text(),
            amount(after.charge) if after else Text(),
            amount(money(line.charge, change.account.currency), signed=True),
        )
    for tax in change.taxes:
        table.add_row(
            text(f"{tax.local_month:%Y-%m}"),
            *(Text(), Text(), Text(), Text("tax")),
            quantity(tax.tax_percent),
            *(Text(), Text()),
            *(amount(value) for value in (tax.before, tax.after)),
            amount(money(tax.after - tax.before, change.account.currency), signed=True),
        )
    return table
