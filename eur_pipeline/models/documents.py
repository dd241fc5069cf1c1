"""The issued documents as tables that models read, month by month.

A month's hash comes from the register alone; files are opened only for months that changed.
"""

import datetime as dt
import io
from collections.abc import Collection, Iterable

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from eur_pipeline.billing.invoices.document import total
from eur_pipeline.billing.invoices.filing import LINES
from eur_pipeline.billing.invoices.register import (
    Entry,
    Register,
    digests_by_invoice_month,
    digests_by_usage_month,
)
from eur_pipeline.models.input_table import DatedInput, Row, table_of

_text = pa.string()
_money = pa.decimal128(18, 3)

INVOICES = pa.schema(
    {
        **dict.fromkeys(("number", "kind", "legal_entity", "currency", "cost_centre"), _text),
        "local_month": pa.date32(),
        "issued_at": pa.timestamp("us", tz="UTC"),
        "issue_date": pa.date32(),
        **dict.fromkeys(("credits", "reason", "forced_reason"), _text),
        **dict.fromkeys(("net", "tax"), _money),
        "content_sha256": _text,
    }
)
BILLED_TAXES = pa.schema(
    {
        "number": _text,
        "local_month": pa.date32(),
        **dict.fromkeys(("legal_entity", "currency", "cost_centre"), _text),
        "tax_percent": pa.decimal128(6, 2),
        **dict.fromkeys(("net", "tax"), _money),
    }
)


def read_documents(register: Register) -> dict[str, DatedInput]:
    """The inputs by names such as `inputs.billed_lines`; raises InvoiceError."""
    by_invoice_month = digests_by_invoice_month(register.entries)
    by_usage_month = digests_by_usage_month(register.entries)
    return {
        "inputs.invoices": DatedInput(by_invoice_month, lambda m: _invoices(register.entries, m)),
        "inputs.billed_lines": DatedInput(by_usage_month, lambda m: _lines(register, m)),
        "inputs.billed_taxes": DatedInput(by_usage_month, lambda m: _taxes(register.entries, m)),
    }


def _invoices(entries: Iterable[Entry], months: Collection[dt.date]) -> pa.Table:
    rows = [_invoice(entry) for entry in entries if entry.month in months]
    return table_of(INVOICES, rows)


def _invoice(entry: Entry) -> Row:
    return {
        "number": entry.number,
        "kind": str(entry.kind),
        "legal_entity": entry.legal_entity,
        "currency": entry.currency,
        "cost_centre": entry.cost_centre,
        "local_month": entry.month,
        "issued_at": entry.issued_at,
        "issue_date": entry.issue_date,
        "credits": entry.credits,
        "reason": entry.reason,
        "forced_reason": entry.forced_reason,
        "net": total(tax.net for tax in entry.taxes),
        "tax": total(tax.tax for tax in entry.taxes),
        "content_sha256": entry.content_sha256,
    }


def _lines(register: Register, months: Collection[dt.date]) -> pa.Table:
    tables = [
        pq.read_table(io.BytesIO(register.lines(entry)), schema=LINES)
        for entry in register.entries
        if not entry.usage_months.isdisjoint(months)
    ]
    lines = pa.concat_tables([LINES.empty_table(), *tables])
    return lines.filter(pc.is_in(lines["local_month"], pa.array(sorted(months), pa.date32())))


def _taxes(entries: Iterable[Entry], months: Collection[dt.date]) -> pa.Table:
    rows: list[Row] = [
        {
            "number": entry.number,
            "legal_entity": entry.legal_entity,
            "currency": entry.currency,
            "cost_centre": entry.cost_centre,
            **dict(tax),
        }
        for entry in entries
        for tax in entry.taxes
        if tax.local_month in months
    ]
    return table_of(BILLED_TAXES, rows)
