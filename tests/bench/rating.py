"""Finding the rate of every message of a month, beside adding up the same messages.

The tariff asks much: three time bands, fifty versions of every rate, graduated tiers and an
allowance that cost centres share. The messages are made in DuckDB, as the models have them.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import duckdb

from eur_pipeline.models.inputs import read_inputs, variables
from eur_pipeline.models.loading import load_models
from eur_pipeline.models.templates import compile_sql
from tests.bench.measuring import Case
from tests.rating.world import World

MESSAGES = 1_000_000
PEOPLE, COST_CENTRES, VERSIONS = 10_000, 200, 50
MONTH = dt.date(2026, 3, 1)
BANDS = (
    ("peak", "mon tue wed thu fri", "08:00", "18:00"),
    ("evening", "mon tue wed thu fri", "18:00", "24:00"),
    ("weekend", "sat sun holiday", "00:00", "24:00"),
)
_LOCATED = f"""
    create table int_messages_located as
    select
        date '{MONTH}' + cast(n % 31 as integer) as local_date,
        cast(hash(n, 1) % 96 as bigint) as local_quarter,
        concat('f00dfeed', n) as message_id,
        timestamptz '{MONTH} 00:00:00+00' + to_microseconds(cast(n * 2678400 as bigint)) as sent_at,
        concat('p', hash(n, 2) % {PEOPLE}, '@presence.example') as sender,
        [concat('p', hash(n, 3) % {PEOPLE}, '@presence.example')] as recipients,
        cast(null as varchar) as conversation_id,
        case when n % 50 = 0 then 'file_transfer' else 'message' end as kind,
        cast(40 as integer) as body_bytes,
        cast(1000 as bigint) as file_bytes,
        concat('p', hash(n, 2) % {PEOPLE}) as person_id,
        'name' as name,
        'zurich' as site,
        'Sales' as department,
        concat('c', hash(n, 2) % {COST_CENTRES}) as cost_centre
    from range({MESSAGES}) as numbers(n)
"""
_ADDED_UP = "select local_date, person_id, kind, count(*), sum(body_bytes) from {} group by all"
_RATES_FOUND = "select local_date, payer, rate_id, count(*), sum(steps) from ({}) group by all"


@contextmanager
def a_month_of_messages(folder: Path) -> Iterator[Case]:
    """The rate of each, by the models' own SQL."""
    with duckdb.connect(folder / "messages.duckdb") as connection:
        connection.execute("set threads = 2")
        _prepare(connection, folder)
        sql = _model("int_uses_rated")
        yield Case(
            what=f"find the rates of {MESSAGES:,} messages",
            floor="add up the same messages",
            subject=lambda: connection.execute(_RATES_FOUND.format(sql)).fetchall(),
            rival=lambda: connection.execute(_ADDED_UP.format("int_messages_located")).fetchall(),
            target=2.5,
        )


def _prepare(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    connection.execute("set TimeZone = 'UTC'")
    connection.execute("create schema inputs")
    for name, table in read_inputs(_world().write(folder / "project")).items():
        connection.register("rows", table.rows)
        connection.execute(f"create table {name} as select * from rows")
        connection.unregister("rows")
    connection.execute(_LOCATED)
    for name in ("int_deliveries_located", "int_plans_assigned"):
        connection.execute(f"create table {name} as {_model(name)}")


def _model(name: str) -> str:
    (model,) = (m for m in load_models() if m.name == name)
    return compile_sql(model.template, name, lambda relation: relation, variables())


def _world() -> World:
    world = World([{"name": "group"}, {"name": "zurich", "parent": "group"}])
    for n in range(PEOPLE):
        row = {"person_id": f"p{n}", "name": "name", "address": f"p{n}@presence.example"}
        row |= {"site": "zurich", "department": "Sales", "cost_centre": f"c{n % COST_CENTRES}"}
        world.add("directory.csv", **row)
    for usage_type in ("message", "file_transfer"):
        for destination in ("internal", "external"):
            row = {"usage_type": usage_type, "destination": destination, "price": "0.01"}
            world.add("tariff.csv", **row, currency="CHF")
    for cells in BANDS:
        columns = ("time_band", "days", "from", "to")
        world.add("tariff/time_bands.csv", **dict(zip(columns, cells, strict=True)))
    world.add("tariff/plans.csv", plan="office", currency="CHF", scope="cost_centre")
    world.add("tariff/assignments.csv", scope="default", plan="office")
    world.add("tariff/allowances.csv", plan="office", usage_type="message", units="1000")
    days = [MONTH - dt.timedelta(days=10 - n) for n in range(VERSIONS - 1)]
    for start, end in pairwise(["", *(day.isoformat() for day in days), ""]):
        period = {"plan": "office", "valid_from": start, "valid_to": end}
        world.add("tariff/rates.csv", **period, usage_type="file_transfer", price="0.1")
        for band in ("", *(name for name, *_ in BANDS)):
            for tier_from, price in (("0", "0.02"), ("50000", "0.01")):
                tier = {"tiering": "graduated", "tier_from": tier_from, "price": price}
                world.add(
                    "tariff/rates.csv", **period, **tier, usage_type="message", time_band=band
                )
    return world
