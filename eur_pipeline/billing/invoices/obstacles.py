"""What keeps a month from being issued, because not everything of it may be there.

No archive is named: what is said here can stand in a document for ever.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from eur_pipeline.billing.invoices.register import Entry, Register
from eur_pipeline.collect.arrivals import expected, hours_around, without_upload
from eur_pipeline.collect.index import LandingIndex
from eur_pipeline.collect.landing import LandingZone
from eur_pipeline.config import Collection, Config
from eur_pipeline.intervals import Window, hour_of, interval_of
from eur_pipeline.lake.quarantine import quarantined
from eur_pipeline.project import Project

_Looking = Callable[[Project, Collection, Window], Iterator[str]]


def obstacles(
    project: Project,
    register: Register,
    month: dt.date,
    usage_months: Iterable[dt.date],
    now: dt.datetime,
) -> list[str]:
    """What is missing, unread or in quarantine, one line each.

    Of the month that is to be issued; and of other months with lines on its invoices: what is
    not read of these would be credited away.
    """
    found = [*_missing(project, month, now), *_unread_or_set_aside(project, month)]
    for adjusted in sorted({*usage_months} - {month}):
        known = _on_record(register, adjusted)
        missing = [text for text in _missing(project, adjusted, now) if text not in known]
        of_month = [*missing, *_unread_or_set_aside(project, adjusted)]
        found += [_in_another_month(adjusted, text) for text in of_month]
    return found


def _on_record(register: Register, month: dt.date) -> set[str]:
    """What was in the way of billing the month before, and was overridden.

    What never came is not asked about again with every adjustment.
    """
    prefix = _in_another_month(month, "")
    forced = [e for e in register.entries if e.forced_reason and month in e.usage_months]
    return {
        text.removeprefix(prefix)
        for entry in forced
        for text in _overridden(register, entry)
        if entry.month == month or text.startswith(prefix)
    }


def _overridden(register: Register, entry: Entry) -> tuple[str, ...]:
    forced = register.document(entry).forced
    return forced.obstacles if forced else ()


def _in_another_month(month: dt.date, text: str) -> str:
    return f"{month:%Y-%m}, which is adjusted: {text}"


def _missing(project: Project, month: dt.date, now: dt.datetime) -> Iterator[str]:
    """Uploads of the month that did not come, or are still to come."""
    return _of_collections(project, month, partial(_missing_uploads, now=now))


def _unread_or_set_aside(project: Project, month: dt.date) -> Iterator[str]:
    """Uploads of the month that came, and are not in the lake, or not all of them."""
    yield from _of_collections(project, month, _unread_uploads)
    yield from _of_collections(project, month, _quarantine)


def _of_collections(project: Project, month: dt.date, looking: _Looking) -> Iterator[str]:
    for collection in project.config.collections:
        window = window_of(project.config, collection, month)
        if window:
            for found in looking(project, collection, window):
                yield f"{collection.name}: {found}"


def _missing_uploads(
    project: Project, collection: Collection, window: Window, now: dt.datetime
) -> Iterator[str]:
    zone = LandingZone.of(project)
    around = hours_around(collection, window)
    landed = [m for hour in around.hours() for m in zone.legible(collection.name, hour)]
    to_come = sum(1 for interval in expected(collection, window) if interval.end > now)
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


def _unread_uploads(project: Project, collection: Collection, window: Window) -> Iterator[str]:
    zone = LandingZone.of(project)
    unread = [hour for hour in _unread(zone, collection.name) if hour in window]
    if unread:
        yield (
            f"archives of {len(unread):,} upload hours are landed and not read yet, the first of "
            f"{Window(unread[0], unread[0]).key()}: eur run"
        )


def _unread(zone: LandingZone, collection: str) -> list[dt.datetime]:
    if not zone.store.path(collection).is_dir():
        return []
    return sorted(LandingIndex(zone, collection).unread())


def _quarantine(project: Project, collection: Collection, window: Window) -> Iterator[str]:
    found = [q for q in quarantined(project, [collection.name]) if q.upload_hour in window]
    set_aside = sum(1 for archive in found if archive.set_aside)
    if set_aside:
        yield f"{set_aside:,} archives are set aside: eur quarantine list"
    rejects = sum(archive.rejects for archive in found)
    if rejects:
        yield f"{rejects:,} records are rejected: eur quarantine list"


def window_of(config: Config, collection: Collection, month: dt.date) -> Window | None:
    """The intervals that can hold the month's local days, and those of the next upload; or None.

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
    after = interval_of(last.end + collection.upload_frequency - dt.timedelta(hours=1), hours)
    return Window(first.start, after.end) if first.start < after.end else None
