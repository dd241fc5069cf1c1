"""Checks of a collection's two assets: what is looked at, and the verdicts.

The models' checks are their own tests and come with them.
"""

import datetime as dt
from collections.abc import Collection as Several
from collections.abc import Iterable, Mapping

import dagster as dg

from eur_pipeline.collect.arrivals import without_upload
from eur_pipeline.collect.landing import Manifest
from eur_pipeline.collect.report import CollectReport
from eur_pipeline.config import Collection
from eur_pipeline.intervals import Window
from eur_pipeline.lake.books import Books
from eur_pipeline.lake.ingest import IngestReport

UPLOADS_ARRIVED = "uploads_arrived"
NOTHING_WAITS = "nothing_waits"
ARCHIVES_ACCOUNTED_FOR = "archives_accounted_for"
RECORDS_ACCOUNTED_FOR = "records_accounted_for"
ARCHIVES_READABLE = "archives_readable"
RECORDS_READABLE = "records_readable"

OF_COLLECTING = (UPLOADS_ARRIVED, NOTHING_WAITS)
OF_READING = (
    ARCHIVES_ACCOUNTED_FOR,
    RECORDS_ACCOUNTED_FOR,
    ARCHIVES_READABLE,
    RECORDS_READABLE,
)

_DESCRIPTIONS = {
    UPLOADS_ARRIVED: "No upload of the intervals that are over is missing.",
    NOTHING_WAITS: "No file stays on the server too long: unfinished, unreadable or undeletable.",
    ARCHIVES_ACCOUNTED_FOR: "The lake lists every landed archive: read, duplicate, or set aside.",
    RECORDS_ACCOUNTED_FOR: "Of every archive, the lake's records and rejects are all there are.",
    ARCHIVES_READABLE: "No archive had to be set aside.",
    RECORDS_READABLE: "No record had to be rejected.",
}


def specs(asset: str, names: Several[str]) -> list[dg.AssetCheckSpec]:
    """The checks of that asset."""
    return [
        dg.AssetCheckSpec(name=name, asset=asset, description=_DESCRIPTIONS[name]) for name in names
    ]


def uploads_arrived(
    collection: Collection, window: Window, landed: Iterable[Manifest], now: dt.datetime
) -> dg.AssetCheckResult:
    """Warns of intervals that passed without an upload: the messaging server may have stopped."""
    late = [interval.key() for interval in without_upload(collection, window, landed, now)]
    return _verdict(UPLOADS_ARRIVED, late, dg.AssetCheckSeverity.WARN)


def nothing_waits(report: CollectReport) -> dg.AssetCheckResult:
    """Warns of files that stay on the server for too long; the asset's metadata says why."""
    return _verdict(NOTHING_WAITS, list(report.alarms), dg.AssetCheckSeverity.WARN)


def something_waits(collection: Collection, alarms: Mapping[str, str]) -> dg.AssetCheckEvaluation:
    """The same verdict where no run is: on those files, and on none once all are gone."""
    return dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey(f"{collection.name}_raw_archives"),
        check_name=NOTHING_WAITS,
        passed=not alarms,
        severity=dg.AssetCheckSeverity.WARN,
        metadata=_facts([f"{name}: {reason}" for name, reason in alarms.items()]),
    )


def of_reading(
    landed: Iterable[Manifest], reports: Mapping[dt.datetime, IngestReport], books: Books
) -> Iterable[dg.AssetCheckResult]:
    """The verdicts on what was read; what is accounted for, the lake's own rows say."""
    astray = [m.key for m in landed if m.key not in books.landing_paths]
    yield _verdict(ARCHIVES_ACCOUNTED_FOR, astray, dg.AssetCheckSeverity.ERROR)
    wrong = [str(account) for account in books.accounts if not account.agrees]
    yield _verdict(RECORDS_ACCOUNTED_FOR, wrong, dg.AssetCheckSeverity.ERROR)
    unreadable = [str(hour) for hour, report in reports.items() if report.unreadable]
    yield _verdict(ARCHIVES_READABLE, unreadable, dg.AssetCheckSeverity.WARN)
    rejected = [str(hour) for hour, report in reports.items() if report.rejects]
    yield _verdict(RECORDS_READABLE, rejected, dg.AssetCheckSeverity.WARN)


def _verdict(name: str, wrong: list[str], severity: dg.AssetCheckSeverity) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=name,
        passed=not wrong,
        severity=severity,
        metadata=_facts(wrong),
    )


def _facts(wrong: list[str]) -> dict[str, int | str]:
    return {"wrong": len(wrong), "first": ", ".join(wrong[:10])}
