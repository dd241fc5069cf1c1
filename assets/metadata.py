"""How what the core reports looks in the UI: metadata of materialisations, and log lines.

Decides nothing, and shows no body. Names come from servers and archives, so they are escaped.
"""

import datetime as dt
import html
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import dagster as dg

from eur_pipeline.collect.landing import Manifest
from eur_pipeline.collect.report import CollectReport, Progress
from eur_pipeline.config import Collection
from eur_pipeline.intervals import Window, interval_of
from eur_pipeline.lake.ingest import IngestReport
from eur_pipeline.lake.schema import MESSAGES
from eur_pipeline.models.loading import load_sources
from eur_pipeline.models.model import ColumnSource, Model
from eur_pipeline.models.report import ModelResult

Metadata = dict[str, dg.MetadataValue]

MOST_LINES = 20


def progress_line(progress: Progress) -> str:
    """A log line: how far a collection is, how fast, and how long it will take."""
    left = progress.seconds_left
    return (
        f"{progress.files:,} of {progress.total_files:,} files are landed, "
        f"{progress.bytes:,} of {progress.total_bytes:,} bytes have arrived, "
        f"{progress.bytes_per_second:,.0f} bytes/s, "
        + (f"{left:,.0f} s left" if left is not None else "time left unknown")
    )


def of_collecting(report: CollectReport) -> Metadata:
    """A run's collecting: files, bytes, duplicates, removals, and what waits."""
    metadata: Metadata = {
        "files": dg.MetadataValue.int(len(report.collected)),
        "bytes": dg.MetadataValue.int(report.bytes),
        "duplicate_archives": dg.MetadataValue.int(report.duplicates),
        "removed_from_server": dg.MetadataValue.int(report.removed),
        "seconds": dg.MetadataValue.float(round(report.seconds, 3)),
        "bytes_per_second": dg.MetadataValue.int(round(report.bytes_per_second)),
        "postponed": dg.MetadataValue.int(report.postponed),
    }
    if report.waiting:
        reasons = (f"{name}: {waiting.reason}" for name, waiting in report.waiting.items())
        metadata["waiting"] = _bullets(reasons)
    if report.left_alone:
        kinds = (f"{name}: {kind}" for name, kind in report.left_alone.items())
        metadata["left_alone"] = _bullets(kinds)
    return metadata


def of_interval_archives(
    collection: Collection, window: Window, landed: Iterable[Manifest]
) -> dict[str, Metadata]:
    """By partition key: how many archives and bytes the landing zone has of each interval."""
    files: Counter[str] = Counter()
    size: Counter[str] = Counter()
    for manifest in landed:
        key = interval_of(manifest.upload_hour, collection.interval_hours).key()
        files[key] += 1
        size[key] += manifest.size
    return {
        interval.key(): {
            "landed_files": dg.MetadataValue.int(files[interval.key()]),
            "landed_bytes": dg.MetadataValue.int(size[interval.key()]),
        }
        for interval in window.intervals(collection.interval_hours)
    }


def of_reading(reports: Mapping[dt.datetime, IngestReport]) -> Metadata:
    """A run's reading: archives, rows, rejects, the dates that changed, and the first reasons."""
    total = _sum(reports.values())
    dates = sorted({date for report in reports.values() for date in report.dates_touched})
    metadata: Metadata = {
        **total,
        "event_dates_changed": dg.MetadataValue.text(", ".join(map(str, dates)) or "none"),
        "dagster/column_schema": dg.MetadataValue.table_schema(_RECORD_SCHEMA),
    }
    reasons = [reason for report in reports.values() for reason in report.reasons]
    if reasons:
        metadata["reasons"] = _bullets(reasons)
    return metadata


def of_interval_messages(
    collection: Collection,
    window: Window,
    reports: Mapping[dt.datetime, IngestReport],
    preview: Callable[[dt.datetime], Sequence[Mapping[str, object]]],
) -> dict[str, Metadata]:
    """By partition key: the same counts for each interval, and the first records of it."""
    facts: dict[str, Metadata] = {}
    for interval in window.intervals(collection.interval_hours):
        hours = [hour for hour in reports if hour in interval]
        rows = next((rows for hour in hours if (rows := preview(hour))), [])
        facts[interval.key()] = {
            **_sum(reports[hour] for hour in hours),
            "preview": table(rows),
        }
    return facts


def of_model(model: Model) -> Metadata:
    """What is known of a model before it is built."""
    columns = [
        dg.TableColumn(column.name, column.type, description=column.description)
        for column in model.columns
    ]
    return {
        "grain": dg.MetadataValue.text(model.grain.value),
        "dagster/table_name": dg.MetadataValue.text(model.table),
        "dagster/column_schema": dg.MetadataValue.table_schema(dg.TableSchema(columns)),
    }


def of_model_result(result: ModelResult, lineage: Mapping[str, Sequence[ColumnSource]]) -> Metadata:
    """What a build did to a model, and where its columns come from."""
    dates = ", ".join(map(str, result.dates[:MOST_LINES]))
    return {
        "dagster/row_count": dg.MetadataValue.int(result.total_rows),
        "rows_rebuilt": dg.MetadataValue.int(result.rows),
        "dates_rebuilt": dg.MetadataValue.int(len(result.dates)),
        "first_dates": dg.MetadataValue.text(dates or "none"),
        "seconds": dg.MetadataValue.float(round(result.seconds, 3)),
        "dagster/column_lineage": dg.MetadataValue.column_lineage(_lineage(lineage)),
    }


def _lineage(lineage: Mapping[str, Sequence[ColumnSource]]) -> dg.TableColumnLineage:
    of_assets = {
        column: [dg.TableColumnDep(asset_key=s.table, column_name=s.column) for s in sources]
        for column, origins in lineage.items()
        # A source such as lake.messages has no asset of its own name.
        if (sources := [s for s in origins if "." not in s.table])
    }
    return dg.TableColumnLineage(of_assets)


def table(rows: Sequence[Mapping[str, object]]) -> dg.MetadataValue:
    """A preview as a Markdown table."""
    if not rows:
        return dg.MetadataValue.md("no rows")
    names = list(rows[0])
    lines = [" | ".join(_cell(row[name]) for name in names) for row in rows]
    head = [" | ".join(map(_cell, names)), " | ".join("---" for _ in names)]
    return dg.MetadataValue.md("\n".join(f"| {line} |" for line in [*head, *lines]))


def _sum(reports: Iterable[IngestReport]) -> Metadata:
    reports = list(reports)
    fields = ("archives", "duplicates", "unreadable", "records", "rejects", "bytes")
    counts = {name: sum(getattr(report, name) for report in reports) for name in fields}
    rows = dg.MetadataValue.int(counts["records"])
    return {
        "dagster/partition_row_count": rows,
        **{name: dg.MetadataValue.int(count) for name, count in counts.items()},
    }


def _bullets(lines: Iterable[str]) -> dg.MetadataValue:
    shown = list(lines)
    more = [f"… and {len(shown) - MOST_LINES} more"] if len(shown) > MOST_LINES else []
    return dg.MetadataValue.md("\n".join(f"- {_cell(s)}" for s in [*shown[:MOST_LINES], *more]))


def _cell(value: object) -> str:
    """Text that Markdown and HTML take for nothing but text."""
    if value is None:
        return ""
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    printable = "".join(c if c.isprintable() else " " for c in text)
    escaped = html.escape(printable, quote=False)
    return "".join(f"\\{c}" if c in "\\`*_{}[]()#+!|~" else c for c in escaped)


# Described where the models declare what they read.
_RECORD_COLUMNS = {c.name: c.description for c in load_sources()["lake.messages"].columns}

_RECORD_SCHEMA = dg.TableSchema(
    [
        dg.TableColumn(
            field.name,
            str(field.type),
            description=_RECORD_COLUMNS.get(field.name),
            constraints=dg.TableColumnConstraints(field.nullable),
        )
        for field in MESSAGES
    ]
)
