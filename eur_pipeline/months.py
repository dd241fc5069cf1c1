"""Months as people write them, in options of commands and in CSV files."""

import datetime as dt
from contextlib import suppress


def month_of(text: str) -> dt.date:
    """The first day of the month; a ValueError where the text is none."""
    # Spreadsheets make 2026-03-01 of 2026-03.
    for written in ("%Y-%m", "%Y-%m-%d"):
        with suppress(ValueError):
            day = dt.datetime.strptime(text, written).replace(tzinfo=dt.UTC).date()
            if day.day == 1:
                return day
    raise ValueError(f"expected a month such as 2026-03, found {text!r}")
