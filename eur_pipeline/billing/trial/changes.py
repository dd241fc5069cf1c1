"""Which months another tariff can change: those on whose days something else is valid."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping

import duckdb
import pyarrow as pa

from eur_pipeline.billing.periods import ALWAYS, Period
from eur_pipeline.billing.trial.database import PUBLISHED
from eur_pipeline.models.grains import Grain
from eur_pipeline.models.input_table import InputTable
from eur_pipeline.models.validity import DatedStamps, stamps_of_periods

_ONE_DAY = dt.timedelta(days=1)


def changed_months(
    connection: duckdb.DuckDBPyConnection,
    tried: Mapping[str, InputTable],
    months: Iterable[dt.date],
) -> tuple[dt.date, ...]:
    """Of these months, those for which the tariff is another than the one that was published."""
    pairs = [
        (_stamps(_published(connection, n, t.rows)), _stamps(t.rows)) for n, t in tried.items()
    ]
    return tuple(
        month
        for month in months
        if any(
            rated.at(Grain.LOCAL_MONTH, month) != other.at(Grain.LOCAL_MONTH, month)
            for rated, other in pairs
        )
    )


def _published(connection: duckdb.DuckDBPyConnection, name: str, like: pa.Table) -> pa.Table:
    columns = ", ".join(f'"{column}"' for column in like.schema.names)
    found = connection.sql(f"select {columns} from {PUBLISHED}.{name}")
    return found.to_arrow_table().cast(like.schema)


def _stamps(rows: pa.Table) -> DatedStamps:
    return stamps_of_periods(_facts(rows.to_pylist()))


def _facts(rows: Iterable[dict[str, object]]) -> Iterator[tuple[Period, Iterable[object]]]:
    """The rows without the days on which they hold, and those; a holiday holds on its date."""
    for row in rows:
        match row:
            case {"valid_from": start, "valid_to": end, **fact}:
                yield Period(_date(start), _date(end)), fact.values()
            case {"date": dt.date() as day, **fact}:
                yield Period(day, day + _ONE_DAY), fact.values()
            case fact:
                yield ALWAYS, fact.values()


def _date(value: object) -> dt.date | None:
    assert value is None or isinstance(value, dt.date)  # noqa: S101 - the schema says so
    return value
