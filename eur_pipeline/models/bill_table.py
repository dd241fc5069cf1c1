"""The bills of `bills.csv` as a table that models read, month by month."""

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Iterable

import pyarrow as pa

from eur_pipeline.billing.bills import Bill, read_bills
from eur_pipeline.billing.sites import read_sites
from eur_pipeline.models.input_table import DatedInput, Row, table_of
from eur_pipeline.project import Project

_text = pa.string()

BILLS = pa.schema(
    {
        "bill": _text,
        "local_month": pa.date32(),
        **dict.fromkeys(("legal_entity", "site", "currency"), _text),
        "minor_units": pa.int64(),
        "minor_unit": pa.decimal128(4, 3),
        **dict.fromkeys(("basis", "dimension"), _text),
    }
)


def read_bill_tables(project: Project) -> dict[str, DatedInput]:
    """The input by its name; raises ConfigurationError."""
    return {"inputs.bills": _table(read_bills(project, read_sites(project)))}


def _table(bills: Iterable[Bill]) -> DatedInput:
    of_month: defaultdict[dt.date, list[Bill]] = defaultdict(list)
    for bill in bills:
        of_month[bill.local_month].append(bill)
    return DatedInput(
        contents={
            month: hashlib.sha256(repr(found).encode()).hexdigest()
            for month, found in of_month.items()
        },
        rows=lambda months: table_of(
            BILLS, [_row(bill) for month in sorted(months) for bill in of_month[month]]
        ),
    )


def _row(bill: Bill) -> Row:
    return {name: getattr(bill, name) for name in BILLS.names}
