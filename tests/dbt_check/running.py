"""One run of dbt over `dbt_like_sql/` as it lies, in a database that has nothing but the inputs."""

import json
import os
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import yaml

from eur_pipeline.lake.schema import TABLES
from eur_pipeline.models.lake_listing import list_lake
from eur_pipeline.models.sql import literal
from eur_pipeline.project import Project

MODELS = Path(__file__).parents[2] / "dbt_like_sql"
# What dbt says of a test that found rows, by its severity.
_FOUND = ("warn", "fail")
# A date before all messages.
_EMPTY_FOLDER = "event_date=1970-01-01"


@dataclass(frozen=True)
class DbtRun:
    """What dbt did.

    Attributes:
        database: Where its tables are, all in schema `main`.
        findings: How many rows each test found that found any.
        failures: A line for every model and test that did not run, those left out included.
    """

    database: Path
    models: int
    tests: int
    findings: dict[str, int]
    failures: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether all models were made and all tests ran."""
        return bool(self.models and self.tests) and not self.failures


def run_dbt(dbt: Path, project: Project, folder: Path) -> DbtRun:
    """`dbt build` over the project's lake and inputs; all that is written lies in the folder."""
    _show_lake(project, folder / "data" / "lake")
    database = folder / "dbt.duckdb"
    _copy_inputs(project, database)
    _write_profile(folder, database)
    paths = {"project-dir": MODELS, "profiles-dir": folder, "target-path": folder / "target"}
    paths["log-path"] = folder / "logs"
    options = [part for name, path in paths.items() for part in (f"--{name}", str(path))]
    done = subprocess.run(
        [dbt, "--no-use-colors", "build", *options],
        env={**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    results = folder / "target" / "run_results.json"
    if not results.is_file():
        raise RuntimeError(f"dbt did not begin: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return _read_results(results, database)


def _show_lake(project: Project, target: Path) -> None:
    """The lake's whole files under another root, and an empty one of each table.

    dbt reads no folder without files, and a lake without rejects has no file of them.
    """
    lake = list_lake(project.lake_path)
    for name, schema in TABLES.items():
        empty = target / name / _EMPTY_FOLDER
        empty.mkdir(parents=True)
        pq.write_table(schema.empty_table(), empty / "none.parquet")
        for paths in lake[f"lake.{name}"].files.values():
            for path in paths:
                link = target / name / path.parent.name / path.name
                link.parent.mkdir(exist_ok=True)
                link.symlink_to(path)


def _copy_inputs(project: Project, database: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"attach {literal(project.warehouse_path)} as warehouse (read_only)")
        connection.execute(f"attach {literal(database)} as dbt")
        connection.execute("create schema dbt.inputs")
        tables = connection.execute(
            "select table_name from duckdb_tables() "
            "where database_name = 'warehouse' and schema_name = 'inputs'"
        ).fetchall()
        for (name,) in tables:
            source = f"warehouse.inputs.{name}"
            connection.execute(f"create table dbt.inputs.{name} as select * from {source}")


def _write_profile(folder: Path, database: Path) -> None:
    settings = {"TimeZone": "UTC", "file_search_path": str(folder)}
    output = {"type": "duckdb", "path": str(database), "threads": 2, "settings": settings}
    profile = {"eur_pipeline": {"target": "check", "outputs": {"check": output}}}
    (folder / "profiles.yml").write_text(yaml.safe_dump(profile), encoding="utf-8")


def _read_results(path: Path, database: Path) -> DbtRun:
    results = json.loads(path.read_text(encoding="utf-8"))["results"]
    kinds = Counter(result["unique_id"].partition(".")[0] for result in results)
    findings = {
        result["unique_id"].split(".")[2]: result["failures"]
        for result in results
        if result["status"] in _FOUND
    }
    failures = tuple(
        f"{result['unique_id']}: {result['status']}: {result['message'] or ''}"
        for result in results
        if result["status"] not in ("success", "pass", *_FOUND)
    )
    return DbtRun(database, kinds["model"], kinds["test"], findings, failures)
