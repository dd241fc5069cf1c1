"""How charges side by side are shown: as tables for people, as JSON and CSV for programs."""

import csv
import io
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from rich.table import Table
from rich.text import Text

from eur_pipeline.billing.trial import DIMENSIONS, Comparison, MonthCompared, Party, Sums, totals
from eur_pipeline.cli.console import as_cell, out, printable
from eur_pipeline.config import minor_unit_digits

_FIGURES = ("rated", "tried", "difference", "percent")


def show(comparison: Comparison, top: int | None) -> None:
    """Months, then the rows whose charge differs, the largest difference first, then totals."""
    if len(comparison.months) > 1:
        out.print(_by_month(comparison))
    charges = comparison.charges
    differing = sorted(
        ((party, sums) for party, sums in charges.items() if sums.difference),
        key=lambda pair: (-abs(pair[1].difference), pair[0]),
    )
    out.print(_table(comparison, differing[:top]))
    for line in _left_out(comparison.by, len(charges), len(differing), top):
        out.print(line, highlight=False)
    if any(comparison.adjustments.values()):
        out.print(_adjustments(comparison))


def as_object(comparison: Comparison) -> dict[str, Any]:
    """Everything, for a program; amounts are text, so that no digit is lost."""
    return {
        "by": comparison.by,
        "rows": list(_rows(comparison)),
        "totals": [
            {
                "month": f"{month.month:%Y-%m}",
                **_entity(party),
                **_figures(sums),
                "tax_rated": str(month.taxes.get(party, Sums()).rated),
                "tax_tried": str(month.taxes.get(party, Sums()).tried),
            }
            for month in comparison.months
            for party, sums in totals(month.charges).items()
        ],
    }


def as_text(comparison: Comparison) -> str:
    """All rows as CSV, names first."""
    text = io.StringIO()
    billing = ("billed", "adjustment") if comparison.by == "cost_centre" else ()
    labels = _labels(comparison.by)
    names = ("month", "legal_entity", "currency", *labels, *_FIGURES, *billing)
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    for row in _rows(comparison):
        writer.writerow({**row, **{name: as_cell(row[name]) for name in labels}})
    return text.getvalue()


def _labels(by: str) -> tuple[str, ...]:
    return (*DIMENSIONS[by], "name") if by == "person" else DIMENSIONS[by]


def _values(party: Party, by: str) -> tuple[str, ...]:
    return (*party.labels, party.name) if by == "person" else party.labels


def _rows(comparison: Comparison) -> Iterator[dict[str, Any]]:
    for month in comparison.months:
        for party, sums in month.charges.items():
            labels = zip(_labels(comparison.by), _values(party, comparison.by), strict=True)
            yield {
                "month": f"{month.month:%Y-%m}",
                **_entity(party),
                **dict(labels),
                **_figures(sums),
                **(_billing(month, party) if comparison.by == "cost_centre" else {}),
            }


def _entity(party: Party) -> dict[str, str]:
    return {"legal_entity": party.legal_entity, "currency": party.currency}


def _figures(sums: Sums) -> dict[str, str | None]:
    return {
        "rated": str(sums.rated),
        "tried": str(sums.tried),
        "difference": str(sums.difference),
        "percent": None if sums.percent is None else str(sums.percent),
    }


def _billing(month: MonthCompared, party: Party) -> dict[str, str | None]:
    """Of an account whose month is invoiced already; None of others."""
    billed, adjustment = month.billed.get(party), month.adjustment(party)
    return {
        "billed": None if billed is None else str(billed),
        "adjustment": None if adjustment is None else str(adjustment),
    }


def _adjustments(comparison: Comparison) -> Table:
    """What would be added to bills that are issued already, account by account."""
    title = f"Already invoiced{_in_currency(comparison)}: adjustments would follow"
    table = Table("month", "cost centre", title=title, title_justify="left")
    if _entities(comparison):
        table.add_column("legal entity")
    for name in ("billed", "tried", "adjustment"):
        table.add_column(name, justify="right", no_wrap=True)
    for month in comparison.months:
        for party, billed in month.billed.items():
            sums = Sums(billed, month.charges.get(party, Sums()).tried)
            if sums.difference:
                cells = list(_cells(party, sums, _entities(comparison)))[:-1]
                table.add_row(f"{month.month:%Y-%m}", Text(printable(party.labels[0])), *cells)
    return table


def _by_month(comparison: Comparison) -> Table:
    title = f"Charges by month{_in_currency(comparison)}"
    table = Table("month", title=title, title_justify="left")
    _add_figures(table, _entities(comparison))
    for month in comparison.months:
        for party, sums in totals(month.charges).items():
            name = f"{month.month:%Y-%m}"
            table.add_row(name, *_cells(party, sums, _entities(comparison)))
    return table


def _table(comparison: Comparison, rows: list[tuple[Party, Sums]]) -> Table:
    entities = _entities(comparison)
    months = ", ".join(f"{month.month:%Y-%m}" for month in comparison.months)
    labels = DIMENSIONS[comparison.by]
    title = f"Charges by {_worded(comparison.by)}, {months}{_in_currency(comparison)}"
    table = Table(*map(_worded, labels), title=title, title_justify="left")
    _add_figures(table, entities)
    for party, sums in rows:
        first, *others = party.labels
        named = first if party.name in ("", first) else f"{first} {party.name}"
        texts = (Text(printable(value)) for value in (named, *others))
        table.add_row(*texts, *_cells(party, sums, entities))
    table.add_section()
    for what, of_entities in _totals(comparison):
        for party, sums in of_entities.items():
            blank = [""] * (len(labels) - 1)
            table.add_row(what, *blank, *_cells(party, sums, entities), style="bold")
    return table


def _totals(comparison: Comparison) -> Iterator[tuple[str, Mapping[Party, Sums]]]:
    """What stands below the rows: the sums, and the taxes where there are any."""
    charges, taxes = totals(comparison.charges), comparison.taxes
    yield "in all", charges
    if any(sums.rated or sums.tried for sums in taxes.values()):
        yield "tax", taxes
        yield (
            "with tax",
            {party: sums + taxes.get(party, Sums()) for party, sums in charges.items()},
        )


def _entities(comparison: Comparison) -> bool:
    """Whether there are several legal entities to be told apart."""
    return len(totals(comparison.charges)) > 1


def _add_figures(table: Table, entities: bool) -> None:
    if entities:
        table.add_column("legal entity")
    for name in ("as rated", "tried", "difference", "%"):
        table.add_column(name, justify="right", no_wrap=True)


def _cells(party: Party, sums: Sums, entities: bool) -> Iterator[str | Text]:
    if entities:
        yield Text(printable(f"{party.legal_entity}, {party.currency}"))
    digits = minor_unit_digits(party.currency)
    yield f"{sums.rated:,.{digits}f}"
    yield f"{sums.tried:,.{digits}f}"
    yield _signed(sums.difference, digits)
    yield "" if sums.percent is None else _signed(sums.percent, 1)


def _in_currency(comparison: Comparison) -> str:
    currencies = {party.currency for party in comparison.charges}
    return f", in {currencies.pop()}" if len(currencies) == 1 else ""


def _worded(name: str) -> str:
    return name.removesuffix("_id").replace("_", " ")


def _signed(amount: Decimal, digits: int) -> str:
    return f"{amount:+,.{digits}f}" if amount else f"{amount:.{digits}f}"


def _left_out(by: str, rows: int, differing: int, top: int | None) -> Iterator[str]:
    what = f"rows by {_worded(by)}"
    if top is not None and differing > top:
        yield f"{differing - top:,} more {what} differ."
    if rows > differing:
        yield f"{rows - differing:,} of {rows:,} {what} are charged as before."
