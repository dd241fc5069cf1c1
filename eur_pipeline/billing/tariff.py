"""`tariff.csv`: what one message or file transfer costs, inside and outside the company, and when.

It is read and checked here; prices are applied and charges rounded in SQL.
"""

import datetime as dt
import re
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from eur_pipeline.billing.csv_file import Row, read_rows, require_no_overlap
from eur_pipeline.project import Project

COLUMNS = ("usage_type", "destination", "valid_from", "valid_to", "currency", "price")
USAGE_TYPES = ("message", "file_transfer")
DESTINATIONS = ("internal", "external")
# DECIMAL(18,6): twelve digits before the point, six after it.
PRICE = re.compile(r"\d{1,12}(\.\d{1,6})?")


@dataclass(frozen=True)
class TariffRate:
    """The price of one message or file transfer on certain local days.

    Attributes:
        valid_from: First local day, None = always.
        valid_to: First local day on which it is no longer valid, None = open.
        price: In whole units of the currency, with at most six digits after the point.
    """

    usage_type: str
    destination: str
    valid_from: dt.date | None
    valid_to: dt.date | None
    currency: str
    price: Decimal


def read_tariff(project: Project) -> tuple[TariffRate, ...]:
    """All rates in the file's order; a ConfigurationError names line and column of a fault."""
    rates = []
    rows_of_use: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in read_rows(project.tariff_path, COLUMNS):
        rate = _rate(row, project.config.billing.currency)
        rates.append(rate)
        rows_of_use[rate.usage_type, rate.destination].append(row)
    for (usage_type, destination), rows in rows_of_use.items():
        require_no_overlap(rows, f"a price for {usage_type} {destination}")
    return tuple(rates)


def _rate(row: Row, currency: str) -> TariffRate:
    valid_from, valid_to = row.validity()
    return TariffRate(
        usage_type=row.one_of("usage_type", USAGE_TYPES),
        destination=row.one_of("destination", DESTINATIONS),
        valid_from=valid_from,
        valid_to=valid_to,
        currency=row.one_of("currency", [currency]),
        price=_price(row),
    )


def _price(row: Row) -> Decimal:
    text = row.text("price")
    if not PRICE.fullmatch(text):
        raise row.error(
            "price", "an amount such as 0.05, not negative, with at most six digits after the point"
        )
    return Decimal(text)
