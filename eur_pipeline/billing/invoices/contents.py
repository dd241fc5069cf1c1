"""Drawing up what documents say, from what remains to be billed and the terms of it.

Which accounts and months are to be drawn up is decided in `drawing.py`.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from eur_pipeline.billing.invoices.differences import Difference, Differences
from eur_pipeline.billing.invoices.document import (
    Account,
    Content,
    Kind,
    Line,
    LineKey,
    TaxLine,
    money,
    total,
)
from eur_pipeline.billing.invoices.terms import Terms
from eur_pipeline.billing.invoices.tiers import NO_TIERS
from eur_pipeline.errors import InvoiceError


def invoice(
    account: Account,
    month: dt.date,
    differences: Differences,
    months: Iterable[dt.date],
    terms: Terms,
) -> Content | None:
    """The invoice of an account's month with whatever is open of `months`; None: nothing is."""
    open_lines = differences.open_in(months)
    if not open_lines:
        return None
    lines = tuple(
        _line(key, difference, month, account, terms) for key, difference in open_lines.items()
    )
    taxes = _taxes(account, lines, differences)
    return Content(
        kind=Kind.INVOICE,
        legal_entity=account.legal_entity,
        cost_centre=account.cost_centre,
        currency=account.currency,
        month=month,
        lines=lines,
        taxes=taxes,
        **_totals(account, taxes),
        rates=terms.rates_of(account, open_lines),
        plans=terms.plans_of(open_lines),
        people=terms.people_of(open_lines),
        hierarchy=terms.hierarchy_of(account.cost_centre, open_lines),
    )


def credit_note(invoiced: Content, number: str) -> Content:
    """What takes that invoice back: every line and tax of it, negative."""
    lines = tuple(
        replace(line, numbers=-line.numbers, rated=None, billed=None, rated_by=NO_TIERS)
        for line in invoiced.lines
    )
    taxes = tuple(
        tax.model_copy(update={"net": -tax.net, "tax": -tax.tax}) for tax in invoiced.taxes
    )
    return Content(
        kind=Kind.CREDIT_NOTE,
        legal_entity=invoiced.legal_entity,
        cost_centre=invoiced.cost_centre,
        currency=invoiced.currency,
        month=invoiced.month,
        credits=number,
        lines=lines,
        taxes=taxes,
        **_totals(invoiced.account, taxes),
    )


def _line(
    key: LineKey, difference: Difference, month: dt.date, account: Account, terms: Terms
) -> Line:
    was_billed = not difference.billed.is_nothing
    return Line(
        **key._asdict(),
        is_adjustment=key.local_month != month,
        name=difference.name,
        numbers=difference.numbers,
        rated=difference.rated if was_billed else None,
        billed=difference.billed if was_billed else None,
        rated_by=terms.tiers_of(account, key),
    )


def _taxes(
    account: Account, lines: Iterable[Line], differences: Differences
) -> tuple[TaxLine, ...]:
    """The tax of every month and rate that the lines have; it has to be on their sum."""
    nets: dict[tuple[dt.date, Decimal], list[Decimal]] = {}
    for line in lines:
        nets.setdefault((line.local_month, line.tax_percent), []).append(line.numbers.charge)
    taxes = []
    for (month, percent), charges in sorted(nets.items()):
        net, tax = differences.taxes.get((month, percent), (Decimal(0), Decimal(0)))
        if net != total(charges):
            raise InvoiceError(
                f"{account}, {month:%Y-%m}: the lines at {percent} % tax come to {total(charges)}, "
                f"and the tax is on {net}: this is a fault of the models. Build them anew: remove "
                f"data/warehouse, then `eur run`; if it stays, report it"
            )
        taxes.append(
            TaxLine(
                local_month=month,
                tax_percent=percent,
                net=money(net, account.currency),
                tax=money(tax, account.currency),
            )
        )
    return tuple(taxes)


def _totals(account: Account, taxes: Iterable[TaxLine]) -> dict[str, Decimal]:
    taxes = list(taxes)
    net = money(total(tax.net for tax in taxes), account.currency)
    tax = money(total(tax.tax for tax in taxes), account.currency)
    return {"net": net, "tax": tax, "gross": net + tax}
