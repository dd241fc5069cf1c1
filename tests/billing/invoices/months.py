"""A project whose months are invoiced: two legal entities, all uploads there, a clock by hand."""

import datetime as dt
import json
import shutil
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from eur_pipeline.billing.invoices.document import Document
from eur_pipeline.billing.invoices.issuing import Batch, bring_up_to_date, issue
from eur_pipeline.billing.invoices.obstacles import window_of
from eur_pipeline.collect.index import LandingIndex
from eur_pipeline.collect.landing import LandingZone
from eur_pipeline.project import Project
from tests.manifests import manifest
from tests.models.lake_project import Record, make_project, query, write_archive
from tests.rating.world import COLUMNS

MARCH, APRIL, MAY = (dt.date(2026, month, 1) for month in (3, 4, 5))
# Days on which the month before is over everywhere.
ISSUED = {
    MARCH: dt.datetime(2026, 4, 3, 9, tzinfo=dt.UTC),
    APRIL: dt.datetime(2026, 5, 4, 9, tzinfo=dt.UTC),
    MAY: dt.datetime(2026, 6, 3, 9, tzinfo=dt.UTC),
}
CONFIGURATION = """\
sites:
  - {name: corporation}
  - {name: geneva, parent: corporation, time_zone: Europe/Zurich}
  - {name: boston, parent: corporation, time_zone: America/New_York}
collections:
  - {name: geneva_im, site: geneva, dialect: avaya-ps, presence_domain: presence.example,
     host: 127.0.0.1, user: avaya, password_env: PASSWORD, remote_path: /a, start: 2026-03-01,
     upload_frequency_hours: 24}
  - {name: boston_im, site: boston, dialect: avaya-ps, presence_domain: presence.example,
     host: 127.0.0.1, user: avaya, password_env: PASSWORD, remote_path: /b, start: 2026-03-01,
     upload_frequency_hours: 24}
billing:
  currency: CHF
  company_domains: [presence.example]
  late_usage: adjust
  legal_entities:
    - {name: swiss_ag, currency: CHF, sites: [geneva]}
    - {name: us_inc, currency: USD, sites: [boston]}
"""
DIRECTORY = (
    "p1,Anna Huber,,10001,geneva,Sales,C100,,",
    "p2,Bo Lind,,10002,geneva,Support,C200,,",
    "p3,Cleo Ray,,10003,boston,Sales,C100,,",
)
# 0.05 a message after three free ones a month; the US pays in dollars. Tax in Geneva alone.
PLANS = ("office,CHF,person,,,,,", "us,USD,person,,,,,")
RATES = (
    "office,message,,,,,,,,,,,0.05,,",
    "office,file_transfer,,,,,,,,,,,0.10,,",
    "us,message,,,,,,,,,,,0.02,,",
    "us,file_transfer,,,,,,,,,,,0.10,,",
)
ALLOWANCES = ("office,message,,3,,",)
ASSIGNMENTS = ("default,,office,,", "site,boston,us,,")
TAXES = ("geneva,,8.1,,",)
TARIFF = {
    "plans": PLANS,
    "rates": RATES,
    "allowances": ALLOWANCES,
    "assignments": ASSIGNMENTS,
    "taxes": TAXES,
}


def write_tariff_folder(project: Project, **files: Iterable[str]) -> None:
    """These lines in `tariff/`, by the files' names without `.csv`."""
    project.tariff_folder.mkdir(exist_ok=True)
    for name, lines in files.items():
        text = "\n".join([COLUMNS[f"tariff/{name}.csv"], *lines]) + "\n"
        (project.tariff_folder / f"{name}.csv").write_text(text, encoding="utf-8")


def invoiced_project(path: Path, *, late_usage: str = "adjust") -> Project:
    """A project without usage; every upload of March to May has come."""
    configuration = CONFIGURATION.replace("late_usage: adjust", f"late_usage: {late_usage}")
    project = make_project(path, DIRECTORY, (), configuration)
    write_tariff_folder(project, **TARIFF)
    for month in (MARCH, APRIL, MAY):
        land_everything(project, month)
    return project


def land_everything(project: Project, month: dt.date) -> None:
    """A manifest in each upload interval of the month, as if it was collected and read."""
    zone = LandingZone.of(project)
    for collection in project.config.collections:
        window = window_of(project.config, collection, month)
        assert window is not None
        intervals = window.intervals(collection.interval_hours)
        zone.record([manifest(collection.name, interval.start) for interval in intervals])
        index = LandingIndex(zone, collection.name)
        for hour, change in index.unread().items():
            index.mark_read(hour, change)


def with_a_lost_directory(project: Project) -> Project:
    """The same project, whose directory lies elsewhere, was fetched once and is gone now."""
    export = project.path.parent / "people.csv"
    shutil.copyfile(project.path / "directory.csv", export)
    with project.config_path.open("a", encoding="utf-8") as file:
        file.write(f"organisation:\n  directory: file://{export}\n")
    project = Project(project.path)
    bring_up_to_date(project)
    export.unlink()
    return project


def arrive(project: Project, number: int, records: list[Record], **archive: Any) -> None:
    """The `number`th archive, with these records; the lake alone has it."""
    hour = dt.datetime(2026, 3, 31, tzinfo=dt.UTC) + dt.timedelta(hours=number)
    write_archive(project, f"{number}.xml", records, upload_hour=hour, **archive)


def issue_month(project: Project, month: dt.date, **options: Any) -> Batch:
    """Issue it on the day on which it is issued."""
    return issue(Project(project.path), month, **{"now": ISSUED[month], **options})


def documents(project: Project) -> dict[str, Document]:
    """The issued documents by number, read as any program would."""
    folder = project.path / "data" / "invoices"
    return {
        path.stem: Document.from_bytes(path.read_bytes())
        for path in sorted(folder.glob("*/[!.]*.json"))
    }


def grosses(batch: Batch) -> dict[tuple[str, str], str]:
    """What the batch's documents come to, by number and cost centre."""
    return {(d.number, d.content.cost_centre): str(d.content.gross) for d in batch.documents}


def billed_and_rated(project: Project) -> tuple[list[Any], list[Any]]:
    """By account and usage month: net and tax as all documents say, and as rated now.

    The first is added up here from the files alone, so that no model checks itself.
    """
    sums: dict[tuple[str, ...], list[Decimal]] = {}
    for path in sorted((project.path / "data" / "invoices").glob("*/[!.]*.json")):
        content = json.loads(path.read_bytes())["content"]
        for tax in content["taxes"]:
            key = (content["legal_entity"], content["cost_centre"], tax["local_month"])
            known = sums.setdefault(key, [Decimal(0), Decimal(0)])
            known[0] += Decimal(tax["net"])
            known[1] += Decimal(tax["tax"])
    bring_up_to_date(project)
    rated = query(
        project,
        "select legal_entity, cost_centre, local_month::varchar, sum(net), sum(tax) "
        "from taxes_by_cost_centre_monthly group by all order by all",
    )
    billed = [(*key, *amounts) for key, amounts in sorted(sums.items()) if any(amounts)]
    return billed, [row for row in rated if row[3] or row[4]]
