"""A world to be rated: a project's files as rows of text, and the messages that were sent.

The rater reads it as it is; the models read the files and the lake that are written from it.
"""

import csv
import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from eur_pipeline.project import Project
from tests.models.lake_project import Record, add_tables, write_archive

TextRow = dict[str, str]

COLUMNS = {
    "directory.csv": "person_id,name,address,extension,site,department,cost_centre,"
    "valid_from,valid_to",
    "tariff.csv": "usage_type,destination,valid_from,valid_to,currency,price",
    "organisation/aliases.csv": "alias,person_id,valid_from,valid_to",
    "organisation/sites.csv": "site,parent,valid_from,valid_to",
    "tariff/plans.csv": "plan,currency,scope,minimum,maximum,prorate,valid_from,valid_to",
    "tariff/rates.csv": "plan,usage_type,destination,prefix,time_band,valid_from,valid_to,"
    "tiering,tier_from,unit_size,rounding,package_size,price,markup_percent,markup_fixed",
    "tariff/allowances.csv": "plan,usage_type,destination,units,valid_from,valid_to",
    "tariff/assignments.csv": "scope,name,plan,valid_from,valid_to",
    "tariff/time_bands.csv": "time_band,days,from,to",
    "tariff/holidays.csv": "site,date,name",
    "tariff/taxes.csv": "site,usage_type,percent,valid_from,valid_to",
}


@dataclass
class World:
    """Sites and legal entities as in `eur.yaml`, the rows of every file, and the messages.

    Attributes:
        files: Rows by the file's name; a cell that is left out is empty.
        messages: By collection, without copies.
    """

    sites: list[dict[str, str]]
    legal_entities: list[dict[str, Any]] = field(default_factory=list)
    currency: str = "CHF"
    company_domains: tuple[str, ...] = ("presence.example",)
    files: dict[str, list[TextRow]] = field(default_factory=dict)
    messages: dict[str, list[Record]] = field(default_factory=dict)

    def rows(self, file: str) -> list[TextRow]:
        """The file's rows with all their cells."""
        columns = COLUMNS[file].split(",")
        return [{c: row.get(c, "") for c in columns} for row in self.files.get(file, [])]

    def add(self, file: str, **cells: str) -> None:
        """One more row."""
        self.files.setdefault(file, []).append(cells)

    def collections(self) -> dict[str, str]:
        """The site of every collection; a site has one, named after it."""
        return {f"{site['name']}_im": site["name"] for site in self.sites}

    def write(self, path: Path) -> Project:
        """The project, with its lake."""
        for folder in ("tariff", "organisation"):
            (path / folder).mkdir(parents=True)
        (path / "eur.yaml").write_text(yaml.safe_dump(self._configuration()), encoding="utf-8")
        for name, columns in COLUMNS.items():
            if name in self.files or "/" not in name:
                with (path / name).open("w", encoding="utf-8", newline="") as file:
                    writer = csv.DictWriter(file, columns.split(","))
                    writer.writeheader()
                    writer.writerows(self.rows(name))
        project = Project(path)
        add_tables(project)
        for collection, records in self.messages.items():
            write_archive(project, "a.xml", records, collection)
        return project

    def _configuration(self) -> dict[str, Any]:
        collections = [
            {
                "name": name,
                "site": site,
                "dialect": "avaya-ps",
                "presence_domain": "presence.example",
                "host": "127.0.0.1",
                "user": "avaya",
                "password_env": "PASSWORD",
                "remote_path": f"/{name}",
                "start": dt.date(2026, 1, 1),
            }
            for name, site in self.collections().items()
        ]
        billing = {
            "currency": self.currency,
            "company_domains": list(self.company_domains),
            "legal_entities": self.legal_entities,
        }
        return {"sites": self.sites, "collections": collections, "billing": billing}
