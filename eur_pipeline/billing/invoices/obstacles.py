"""What keeps a month from being issued, because not everything of it may be there.

No archive is named: what is said here can stand in a document for ever.
"""

import datetime as dt
from collections.abc import Iterator

from eur_pipeline.collect.arrivals import without_upload
from eur_pipeline.collect.index import LandingIndex
from eur_pipeline.collect.landing import LandingZone
from eur_pipeline.config import Collection, Config
from eur_pipeline.intervals import Window, hour_of, interval_of
from eur_pipeline.lake.quarantine import quarantined
from eur_pipeline.project import Project


def obstacles(project: Project, month: dt.date, now: dt.datetime) -> list[str]:
    """What is missing, unread or in quarantine of a month, one line each."""
    return [
        f"{collection.name}: {found}"
        for collection in project.config.collections
        for found in _of_collection(project, collection, month, now)
    ]


def _of_collection(
    project: Project, collection: Collection, month: dt.date, now: dt.datetime
) -> Iterator[str]:
    window = window_of(project.config, collection, month)
    if window is None:
        return
    zone = LandingZone.of(project)
    landed = [m for hour in window.hours() for m in zone.landed(collection.name, hour)]
    hours = collection.interval_hours
    to_come = sum(1 for interval in window.intervals(hours) if interval.end > now)
    if to_come:
        yield (
            f"the month is not over: {to_come:,} upload intervals are still to come, the last "
            f"ends at {window.end:%Y-%m-%d %H:%M} UTC"
        )
    missing = without_upload(collection, window, landed, now)
    if missing:
        yield (
            f"{len(missing):,} upload intervals have no archive, from {missing[0].key()} to "
            f"{missing[-1].key()}"
        )
    unread = [hour for hour in _unread(zone, collection.name) if hour in window]
    if unread:
        yield (
            f"archives of {len(unread):,} upload hours are landed and not read yet, the first of "
            f"{Window(unread[0], unread[0]).key()}: eur run"
        )
    yield from _quarantine(project, collection.name, window)


def _unread(zone: LandingZone, collection: str) -> list[dt.datetime]:
    if not zone.store.path(collection).is_dir():
        return []
    return sorted(LandingIndex(zone, collection).unread())


def _quarantine(project: Project, collection: str, window: Window) -> Iterator[str]:
    found = [q for q in quarantined(project, [collection]) if q.upload_hour in window]
    set_aside = sum(1 for archive in found if archive.set_aside)
    if set_aside:
        yield f"{set_aside:,} archives are set aside: eur quarantine list"
    rejects = sum(archive.rejects for archive in found)
    if rejects:
        yield f"{rejects:,} records are rejected: eur quarantine list"


def window_of(config: Config, collection: Collection, month: dt.date) -> Window | None:
    """The intervals that can hold the month's local days, and the one after; None: none can.

    A local day of any site counts: whoever sends is where the directory has them.
    """
    zones = [config.time_zone(site.name) for site in config.sites]
    following = (month.replace(day=28) + dt.timedelta(days=4)).replace(day=1)
    start, end = (
        [dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC) for zone in zones]
        for day in (month, following)
    )
    hours = collection.interval_hours
    last = interval_of(hour_of(max(end) - dt.timedelta(microseconds=1)), hours)
    first = interval_of(hour_of(max(min(start), collection.start_at)), hours)
    after = Window(last.start, last.end + dt.timedelta(hours=hours))
    return Window(first.start, after.end) if first.start < after.end else None
