"""What models read besides the lake: the project's files as tables of the warehouse.

What a date's stamp has of them is decided in `validity.py`; the tariff's tables are made in
`tariff_tables.py`.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from eur_pipeline.archives.dialect import dialect_names, load_dialect
from eur_pipeline.billing.addresses import read_addresses
from eur_pipeline.billing.directory import DirectoryEntry, read_directory
from eur_pipeline.billing.invoices.register import REGISTER
from eur_pipeline.billing.periods import Period
from eur_pipeline.billing.sites import SiteTree, read_sites
from eur_pipeline.billing.tariff import read_tariff
from eur_pipeline.billing.tree import Tree
from eur_pipeline.billing.units import UNIT_KINDS, Units, read_units
from eur_pipeline.config import ORGANISATION_FILES, Collection, Config
from eur_pipeline.errors import ConfigurationError
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
ADDRESSES = pa.schema(
    {
        **dict.fromkeys(("address", "collection", "matched_by", "person_id", "name"), _text),
        **dict.fromkeys(("site", "department", "cost_centre", "time_zone"), _text),
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
    departments, cost_centres = (read_units(project, k, directory) for k in UNIT_KINDS)
    return {
        "inputs.directory": _people(DIRECTORY, directory, config),
        "inputs.addresses": _people(ADDRESSES, read_addresses(project, directory), config),
        "inputs.collections": constant(
            COLLECTIONS, [_collection_row(config, c) for c in config.collections]
        ),
        "inputs.company_domains": constant(
            COMPANY_DOMAINS, [{"domain": domain} for domain in config.billing.company_domains]
        ),
        "inputs.dialects": constant(DIALECTS, _dialect_rows(project)),
        "inputs.legal_entities": dated(LEGAL_ENTITIES, _entity_rows(sites)),
        "inputs.site_ancestors": _ancestors("site", sites.tree, sites.names),
        **_units(departments),
        **_units(cost_centres),
        **tariff_tables(read_tariff(project, sites)),
    }


def inputs_digest(project: Project) -> str:
    """A hash of the files that models depend on beside the lake; missing ones are empty."""
    paths = [project.tariff_path, project.config_path, *sorted(project.tariff_folder.glob("*.csv"))]
    paths += _organisation_paths(project)
    paths.append(project.bills_path)
    paths.append(project.invoices_path / REGISTER)
    contents = [path.read_bytes() if path.is_file() else b"" for path in paths]
    named = (
        f"{path.name} {hashlib.sha256(content).hexdigest()}\n"
        for path, content in zip(paths, contents, strict=True)
    )
    return hashlib.sha256("".join(named).encode()).hexdigest()


def _organisation_paths(project: Project) -> list[Path]:
    try:
        return [project.organisation_path(name) for name in ORGANISATION_FILES]
    except ConfigurationError:
        # The build says what is wrong with eur.yaml, whose text is among the contents.
        return []


def variables() -> dict[str, object]:
    """The variables that models can read by `var('...')`."""
    return {"largest_file_bytes": LARGEST_FILE_BYTES}


def _people(schema: pa.Schema, entries: Sequence[DirectoryEntry], config: Config) -> InputTable:
    rows = table_of(schema, [vars(entry) for entry in entries])
    return InputTable(rows, directory_validity(entries, _collection_zones(config)))


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


def _ancestors(kind: str, tree: Tree, names: Iterable[str]) -> InputTable:
    schema = pa.schema({kind: _text, "ancestor": _text, "level": pa.int64(), **PERIOD})
    rows: list[tuple[Period, Row]] = [
        (found.period, {kind: found.name, "ancestor": found.ancestor, "level": found.level})
        for found in tree.ancestors(names)
    ]
    return dated(schema, rows)


def _units(units: Units) -> dict[str, InputTable]:
    schema = pa.schema({units.kind: _text, "name": _text, **PERIOD})
    rows: list[tuple[Period, Row]] = [
        (period, {units.kind: unit, "name": name})
        for unit, names in units.names.items()
        for period, name in names
    ]
    return {
        f"inputs.{units.kind}s": dated(schema, rows),
        f"inputs.{units.kind}_ancestors": _ancestors(units.kind, units.tree, units.names),
    }


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
