"""What models read besides the lake: the project's files as tables of the warehouse.

What a date's stamp has of them is decided in `validity.py`; the tariff's tables are made in
`tariff_tables.py`.
"""

import dataclasses
import hashlib
from collections.abc import Iterator

import pyarrow as pa

from eur_pipeline.archives.dialect import dialect_names, load_dialect
from eur_pipeline.billing.directory import read_directory
from eur_pipeline.billing.periods import Period
from eur_pipeline.billing.sites import SiteTree, read_sites
from eur_pipeline.billing.tariff import read_tariff
from eur_pipeline.config import Collection, Config
from eur_pipeline.models.input_table import (
    PERIOD,
    InputTable,
    Row,
    constant,
    dated,
    table_of,
)
from eur_pipeline.models.tariff_tables import tariff_tables
from eur_pipeline.models.validity import directory_validity
from eur_pipeline.project import Project

# A petabyte: no file that somebody sends is larger, but an archive can say so.
LARGEST_FILE_BYTES = 10**15

_text = pa.string()
_instant = pa.timestamp("us", tz="UTC")

DIRECTORY = pa.schema(
    {
        **dict.fromkeys(("person_id", "name", "address", "site"), _text),
        **dict.fromkeys(("department", "cost_centre", "time_zone"), _text),
        "valid_from": pa.date32(),
        "valid_to": pa.date32(),
        "start_at": _instant,
        "end_at": _instant,
    }
)
COLLECTIONS = pa.schema(dict.fromkeys(("collection", "site", "time_zone"), _text))
COMPANY_DOMAINS = pa.schema({"domain": _text})
LEGAL_ENTITIES = pa.schema(
    {
        **dict.fromkeys(("site", "legal_entity", "currency"), _text),
        "minor_unit_digits": pa.int64(),
        **PERIOD,
    }
)
SITE_ANCESTORS = pa.schema(
    {**dict.fromkeys(("site", "ancestor"), _text), "level": pa.int64(), **PERIOD}
)
DIALECTS = pa.schema(
    {
        "dialect": _text,
        "overlap": _text,
        "copy_skew_milliseconds": pa.int64(),
        "copy_window_seconds": pa.int64(),
    }
)


def read_inputs(project: Project) -> dict[str, InputTable]:
    """All inputs by names such as `inputs.directory`; raises ConfigurationError."""
    config = project.config
    sites, directory = read_sites(project), read_directory(project)
    return {
        "inputs.directory": InputTable(
            table_of(DIRECTORY, [dataclasses.asdict(entry) for entry in directory]),
            directory_validity(directory, _collection_zones(config)),
        ),
        "inputs.collections": constant(
            COLLECTIONS, [_collection_row(config, c) for c in config.collections]
        ),
        "inputs.company_domains": constant(
            COMPANY_DOMAINS, [{"domain": domain} for domain in config.billing.company_domains]
        ),
        "inputs.dialects": constant(DIALECTS, _dialect_rows(project)),
        "inputs.legal_entities": dated(LEGAL_ENTITIES, _entity_rows(sites)),
        "inputs.site_ancestors": dated(SITE_ANCESTORS, _ancestor_rows(sites)),
        **tariff_tables(read_tariff(project, sites)),
    }


def inputs_digest(project: Project) -> str:
    """A hash of the files that a person writes and models depend on; missing ones are empty."""
    paths = [project.directory_path, project.tariff_path, project.config_path]
    for folder in (project.organisation_folder, project.tariff_folder):
        paths += sorted(folder.glob("*.csv"))
    contents = [path.read_bytes() if path.is_file() else b"" for path in paths]
    named = (
        f"{path.name} {hashlib.sha256(content).hexdigest()}\n"
        for path, content in zip(paths, contents, strict=True)
    )
    return hashlib.sha256("".join(named).encode()).hexdigest()


def variables() -> dict[str, object]:
    """The variables that models can read by `var('...')`."""
    return {"largest_file_bytes": LARGEST_FILE_BYTES}


def _collection_zones(config: Config) -> set[str]:
    return {config.time_zone(collection.site).key for collection in config.collections}


def _collection_row(config: Config, collection: Collection) -> dict[str, object]:
    return {
        "collection": collection.name,
        "site": collection.site,
        "time_zone": config.time_zone(collection.site).key,
    }


def _entity_rows(sites: SiteTree) -> Iterator[tuple[Period, Row]]:
    for site in sites.names:
        for period, entity in sites.legal_entities(site):
            row: Row = {
                "site": site,
                "legal_entity": entity.name,
                "currency": entity.currency,
                "minor_unit_digits": entity.minor_unit_digits,
            }
            yield period, row


def _ancestor_rows(sites: SiteTree) -> Iterator[tuple[Period, Row]]:
    for found in sites.tree.ancestors(sites.names):
        row: Row = {"site": found.name, "ancestor": found.ancestor, "level": found.level}
        yield found.period, row


def _dialect_rows(project: Project) -> list[dict[str, object]]:
    # All there are: the lake keeps records of collections that are gone or read otherwise today.
    names = dialect_names(project.dialects_path)
    dialects = {name: load_dialect(name, project.dialects_path) for name in names}
    return [
        {
            "dialect": name,
            "overlap": str(dialect.overlap),
            "copy_skew_milliseconds": dialect.copy_skew_milliseconds,
            "copy_window_seconds": dialect.copy_window_seconds,
        }
        for name, dialect in dialects.items()
    ]
