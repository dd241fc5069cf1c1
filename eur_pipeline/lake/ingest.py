"""From landed archives to rows in the lake, one upload hour of a collection at a time.

How an archive is read is the business of `archives`, how the lake stores rows that of `lake.py`.
"""

import datetime as dt
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from eur_pipeline.archives.containers import Contents
from eur_pipeline.archives.dialect import Dialect, load_dialect
from eur_pipeline.archives.limits import Limits
from eur_pipeline.archives.surroundings import Surroundings
from eur_pipeline.collect.landing import LandingZone, Manifest
from eur_pipeline.config import Bodies, Collection
from eur_pipeline.errors import UnreadableArchiveError
from eur_pipeline.lake.intake import REASONS_KEPT, Intake
from eur_pipeline.lake.lake import HourWriter, Lake, lock_name
from eur_pipeline.lake.records import BodyPolicy, Origin, Row
from eur_pipeline.project import Project
from eur_pipeline.storage import LocalStore

READ, DUPLICATE, UNREADABLE = "read", "duplicate", "unreadable"

# How long to wait for another process that reads archives of the same collection.
_LOCK_SECONDS = 600


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What was read in one upload hour; it never holds anything of a body.

    Attributes:
        archives: All landed archives of the hour, with `duplicates` and `unreadable` among them.
        records: Records stored.
        rejects: Records that could not be read.
        bytes: Size of all landed archives of the hour.
        dates_touched: UTC event dates whose files in the lake changed.
        reasons: The first reasons for unreadable archives and rejects.
    """

    archives: int = 0
    duplicates: int = 0
    unreadable: int = 0
    records: int = 0
    rejects: int = 0
    bytes: int = 0
    dates_touched: tuple[dt.date, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(slots=True)
class _Outcome:
    """What became of one archive."""

    status: str
    reason: str | None = None
    records: int = 0
    rejects: int = 0
    records_before_damage: int = 0
    contents: Contents | None = None
    reasons: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Ingest:
    """One collection's way of reading."""

    collection: Collection
    dialect: Dialect
    policy: BodyPolicy
    limits: Limits
    landing: LandingZone

    def archive(self, manifest: Manifest, writer: HourWriter) -> _Outcome:
        """Read one archive into the writer: all of it, or nothing."""
        if manifest.duplicate_of:
            outcome = _Outcome(DUPLICATE, f"the same content as {manifest.duplicate_of}")
        else:
            outcome = self._read(manifest, writer)
        writer.archives.add(_archive_row(manifest, self.dialect, outcome))
        writer.archives.commit()
        return outcome

    def _read(self, manifest: Manifest, writer: HourWriter) -> _Outcome:
        intake = Intake(
            dialect=self.dialect,
            policy=self.policy,
            messages=writer.messages,
            rejects=writer.rejects,
            presence_domain=self.collection.presence_domain,
            extension_length=self.collection.extension_length,
            limits=self.limits,
        )
        try:
            with ExitStack() as opened:
                source = opened.enter_context(self.landing.open(manifest))
                companion = self.landing.open_companion(manifest)
                if companion is not None:
                    opened.enter_context(companion)
                tally = intake.take(
                    source,
                    _origin(manifest, self.dialect),
                    manifest.upload_hour,
                    Surroundings(manifest.remote_path, companion),
                )
        except UnreadableArchiveError as error:
            return _Outcome(
                UNREADABLE,
                str(error),
                records_before_damage=error.records_before,
                reasons=[f"{manifest.name}: {error}"],
            )
        reasons = [f"{manifest.name}, {reason}" for reason in tally.reasons]
        return _Outcome(
            READ,
            records=tally.records,
            rejects=tally.rejects,
            contents=tally.contents,
            reasons=reasons,
        )


def ingest_hour(project: Project, collection: Collection, hour: dt.datetime) -> IngestReport:
    """Read all landed archives of an upload hour; what the lake had of that hour is replaced.

    Raises ConfigurationError where the dialect cannot be used, and BusyError.
    """
    ingest = _Ingest(
        collection=collection,
        dialect=load_dialect(collection.dialect, project.dialects_path),
        policy=_policy(project, collection),
        limits=project.config.limits,
        landing=_landing(project),
    )
    report = IngestReport()
    with (
        project.lock(lock_name(collection.name), wait_seconds=_LOCK_SECONDS),
        _lake(project).rewriting(collection.name, hour) as writer,
    ):
        for manifest in ingest.landing.landed(collection.name, hour):
            report = _added(report, manifest, ingest.archive(manifest, writer))
    return replace(report, dates_touched=writer.dates_touched)


def _landing(project: Project) -> LandingZone:
    return LandingZone.of(project)


def _lake(project: Project) -> Lake:
    return Lake(LocalStore(project.lake_path))


def _policy(project: Project, collection: Collection) -> BodyPolicy:
    key = None if collection.bodies is Bodies.DROP else project.body_key
    return BodyPolicy(collection.bodies, key)


def _origin(manifest: Manifest, dialect: Dialect) -> Origin:
    return Origin(
        archive_sha256=manifest.sha256,
        archive_name=manifest.name,
        dialect=dialect.name,
        collection=manifest.collection,
        upload_hour=manifest.upload_hour,
    )


def _archive_row(manifest: Manifest, dialect: Dialect, outcome: _Outcome) -> Row:
    return {
        "collection": manifest.collection,
        "upload_hour": manifest.upload_hour,
        "archive_name": manifest.name,
        "archive_sha256": manifest.sha256,
        "landing_path": manifest.key,
        "bytes": manifest.size,
        "uploaded_at": manifest.mtime,
        "collected_at": manifest.collected_at,
        "dialect": dialect.name,
        "status": outcome.status,
        "reason": outcome.reason,
        "records": outcome.records + outcome.rejects,
        "rejects": outcome.rejects,
        "records_before_damage": outcome.records_before_damage,
        "documents": outcome.contents and outcome.contents.documents,
        "attachments": outcome.contents and outcome.contents.attachments,
    }


def _added(report: IngestReport, manifest: Manifest, outcome: _Outcome) -> IngestReport:
    return replace(
        report,
        archives=report.archives + 1,
        duplicates=report.duplicates + (outcome.status == DUPLICATE),
        unreadable=report.unreadable + (outcome.status == UNREADABLE),
        records=report.records + outcome.records,
        rejects=report.rejects + outcome.rejects,
        bytes=report.bytes + manifest.size,
        reasons=(*report.reasons, *outcome.reasons)[:REASONS_KEPT],
    )
