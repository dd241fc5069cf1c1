"""A demo project as its files show it, read without any of the code under test."""

import csv
import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import yaml

Row = dict[str, Any]


@dataclass(frozen=True)
class DemoFiles:
    """What lies in the project's folder."""

    path: Path

    @cached_property
    def truth(self) -> list[Row]:
        """Every message that was sent."""
        return _json_lines(self.path / "truth.jsonl")

    @cached_property
    def uploads(self) -> list[Row]:
        """Every archive that was uploaded."""
        return _json_lines(self.path / "uploads.jsonl")

    @cached_property
    def configuration(self) -> Row:
        """What `eur.yaml` says."""
        content: Row = yaml.safe_load((self.path / "eur.yaml").read_text(encoding="utf-8"))
        return content

    @cached_property
    def directory(self) -> list[Row]:
        """The lines of `directory.csv`."""
        return _csv_lines(self.path / "directory.csv")

    @cached_property
    def tariff(self) -> list[Row]:
        """The lines of `tariff.csv`."""
        return _csv_lines(self.path / "tariff.csv")

    @cached_property
    def manifests(self) -> list[Row]:
        """The manifests of the landing zone."""
        paths = (self.path / "data" / "landing").rglob("*.xml.json")
        return [json.loads(path.read_bytes()) for path in paths]

    def landed(self, manifest: Row) -> bytes:
        """The landed archive that a manifest is about."""
        key: str = manifest["key"]
        return (self.path / "data" / "landing" / key).read_bytes()

    def remote_files(self) -> list[Path]:
        """What lies on the SFTP server."""
        return [path for path in (self.path / "sftp" / "files").rglob("*") if path.is_file()]

    def lake(self, table: str) -> list[Row]:
        """All rows of a table of the lake."""
        return lake_rows(self.path, table)

    @property
    def published_path(self) -> Path:
        """The database that analysts open."""
        return published_path(self.path)

    def published(self, sql: str) -> list[tuple[Any, ...]]:
        """The published database's answer."""
        return published(self.path, sql)


def lake_rows(project: Path, table: str) -> list[Row]:
    """All rows of a table of a project's lake."""
    paths = sorted((project / "data" / "lake" / table).rglob("*.parquet"))
    return [row for path in paths for row in pq.ParquetFile(path).read().to_pylist()]


def published_path(project: Path) -> Path:
    """Where a project's published database lies."""
    return project / "data" / "published" / "eur.duckdb"


def published(project: Path, sql: str) -> list[tuple[Any, ...]]:
    """The answer of a project's published database, instants in UTC."""
    with duckdb.connect(published_path(project), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        return connection.execute(sql).fetchall()


def milliseconds(instant: dt.datetime) -> str:
    """An instant as the truth writes it."""
    text = instant.astimezone(dt.UTC).isoformat(timespec="milliseconds")
    assert instant.microsecond % 1000 == 0
    return text.replace("+00:00", "Z")


def _json_lines(path: Path) -> list[Row]:
    return [json.loads(line) for line in _lines(path.read_text(encoding="utf-8"))]


def _lines(text: str) -> Iterable[str]:
    # Not splitlines: bodies hold other line ends than this one.
    return text.removesuffix("\n").split("\n")


def _csv_lines(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
