"""A project whose landing zone holds the archives that a test lands."""

import datetime as dt
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from eur_pipeline.collect.landing import LandingZone, Manifest
from eur_pipeline.config import Collection
from eur_pipeline.lake.ingest import IngestReport, ingest_hour
from eur_pipeline.project import Project
from eur_pipeline.storage import LocalStore

HOUR = dt.datetime(2026, 3, 9, 1, tzinfo=dt.UTC)
CONFIGURATION = """\
sites: [{name: geneva}]
collections:
  - {name: im, site: geneva, dialect: avaya-ps, presence_domain: presence.example, host: h, user: u,
     password_env: PASSWORD, remote_path: /archives, start: 2026-03-01, bodies: keep}
billing: {currency: CHF, company_domains: [presence.example]}
"""


@dataclass
class House:
    """A project, and short ways to land archives in it and to see its lake."""

    project: Project
    key: str = "a secret of the project"

    @property
    def collection(self) -> Collection:
        return Project(self.project.path).config.collection("im")

    @property
    def landing(self) -> LandingZone:
        return LandingZone(LocalStore(self.project.landing_path))

    def configure(self, old: str, new: str) -> None:
        text = self.project.config_path.read_text(encoding="utf-8")
        self.project.config_path.write_text(text.replace(old, new), encoding="utf-8")

    def land(
        self, name: str, content: bytes, hour: dt.datetime = HOUR, duplicate_of: str | None = None
    ) -> Manifest:
        sha256 = hashlib.sha256(content).hexdigest()
        key = self.landing.new_key("im", hour, sha256, name, [])
        self.landing.store.write(key, content)
        manifest = Manifest(
            collection="im",
            upload_hour=hour,
            name=name,
            remote_path=f"/archives/{name}",
            size=len(content),
            mtime=hour,
            sha256=sha256,
            collected_at=hour + dt.timedelta(minutes=5),
            key=key,
            duplicate_of=duplicate_of,
        )
        self.landing.record([manifest])
        return manifest

    def take_away(self, manifest: Manifest) -> None:
        self.landing.store.remove(manifest.key)
        self.landing.store.remove(manifest.key + ".json")

    def ingest(self, hour: dt.datetime = HOUR) -> IngestReport:
        return ingest_hour(self.project, self.collection, hour)

    def files(self) -> dict[str, tuple[int, int]]:
        """The lake's files with inode and time: a file that was written again has others."""
        store = LocalStore(self.project.lake_path)
        stats = {key: store.path(key).stat() for key in store.files()}
        return {key: (stat.st_ino, stat.st_mtime_ns) for key, stat in stats.items()}

    def rows(self, table: str) -> list[dict[str, Any]]:
        store = LocalStore(self.project.lake_path)
        keys = list(store.files(table))
        return [row for key in keys for row in pq.ParquetFile(store.path(key)).read().to_pylist()]


@pytest.fixture
def house(tmp_path: Path) -> House:
    (tmp_path / "eur.yaml").write_text(CONFIGURATION, encoding="utf-8")
    (tmp_path / ".env").write_text("EUR_BODY_HASH_KEY=a secret of the project\n", encoding="utf-8")
    return House(Project(tmp_path))
