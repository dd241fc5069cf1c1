"""Pieces of SQL made from values: literals, names and conditions on dates."""

import datetime as dt
from collections.abc import Iterable

from eur_pipeline.models.grains import as_ranges


def literal(text: object) -> str:
    """A string literal."""
    return "'" + str(text).replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A quoted name."""
    return '"' + name.replace('"', '""') + '"'


def on_dates(column: str, dates: Iterable[dt.date]) -> str:
    """A condition that holds on these dates; ranges let DuckDB skip what it need not read."""
    ranges = (
        f"{column} between date '{first.isoformat()}' and date '{last.isoformat()}'"
        for first, last in as_ranges(dates)
    )
    return "(" + (" or ".join(ranges) or "false") + ")"
