"""Reading a spreadsheet's CSV file row by row, with errors that name file, line and column.

What the columns mean is the business of the modules that read the files.
"""

import datetime as dt
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from eur_pipeline.billing.periods import Period
from eur_pipeline.errors import ConfigurationError

if TYPE_CHECKING:
    import pandas as pd

LARGEST_PERCENTAGE = 1000


# A directory of many people has few dates, and each is asked for several times.
@lru_cache(maxsize=4096)
def _date(text: str) -> dt.date:
    return dt.datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=dt.UTC).date()


@dataclass(frozen=True)
class Row:
    """One row of a CSV file: text by column, and the line at which it begins."""

    path: Path
    line: int
    cells: dict[str, str]

    def text(self, column: str) -> str:
        """The cell's text without surrounding blanks; may be empty."""
        return self.cells[column].strip()

    def required(self, column: str) -> str:
        """The cell's text, which may not be empty."""
        text = self.text(column)
        if not text:
            raise self.error(column, "some text")
        return text

    def one_of(self, column: str, allowed: Sequence[str]) -> str:
        """The cell's text, which is one of those allowed."""
        text = self.text(column)
        if text not in allowed:
            raise self.error(column, "one of " + ", ".join(allowed))
        return text

    def date(self, column: str) -> dt.date | None:
        """The cell's date, None where it is empty."""
        text = self.text(column)
        if not text:
            return None
        try:
            return _date(text)
        except ValueError:
            raise self.error(column, "a date such as 2026-03-10, or nothing") from None

    def validity(self) -> tuple[dt.date | None, dt.date | None]:
        """The half-open period from `valid_from` to `valid_to`; None is open."""
        start, end = self.date("valid_from"), self.date("valid_to")
        if start and end and end <= start:
            raise self.error("valid_to", f"a date after valid_from, which is {start}")
        return start, end

    def period(self) -> Period:
        """The same as a period."""
        return Period(*self.validity())

    def months(self) -> Period:
        """A period whose limits are firsts of months."""
        for column in ("valid_from", "valid_to"):
            day = self.date(column)
            if day and day.day != 1:
                raise self.error(column, "the first of a month, or nothing")
        return self.period()

    def amount(self, column: str, decimals: int = 6, empty: str = "0") -> Decimal:
        """The cell's number, not negative; `empty` where there is none."""
        text = self.text(column) or empty
        if not re.fullmatch(rf"\d{{1,12}}(\.\d{{1,{decimals}}})?", text, re.ASCII):
            raise self.error(
                column,
                f"an amount such as 0.05, not negative, with at most {decimals} digits after "
                f"the point",
            )
        return Decimal(text)

    def percentage(self, column: str) -> Decimal:
        """The cell's percentage, with at most two decimals; 0 where it is empty."""
        percent = self.amount(column, 2)
        if percent > LARGEST_PERCENTAGE:
            raise self.error(column, f"at most {LARGEST_PERCENTAGE}")
        return percent

    def error(self, column: str, expected: str) -> ConfigurationError:
        """The fault of one cell, ready to be raised."""
        found = repr(self.cells[column]) if self.text(column) else "nothing"
        return ConfigurationError(
            f"{self.path}, line {self.line}, {column}: expected {expected}; found {found}"
        )


def read_rows(path: Path, columns: Sequence[str], optional: Sequence[str] = ()) -> Iterator[Row]:
    """The rows of a CSV file (UTF-8, with or without a BOM) that has at least these columns.

    The cells of an optional column that the file does not have are empty.
    """
    lines = _numbered(_read_table(path))
    _, names = next(lines)
    there = [column for column in optional if column in names]
    for column in (*columns, *there):
        if names.count(column) != 1:
            raise ConfigurationError(
                f"{path}, line 1, {column}: expected this column once; found {', '.join(names)}"
            )
    places = {column: names.index(column) for column in (*columns, *there)}
    absent = dict.fromkeys(optional, "")
    for line, values in lines:
        cells = absent | {column: values[place] for column, place in places.items()}
        if any(text.strip() for text in cells.values()):
            yield Row(path, line, cells)


def read_columns(path: Path) -> tuple[str, ...]:
    """The names in the first line of a CSV file."""
    _, names = next(_numbered(_read_table(path)))
    return names


def _numbered(table: "pd.DataFrame") -> Iterator[tuple[int, tuple[str, ...]]]:
    """The rows with the line at which each begins; a quoted text can have several lines."""
    line = 1
    for values in table.itertuples(index=False, name=None):
        yield line, values
        line += 1 + sum(text.count("\n") for text in values)


def _read_table(path: Path) -> "pd.DataFrame":
    # Imported here: every process of the orchestrator loads this module, and few read a file.
    import pandas as pd

    try:
        with warnings.catch_warnings():
            # Cells beyond the last column would be cut off with a mere warning.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(
                path,
                # pandas would rename a second column of one name.
                header=None,
                dtype=str,
                keep_default_na=False,
                index_col=False,
                skip_blank_lines=False,
                encoding="utf-8-sig",
            )
    except FileNotFoundError:
        raise ConfigurationError(f"{path}: no such file; expected a CSV file") from None
    except pd.errors.EmptyDataError:
        raise ConfigurationError(
            f"{path}, line 1: expected the names of the columns; found nothing"
        ) from None
    except (pd.errors.ParserError, pd.errors.ParserWarning, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{path}: not readable as comma-separated UTF-8: {error}; "
            f"export it from the spreadsheet as `CSV UTF-8`"
        ) from None


def require_no_overlap(rows: Sequence[Row], what: str) -> None:
    """Raise unless at most one of the rows, all of them for one thing, is valid on any day."""
    ordered = sorted(rows, key=lambda row: (row.validity()[0] or dt.date.min, row.line))
    for earlier, later in pairwise(ordered):
        if earlier.period().overlaps(later.period()):
            raise overlap_error(earlier, later, what)


def overlap_error(earlier: Row, later: Row, what: str) -> ConfigurationError:
    """That two rows, which may stand in two files, have days in common."""
    file = f"{earlier.path.name}, " if earlier.path != later.path else ""
    return later.error(
        "valid_from",
        f"a date on which {what} is not valid already by {file}line {earlier.line} "
        f"(which ends {earlier.validity()[1] or 'never'})",
    )


def require_no_gap(rows: Sequence[Row], what: str) -> None:
    """Raise unless the rows, all of them for one thing and none at once, follow each other."""
    ordered = sorted(rows, key=lambda row: row.period().start)
    for earlier, later in pairwise(ordered):
        if earlier.period().end != later.period().start:
            raise later.error(
                "valid_from",
                f"{earlier.text('valid_to')}, the day on which line {earlier.line} ends: "
                f"there would be no {what} in between",
            )
