"""What models read besides the lake: the project's files as tables of the warehouse.

What a date's stamp has of them is decided in `validity.py`.
"""

import dataclasses
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from eur_pipeline.archives.dialect import dialect_names, load_dialect
from eur_pipeline.billing.directory import read_directory
from eur_pipeline.billing.tariff import read_tariff
from eur_pipeline.config import Collection, Config
from eur_pipeline.models.validity import (
    AlwaysValid,
    InputStamps,
    directory_validity,
    tariff_validity,
)
from eur_pipeline.project import Project

_text = pa.string()
_instant = pa.timestamp("us", tz="UTC")

DIRECTORY = pa.schema(
    {
        **dict.fromkeys(("person_id", "name", "address", "site"), _text),
        **dict.fromkeys(("department", "cost_centre", "time_zone"), _text),
        "start_at": _instant,
        "end_at": _instant,
    }
)
TARIFF = pa.schema(
    {
        "usage_type": _text,
        "destination": _text,
        "valid_from": pa.date32(),
        "valid_to": pa.date32(),
        "currency": _text,
        "price": pa.decimal128(18, 6),
    }
)
COLLECTIONS = pa.schema(dict.fromkeys(("collection", "site", "time_zone"), _text))
COMPANY_DOMAINS = pa.schema({"domain": _text})
DIALECTS = pa.schema(
    {
        "dialect": _text,
        "overlap": _text,
        "copy_skew_milliseconds": pa.int64(),
        "copy_window_seconds": pa.int64(),
    }
)


@dataclass(frozen=True)
class InputTable:
    """One input: its rows, and what they contribute to the stamps of dates."""

    rows: pa.Table
    stamps: InputStamps


def read_inputs(project: Project) -> dict[str, InputTable]:
    """All inputs by names such as `inputs.directory`; raises ConfigurationError."""
    config = project.config
    directory = read_directory(project)
    tariff = read_tariff(project)
    return {
        "inputs.directory": InputTable(
            _table(DIRECTORY, [dataclasses.asdict(entry) for entry in directory]),
            directory_validity(directory, _collection_zones(config)),
        ),
        "inputs.tariff": InputTable(
            _table(TARIFF, [dataclasses.asdict(rate) for rate in tariff]), tariff_validity(tariff)
        ),
        "inputs.collections": _constant(
            COLLECTIONS, [_collection_row(config, c) for c in config.collections]
        ),
        "inputs.company_domains": _constant(
            COMPANY_DOMAINS, [{"domain": domain} for domain in config.billing.company_domains]
        ),
        "inputs.dialects": _constant(DIALECTS, _dialect_rows(project)),
    }


def inputs_digest(project: Project) -> str:
    """A hash of the files that a person writes and models depend on; missing ones are empty."""
    paths = (project.directory_path, project.tariff_path, project.config_path)
    contents = [path.read_bytes() if path.is_file() else b"" for path in paths]
    return hashlib.sha256(b"".join(hashlib.sha256(c).digest() for c in contents)).hexdigest()


def variables(config: Config) -> dict[str, object]:
    """The variables that models can read by `var('...')`."""
    return {
        "currency": config.billing.currency,
        "minor_unit_digits": config.billing.minor_unit_digits,
    }


def _collection_zones(config: Config) -> set[str]:
    return {config.time_zone(collection.site).key for collection in config.collections}


def _collection_row(config: Config, collection: Collection) -> dict[str, object]:
    return {
        "collection": collection.name,
        "site": collection.site,
        "time_zone": config.time_zone(collection.site).key,
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


def _constant(schema: pa.Schema, rows: Sequence[dict[str, object]]) -> InputTable:
    content = sorted(str(tuple(row[name] for name in schema.names)) for row in rows)
    return InputTable(_table(schema, rows), AlwaysValid("\n".join(content)))


def _table(schema: pa.Schema, rows: Sequence[dict[str, object]]) -> pa.Table:
    columns = {name: [row[name] for row in rows] for name in schema.names}
    return pa.table(columns, schema=schema)
