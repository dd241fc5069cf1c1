"""A simulation: a company chats for some hours, and its Presence Services upload the archives.

For each archive, in this order: its messages into `truth.jsonl`; the file to the server under a
temporary name; a line into `uploads.jsonl`; the rename on the server. Whatever was cut short, the
next run with the same arguments finishes it and uploads nothing twice.
"""

import asyncio
import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from eur_pipeline.errors import PermanentError
from eur_pipeline.project import Project
from eur_pipeline.simulator.archive import EPOCH, Archive, Interval, cut
from eur_pipeline.simulator.company import OFFICES, Company
from eur_pipeline.simulator.ledger import Ledger, Span, UploadedArchive
from eur_pipeline.simulator.presence import PresenceServices, Upload
from eur_pipeline.simulator.traffic import Traffic

DEFAULT_END = dt.datetime(2026, 3, 11, tzinfo=dt.UTC)
DEFAULT_HOURS = 48
DEFAULT_USERS = 200
DEFAULT_SEED = 1
HOUR = dt.timedelta(hours=1)

# Called with the number of intervals done and the number of all.
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Period:
    """The simulated time: whole hours, UTC."""

    start: dt.datetime
    end: dt.datetime

    @classmethod
    def ending(cls, end: dt.datetime, *, hours: int) -> Self:
        """The `hours` that end at the last full hour at or before `end`, which must be aware."""
        if end.tzinfo is None:
            raise PermanentError(
                f"the end {end} has no time zone; write {end.isoformat()}Z for UTC"
            )
        if hours < 1:
            raise PermanentError(f"{hours} hours cannot be simulated; expected 1 or more")
        last = end.astimezone(dt.UTC).replace(minute=0, second=0, microsecond=0)
        return cls(last - hours * HOUR, last)

    @property
    def move_on(self) -> dt.date:
        """The date in the middle, on which somebody moves department."""
        return (self.start + (self.end - self.start) / 2).date()


@dataclass(frozen=True)
class SimulationReport:
    """How much the folder's simulation has uploaded in all, and how much of it just now."""

    archives: int
    bytes: int
    messages: int
    new_archives: int
    new_bytes: int
    new_messages: int


def unwatched(_done: int, _total: int) -> None:
    """Nobody looks on."""


def simulate(
    out: Path,
    *,
    seed: int,
    hours: int,
    users: int,
    end: dt.datetime,
    servers: Mapping[str, PresenceServices],
    collections: Mapping[str, str] | None = None,
    progress: Progress = unwatched,
) -> SimulationReport:
    """Simulate the `hours` before `end` and upload what the sites in `servers` archive.

    What an earlier run in `out` left unfinished is uploaded too, whatever its hours were.
    `collections` names the collection of a site; without it that is `<site>_im`. Raises
    PermanentError when `out` holds a simulation with another seed or number of users, the errors of
    `PresenceServices.connect`, and BusyError when another process simulates in `out`.
    """
    period = Period.ending(end, hours=hours)
    company = Company.make(seed=seed, users=users)
    names = {site: f"{site}_im" for site in servers} | dict(collections or {})
    with Project(out).lock("simulation"):
        ledger = Ledger.open(out, seed=seed, users=users)
        ledger.add(_uncovered(period, ledger.arguments.spans, _archiving(servers), names))
        before = len(ledger.uploads)
        run = _Run(ledger, Traffic(company, seed=seed), _archiving(servers), progress)
        if run.spans:
            asyncio.run(run.upload_all())
            ledger.complete(run.spans)
    return _report(ledger.uploads, before)


@dataclass
class _Run:
    """One attempt to upload all that is missing at the servers."""

    ledger: Ledger
    traffic: Traffic
    servers: Mapping[str, PresenceServices]
    progress: Progress

    def __post_init__(self) -> None:
        self.spans = [
            span
            for span in self.ledger.arguments.spans
            if not span.complete and span.site in self.servers
        ]

    async def upload_all(self) -> None:
        """Upload in the order of time, the sites in turn."""
        steps = sorted(
            ((interval, span.collection) for span in self.spans for interval in _intervals(span)),
            key=lambda step: (step[0].end, step[0].site),
        )
        async with AsyncExitStack() as stack:
            uploads = {
                site: await stack.enter_async_context(self.servers[site].connect())
                for site in dict.fromkeys(span.site for span in self.spans)
            }
            await self._finish_interrupted_renames(uploads)
            for done, (interval, collection) in enumerate(steps, start=1):
                for archive in self._archives(interval):
                    if not self.ledger.has(collection, archive.name):
                        await self._deliver(archive, collection, uploads[interval.site])
                self.progress(done, len(steps))

    async def _finish_interrupted_renames(self, uploads: Mapping[str, Upload]) -> None:
        for span in self.spans:
            name = self.ledger.last_archive_of(span.collection)
            if name is not None:
                await uploads[span.site].publish(name)

    def _archives(self, interval: Interval) -> Iterator[Archive]:
        sent = self.traffic.between(interval.start, interval.end)
        return cut(interval, [message for message in sent if message.site == interval.site])

    async def _deliver(self, archive: Archive, collection: str, upload: Upload) -> None:
        truth_bytes = self.ledger.write_truth(collection, archive)
        uploaded_at = archive.interval.end
        await upload.stage(archive.name, archive.content, uploaded_at)
        self.ledger.record(
            UploadedArchive(
                archive_name=archive.name,
                collection=collection,
                remote_path=upload.settings.remote_file(archive.name),
                bytes=len(archive.content),
                sha256=archive.sha256,
                uploaded_at=uploaded_at,
                messages=len(archive.messages),
                truth_bytes=truth_bytes,
            )
        )
        await upload.publish(archive.name)


def _archiving(servers: Mapping[str, PresenceServices]) -> dict[str, PresenceServices]:
    offices = [office.name for office in OFFICES]
    for site in servers:
        if site not in offices:
            raise PermanentError(f"no site {site!r} is simulated; expected {' or '.join(offices)}")
    return {site: s for site, s in servers.items() if s.message_archiving_enabled}


def _uncovered(
    period: Period,
    covered: tuple[Span, ...],
    servers: Mapping[str, PresenceServices],
    collections: Mapping[str, str],
) -> Iterator[Span]:
    """What of the period no span covers yet, for each site."""
    for site, settings in servers.items():
        gaps = [(period.start, period.end)]
        for span in covered:
            if span.collection == collections[site]:
                gaps = [piece for gap in gaps for piece in _without(gap, span)]
        for start, end in gaps:
            yield Span(
                site=site,
                collection=collections[site],
                start=start,
                end=end,
                every_hours=settings.remote_upload_frequency_hours,
            )


def _without(
    gap: tuple[dt.datetime, dt.datetime], span: Span
) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    start, end = gap
    pieces = ((start, min(end, span.start)), (max(start, span.end), end))
    return (piece for piece in pieces if piece[0] < piece[1])


def _intervals(span: Span) -> Iterator[Interval]:
    """The span between its uploads, which fall on multiples of the frequency since 1970."""
    step = span.every_hours * HOUR
    start = span.start
    while start < span.end:
        end = min(start + step - (start - EPOCH) % step, span.end)
        yield Interval(span.site, start, end)
        start = end


def _report(uploads: list[UploadedArchive], before: int) -> SimulationReport:
    new = uploads[before:]
    return SimulationReport(
        archives=len(uploads),
        bytes=sum(upload.bytes for upload in uploads),
        messages=sum(upload.messages for upload in uploads),
        new_archives=len(new),
        new_bytes=sum(upload.bytes for upload in new),
        new_messages=sum(upload.messages for upload in new),
    )
