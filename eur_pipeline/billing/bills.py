"""`bills.csv`: bills of a month that somebody sent the company, to be divided by share of usage.

What each part is, is found in SQL; the rules stand in docs/allocation.md.
"""

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from eur_pipeline.billing.csv_file import Row, read_rows
from eur_pipeline.billing.sites import SiteTree
from eur_pipeline.config import LegalEntity, minor_unit_digits
from eur_pipeline.months import month_of
from eur_pipeline.project import Project

COLUMNS = (
    *("bill", "local_month", "legal_entity", "site", "currency", "amount", "basis", "dimension"),
)
# What a share is a share of: quantities as docs/rating.md defines them, or charges.
BASES = (
    *("message", "file_transfer", "delivery", "kilobyte", "file_megabyte", "active_person"),
    "charge",
)
DIMENSIONS = ("cost_centre", "department", "site", "person")


@dataclass(frozen=True)
class Bill:
    """One bill of one month.

    Attributes:
        local_month: Its first day.
        legal_entity: Whose usage counts; empty = all of the company's.
        site: At or below which usage counts; empty = everywhere.
        minor_units: The amount in the currency's smallest coin; negative where it is a credit.
        minor_unit: What that coin is worth.
    """

    bill: str
    local_month: dt.date
    legal_entity: str
    site: str
    currency: str
    minor_units: int
    minor_unit: Decimal
    basis: str
    dimension: str

    @property
    def amount(self) -> Decimal:
        """What is divided."""
        return self.minor_units * self.minor_unit


def read_bills(project: Project, sites: SiteTree) -> tuple[Bill, ...]:
    """All bills, by month and name; a ConfigurationError names file, line and column of a fault."""
    path = project.bills_path
    entities = _entities(sites)
    bills: dict[tuple[dt.date, str], tuple[Row, Bill]] = {}
    for row in read_rows(path, COLUMNS) if path.exists() else ():
        bill = _bill(row, sites, entities)
        earlier, _ = bills.setdefault((bill.local_month, bill.bill), (row, bill))
        if earlier is not row:
            raise row.error(
                "bill",
                f"a bill that line {earlier.line} does not have for {bill.local_month:%Y-%m}",
            )
    return tuple(bill for _, (_, bill) in sorted(bills.items()))


def _entities(sites: SiteTree) -> dict[str, LegalEntity]:
    """Those that any site belongs to on any day."""
    found = (entity for site in sites.names for _, entity in sites.legal_entities(site))
    return {entity.name: entity for entity in found}


def _bill(row: Row, sites: SiteTree, entities: Mapping[str, LegalEntity]) -> Bill:
    currency = row.required("currency")
    if not re.fullmatch("[A-Z]{3}", currency):
        raise row.error("currency", "a currency such as CHF")
    digits = minor_unit_digits(currency)
    bill = Bill(
        bill=row.required("bill"),
        local_month=_month(row),
        legal_entity=row.one_of("legal_entity", ("", *entities)),
        site=row.one_of("site", ("", *(site.name for site in sites.config.sites))),
        currency=currency,
        minor_units=_minor_units(row, digits, currency),
        minor_unit=Decimal(1).scaleb(-digits),
        basis=row.one_of("basis", BASES),
        dimension=row.one_of("dimension", DIMENSIONS),
    )
    if bill.basis == "charge" and not bill.legal_entity:
        _require_one_currency(row, entities.values())
    return bill


def _month(row: Row) -> dt.date:
    try:
        return month_of(row.required("local_month"))
    except ValueError:
        raise row.error("local_month", "a month such as 2026-03") from None


def _minor_units(row: Row, digits: int, currency: str) -> int:
    text = row.required("amount")
    decimals = rf"(\.\d{{1,{digits}}})?" if digits else ""
    if not re.fullmatch(rf"-?\d{{1,12}}{decimals}", text, re.ASCII):
        raise row.error(
            "amount",
            f"an amount such as 1200, negative for a credit, with at most {digits} digits after "
            f"the point, because it is in {currency}",
        )
    return int(Decimal(text).scaleb(digits))


def _require_one_currency(row: Row, entities: Iterable[LegalEntity]) -> None:
    currencies = sorted({entity.currency for entity in entities})
    if len(currencies) > 1:
        raise row.error(
            "legal_entity",
            f"a legal entity, because charges in {', '.join(currencies)} cannot be added up",
        )
