"""A table of inputs: its rows, and what they contribute to the stamps of dates."""

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from eur_pipeline.billing.periods import Period
from eur_pipeline.models.validity import AlwaysValid, InputStamps, stamps_of_periods

Row = dict[str, object]

# The last columns of a table whose rows hold for a while.
PERIOD = {"valid_from": pa.date32(), "valid_to": pa.date32()}


@dataclass(frozen=True)
class InputTable:
    """One input: its rows, and what they contribute to the stamps of dates."""

    rows: pa.Table
    stamps: InputStamps


@dataclass(frozen=True)
class DatedInput:
    """An input with a column `local_month`.

    Attributes:
        contents: A hash of every month that has rows.
        rows: Reads the rows of some months.
    """

    contents: Mapping[dt.date, str]
    rows: Callable[[Collection[dt.date]], pa.Table]


def constant(schema: pa.Schema, rows: Sequence[Row]) -> InputTable:
    """Rows without validity: any change touches every date."""
    content = sorted(str(tuple(row[name] for name in schema.names)) for row in rows)
    return InputTable(table_of(schema, rows), AlwaysValid("\n".join(content)))


def dated(schema: pa.Schema, rows: Iterable[tuple[Period, Row]]) -> InputTable:
    """Rows that hold in a period; the schema ends with valid_from and valid_to."""
    rows = list(rows)
    names = schema.names[:-2]
    facts = [(period, tuple(row[name] for name in names)) for period, row in rows]
    limited = [
        {**row, "valid_from": period.valid_from, "valid_to": period.valid_to}
        for period, row in rows
    ]
    return InputTable(table_of(schema, limited), stamps_of_periods(facts))


def table_of(schema: pa.Schema, rows: Sequence[Row]) -> pa.Table:
    """The rows as Arrow, in the schema's columns."""
    columns = {name: [row[name] for row in rows] for name in schema.names}
    return pa.table(columns, schema=schema)
