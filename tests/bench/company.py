"""A company of ten thousand people to be billed: its project, its tariff, and a lake of any size.

DuckDB writes the lake, in the layout of `eur_pipeline/lake/schema.py` and the same in every run of
one version of it. Of a local day at a site there is one archive, uploaded at the next midnight.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from eur_pipeline.lake.schema import HOUR_FORMAT
from eur_pipeline.models.sql import literal
from eur_pipeline.project import Project
from tests.rating.world import World

PEOPLE, COST_CENTRES, VERSIONS = 10_000, 200, 50
# The month in which most versions of the rates begin.
MONTH = dt.date(2026, 3, 1)


@dataclass(frozen=True)
class Site:
    """A site: of ten cost centres, and of ten messages, it has so many."""

    name: str
    zone: str
    tenths: int


SITES = (
    Site("zurich", "Europe/Zurich", 4),
    Site("geneva", "Europe/Zurich", 2),
    Site("boston", "America/New_York", 3),
    Site("singapore", "Asia/Singapore", 1),
)
# Legal entity: its currency and sites. Each has a plan of its name.
ENTITIES = {
    "swiss_ag": ("CHF", ("zurich", "geneva")),
    "world_inc": ("USD", ("boston", "singapore")),
}
BANDS = (
    ("peak", "mon tue wed thu fri", "08:00", "18:00"),
    ("evening", "mon tue wed thu fri", "18:00", "24:00"),
    ("weekend", "sat sun holiday", "00:00", "24:00"),
)
# A day of a weekend has that part of a working day's messages.
WEEKEND = 0.15
_ONE_DAY = dt.timedelta(days=1)

# Of a hundred messages five go to another company, fifteen to two to seven colleagues at once, all
# others to one; two are files. A few people write most of it, and most of it around noon.
_RECORDS = """
    create or replace temporary table day as
    select
        concat(archive[:16], '-', n) as record_id,
        cast(null as varchar) as native_id,
        (timestamp '{day}' + to_milliseconds(cast(86399999 * (u1 + u2 + u3) / 3 as bigint)))
        at time zone '{zone}' as sent_at,
        cast(null as timestamptz) as original_sent_at,
        concat('p', person, '@presence.example') as sender,
        cast(null as varchar) as occupant,
        case
            when share < 5 then [concat('x', r1 % 5000, '@partner', r1 % 40, '.example')]
            when share < 20
                then list_transform(
                    range(2 + r1 % 6),
                    lambda k: concat(
                        'p', (person + 7 * (k + 1) + r1 % 50) % {people}, '@presence.example'
                    )
                )
            else [concat('p', (person + 1 + r1 % 60) % {people}, '@presence.example')]
        end as recipients,
        cast(null as varchar) as owner,
        concat('c-', person, '-', r1 % 60) as conversation_id,
        case when is_file then 'file_transfer' else 'message' end as kind,
        cast(null as varchar) as body,
        cast(4 + r2 % 120 as integer) as body_characters,
        cast(4 + r2 % 130 as integer) as body_bytes,
        sha256(concat(archive, n)) as body_hash,
        case when is_file then concat('plan-', r2 % 1000, '.xlsx') end as file_name,
        case when is_file then 1000 + r2 % 20000000 end as file_bytes,
        cast(null as varchar) as refers_to,
        '{collection}' as collection,
        timestamptz '{upload}' as upload_hour,
        archive as archive_sha256,
        '{name}' as archive_name,
        cast(n as integer) as ordinal,
        'avaya-ps' as dialect
    from (
        select
            *,
            sha256('{name}') as archive,
            r2 % 50 = 0 as is_file,
            -- A cost centre of the site, then somebody of it.
            10 * cast(floor({cost_centres} // 10 * pow(u4, 1.5)) as bigint)
            + {first_tenth} + r1 % {tenths}
            + {cost_centres} * cast(floor({people} // {cost_centres} * pow(u5, 2)) as bigint)
                as person
        from (
            select
                n,
                hash(n, '{name}', 1) % 1000003 / 1000003 as u1,
                hash(n, '{name}', 2) % 1000003 / 1000003 as u2,
                hash(n, '{name}', 3) % 1000003 / 1000003 as u3,
                hash(n, '{name}', 4) % 1000003 / 1000003 as u4,
                hash(n, '{name}', 5) % 1000003 / 1000003 as u5,
                cast(hash(n, '{name}', 6) % 1000000007 as bigint) as r1,
                cast(hash(n, '{name}', 7) % 1000000007 as bigint) as r2,
                cast(hash(n, '{name}', 8) % 100 as bigint) as share
            from range({rows}) as numbers(n)
        ) as drawn
    ) as chosen
"""
_ARCHIVE = """
    select
        collection, upload_hour, archive_name, archive_sha256, archive_name as landing_path,
        cast(1 as bigint) as bytes, upload_hour as uploaded_at, upload_hour as collected_at,
        dialect, 'read' as status, cast(null as varchar) as reason, count(*) as records,
        cast(0 as bigint) as rejects, cast(0 as bigint) as records_before_damage,
        cast(1 as bigint) as documents, cast(0 as bigint) as attachments
    from day
    group by all
"""


def write_company(folder: Path) -> Project:
    """The project without a lake.

    Its tariff has three time bands, fifty versions of every rate, graduated tiers for messages, an
    allowance that cost centres share, a monthly fee, and taxes.
    """
    sites = [{"name": s.name, "parent": "group", "time_zone": s.zone} for s in SITES]
    entities = [
        {"name": name, "currency": currency, "sites": list(of_entity)}
        for name, (currency, of_entity) in ENTITIES.items()
    ]
    world = World([{"name": "group"}, *sites], legal_entities=entities)
    _add_people(world)
    _add_tariff(world)
    for plan, (currency, of_entity) in ENTITIES.items():
        _add_plan(world, plan, currency, of_entity)
    return world.write(folder)


def _add_people(world: World) -> None:
    sites = [site.name for site in SITES for _ in range(site.tenths)]
    for n in range(PEOPLE):
        row = {"person_id": f"p{n}", "name": f"Person {n}", "address": f"p{n}@presence.example"}
        row |= {"site": sites[n % 10], "department": f"Department {n % 40}"}
        world.add("directory.csv", **row, cost_centre=f"c{n % COST_CENTRES}")


def _add_tariff(world: World) -> None:
    for usage_type in ("message", "file_transfer"):
        for destination in ("internal", "external"):
            row = {"usage_type": usage_type, "destination": destination, "price": "0.01"}
            world.add("tariff.csv", **row, currency="CHF")
    for cells in BANDS:
        columns = ("time_band", "days", "from", "to")
        world.add("tariff/time_bands.csv", **dict(zip(columns, cells, strict=True)))
    world.add("tariff/holidays.csv", site="zurich", date="2026-03-19", name="Saint Joseph")


def _add_plan(world: World, plan: str, currency: str, sites: tuple[str, ...]) -> None:
    world.add("tariff/plans.csv", plan=plan, currency=currency, scope="cost_centre")
    world.add("tariff/allowances.csv", plan=plan, usage_type="message", units="5000")
    world.add("tariff/rates.csv", plan=plan, usage_type="monthly_fee", price="4.90")
    for site in sites:
        world.add("tariff/assignments.csv", scope="site", name=site, plan=plan)
        world.add("tariff/taxes.csv", site=site, percent="8.10")
    starts = [(MONTH + dt.timedelta(days=n - 19)).isoformat() for n in range(VERSIONS - 1)]
    for number, (start, end) in enumerate(pairwise(["", *starts, ""])):
        period = {"plan": plan, "valid_from": start, "valid_to": end}
        world.add("tariff/rates.csv", **period, usage_type="file_transfer", price=f"0.1{number:02}")
        for band in ("", *(name for name, *_ in BANDS)):
            for destination in ("internal", "external"):
                row = {"usage_type": "message", "destination": destination, "time_band": band}
                for tier_from, price in (("0", f"0.02{number:02}"), ("20000", "0.01")):
                    tier = {"tiering": "graduated", "tier_from": tier_from, "price": price}
                    world.add("tariff/rates.csv", **period, **row, **tier)


@contextmanager
def lake_writer(project: Project) -> Iterator["LakeWriter"]:
    """What writes messages into the project's lake."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        yield LakeWriter(connection, project.lake_path)


@dataclass(frozen=True)
class LakeWriter:
    """Writes archives of made-up messages."""

    connection: duckdb.DuckDBPyConnection
    lake: Path

    def write_month(self, month: dt.date, messages: int) -> None:
        """So many messages, sent in that local month of their sites."""
        days = [month + _ONE_DAY * n for n in range(31) if (month + _ONE_DAY * n).day > n]
        weights = [WEEKEND if day.weekday() >= 5 else 1.0 for day in days]
        # Rounded where they are added up, so that the sum is exact.
        due = [0, *(round(messages * done / sum(weights)) for done in accumulate(weights))]
        for day, (before, after) in zip(days, pairwise(due), strict=True):
            self.write_day(day, after - before)

    def write_day(self, day: dt.date, messages: int, days_late: int = 0) -> None:
        """So many messages of a local day; those of a late upload are others than those in time."""
        written = tenths = 0
        for site in SITES:
            due = messages * (tenths + site.tenths) // 10
            self._write_upload(day, site, tenths, due - written, days_late)
            written, tenths = due, tenths + site.tenths

    def _write_upload(
        self, day: dt.date, site: Site, first_tenth: int, rows: int, days_late: int
    ) -> None:
        # A late one comes at noon: another day's own upload has its midnight.
        time = dt.time(12) if days_late else dt.time()
        local = dt.datetime.combine(day + _ONE_DAY * (1 + days_late), time)
        upload = local.replace(tzinfo=ZoneInfo(site.zone)).astimezone(dt.UTC)
        name = f"{site.name}-{day}-{upload:{HOUR_FORMAT}}.xml"
        places = {"collection": f"{site.name}_im", "name": name, "upload": upload.isoformat()}
        numbers = {"people": PEOPLE, "cost_centres": COST_CENTRES, "tenths": site.tenths}
        places |= {"day": day.isoformat(), "zone": site.zone}
        self.connection.execute(
            _RECORDS.format(**places, **numbers, first_tenth=first_tenth, rows=rows)
        )
        file = f"{site.name}_im--{upload:{HOUR_FORMAT}}.parquet"
        dates = self.connection.execute("select distinct cast(sent_at as date) from day").fetchall()
        for (date,) in dates:
            where = f"cast(sent_at as date) = date '{date}'"
            self._copy(f"select * from day where {where}", "messages", date, file)
        self._copy(_ARCHIVE, "archives", upload.date(), file)

    def _copy(self, query: str, table: str, date: dt.date, file: str) -> None:
        path = self.lake / table / f"event_date={date}" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        self.connection.execute(f"copy ({query}) to {literal(path)} (format parquet)")
