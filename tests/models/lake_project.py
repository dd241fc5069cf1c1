"""A small project whose lake is written by hand: what the tests of the models start from."""

import datetime as dt
import hashlib
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from eur_pipeline.lake.schema import ARCHIVES, HOUR_FORMAT, MESSAGES, REJECTS
from eur_pipeline.models import load_models
from eur_pipeline.models.building import write_descriptions
from eur_pipeline.models.warehouse import connect, prepare
from eur_pipeline.project import Project
from eur_pipeline.storage import make_private_folder

CONFIGURATION = """\
sites:
  - {name: company}
  - {name: geneva, parent: company, time_zone: Europe/Zurich}
  - {name: boston, parent: company, time_zone: America/New_York}
collections:
  - {name: geneva_im, site: geneva, dialect: avaya-ps, presence_domain: presence.example,
     host: 127.0.0.1, user: avaya, password_env: PASSWORD, remote_path: /a, start: 2026-03-01}
  - {name: boston_im, site: boston, dialect: avaya-ps, presence_domain: presence.example,
     host: 127.0.0.1, user: avaya, password_env: PASSWORD, remote_path: /b, start: 2026-03-01}
billing: {currency: CHF, company_domains: [presence.example]}
"""
DIRECTORY_HEADER = (
    "person_id,name,address,extension,site,department,cost_centre,valid_from,valid_to"
)
SITES_HEADER = "site,parent,valid_from,valid_to"
DIRECTORY = (
    "p1,Anna Huber,,10001,geneva,Sales,C100,,",
    "p2,Bo Lind,,10002,geneva,Support,C200,,",
    "p3,Cleo Ray,,10003,boston,Sales,C100,,",
)
TARIFF_HEADER = "usage_type,destination,valid_from,valid_to,currency,price"
TARIFF = (
    "message,internal,,,CHF,0.01",
    "message,external,,,CHF,0.03",
    "file_transfer,internal,,,CHF,0.10",
    "file_transfer,external,,,CHF,0.25",
)
UPLOADED = dt.datetime(2026, 3, 31, 12, tzinfo=dt.UTC)

Record = dict[str, Any]


def make_project(
    path: Path,
    directory: Iterable[str] = DIRECTORY,
    tariff: Iterable[str] = TARIFF,
    configuration: str = CONFIGURATION,
    *,
    with_tables: bool = True,
) -> Project:
    """A project without a lake, and without a warehouse if it is to have no tables yet."""
    path.mkdir(parents=True, exist_ok=True)
    (path / "eur.yaml").write_text(configuration, encoding="utf-8")
    project = Project(path)
    write_directory(project, directory)
    write_tariff(project, tariff)
    if with_tables:
        add_tables(project)
    return project


def add_tables(project: Project) -> None:
    """A warehouse without rows: what takes a quarter of every small build is made once."""
    make_private_folder(project.warehouse_path.parent)
    project.warehouse_path.write_bytes(_empty_warehouse())


@cache
def _empty_warehouse() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "warehouse.duckdb")
        with connect(path) as connection:
            warehouse = prepare(connection)
            write_descriptions(warehouse, load_models())
            warehouse.stamps.write()
        return path.read_bytes()


def copy_of(project: Project, path: Path) -> Project:
    """The same project elsewhere, as much up to date as it is."""
    return Project(Path(shutil.copytree(project.path, path)))


def write_directory(project: Project, lines: Iterable[str]) -> None:
    content = "\n".join([DIRECTORY_HEADER, *lines]) + "\n"
    # Not by directory_path, which reads eur.yaml: tests write that anew.
    (project.path / "directory.csv").write_text(content, encoding="utf-8")


def write_sites(project: Project, lines: Iterable[str]) -> None:
    project.organisation_folder.mkdir(exist_ok=True)
    content = "\n".join([SITES_HEADER, *lines]) + "\n"
    project.sites_path.write_text(content, encoding="utf-8")


def write_aliases(project: Project, lines: Iterable[str]) -> None:
    project.organisation_folder.mkdir(exist_ok=True)
    content = "\n".join(["alias,person_id,valid_from,valid_to", *lines]) + "\n"
    project.aliases_path.write_text(content, encoding="utf-8")


def write_tariff(project: Project, lines: Iterable[str]) -> None:
    content = "\n".join([TARIFF_HEADER, *lines]) + "\n"
    project.tariff_path.write_text(content, encoding="utf-8")


def record(sent_at: str | dt.datetime, sender: str = "10001", **fields: Any) -> Record:
    """A record as a reader gives it, without the columns of its archive."""
    instant = dt.datetime.fromisoformat(sent_at) if isinstance(sent_at, str) else sent_at
    body = fields.pop("body", "hello")
    text: Record = {
        "body": body,
        "body_characters": None if body is None else len(body),
        "body_bytes": None if body is None else len(body.encode()),
        "body_hash": None if body is None else hashlib.sha256(body.encode()).hexdigest(),
    }
    recipients = [_address(name) for name in fields.pop("recipients", ["10002"])]
    return {
        **dict.fromkeys(MESSAGES.names),
        "sent_at": instant.replace(tzinfo=instant.tzinfo or dt.UTC),
        "sender": _address(sender),
        "recipients": recipients,
        "kind": "message",
        **text,
        **fields,
    }


def _address(name: str) -> str:
    return name if "@" in name else f"{name}@presence.example"


def write_archive(
    project: Project,
    name: str,
    rows: Sequence[Record],
    collection: str = "geneva_im",
    upload_hour: dt.datetime = UPLOADED,
    rejects: int = 0,
    **archive: Any,
) -> str:
    """Store an archive in the lake, alone in its upload hour; returns its SHA-256."""
    content: str = archive.pop(
        "archive_sha256", hashlib.sha256(repr((name, rows)).encode()).hexdigest()
    )
    place = {
        "collection": collection,
        "upload_hour": upload_hour,
        "archive_name": name,
        "archive_sha256": content,
    }
    by_date: defaultdict[dt.date, list[Record]] = defaultdict(list)
    for ordinal, one in enumerate(rows):
        own = {"record_id": f"{content[:16]}-{ordinal}", "ordinal": ordinal, "dialect": "avaya-ps"}
        by_date[one["sent_at"].date()].append(
            {**one, **place, **own, "dialect": one["dialect"] or "avaya-ps"}
        )
    for date, of_date in by_date.items():
        _write(project, "messages", date, place, of_date, MESSAGES)
    status = {
        "landing_path": f"{collection}/{name}",
        "bytes": 1000,
        "uploaded_at": upload_hour,
        "collected_at": upload_hour,
        "dialect": "avaya-ps",
        "status": "read",
        "reason": None,
        "records": len(rows) + rejects,
        "rejects": rejects,
        "records_before_damage": 0,
    }
    uploaded_on = upload_hour.date()
    _write(project, "archives", uploaded_on, place, [{**place, **status, **archive}], ARCHIVES)
    faults = [
        {
            **place,
            "ordinal": len(rows) + n,
            "line": n,
            "field": "time",
            "reason": "no time",
            "raw": "<x/>",
        }
        for n in range(rejects)
    ]
    if faults:
        _write(project, "rejects", uploaded_on, place, faults, REJECTS)
    return content


def _write(
    project: Project,
    table: str,
    date: dt.date,
    place: Mapping[str, Any],
    rows: list[Record],
    schema: pa.Schema,
) -> None:
    hour = place["upload_hour"].strftime(HOUR_FORMAT)
    path = (
        project.lake_path / table / f"event_date={date}" / f"{place['collection']}--{hour}.parquet"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema), path)


def query(project: Project, sql: str) -> list[tuple[Any, ...]]:
    """Rows of the private warehouse."""
    with duckdb.connect(project.warehouse_path, read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        return connection.execute(sql).fetchall()
