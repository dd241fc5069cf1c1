"""Which intervals are without an upload, by the pauses between uploads."""

import datetime as dt
from collections.abc import Iterable

import pytest

from eur_pipeline.collect.arrivals import hours_around, without_upload
from eur_pipeline.collect.landing import Manifest
from eur_pipeline.config import Collection
from eur_pipeline.intervals import Window, interval_of
from tests.manifests import manifest

START = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
MARCH = Window(dt.datetime(2026, 3, 1, tzinfo=dt.UTC), dt.datetime(2026, 4, 1, tzinfo=dt.UTC))
LONG_AFTER = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
FREQUENCIES = [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 23, 24, 25, 36, 48, 72]


def every(hours: int, **options: object) -> Collection:
    facts = {
        "name": "im",
        "site": "geneva",
        "dialect": "avaya-ps",
        "presence_domain": "presence.example",
        "host": "127.0.0.1",
        "user": "avaya",
        "agent": True,
        "remote_path": "/archives",
        "start": START.date(),
        "upload_frequency_hours": hours,
    }
    return Collection.model_validate({**facts, **options})


def uploaded(hour: dt.datetime) -> Manifest:
    return manifest("im", hour)


def punctual(collection: Collection, first: int) -> list[dt.datetime]:
    """Uploads from that hour after the start on, for half a year."""
    hours = collection.upload_frequency_hours
    return [START + dt.timedelta(hours=n) for n in range(first, 180 * 24, hours)]


def missing(
    collection: Collection,
    uploads: Iterable[dt.datetime],
    window: Window = MARCH,
    now: dt.datetime = LONG_AFTER,
) -> list[Window]:
    around = hours_around(collection, window)
    return without_upload(collection, window, [uploaded(h) for h in uploads if h in around], now)


@pytest.mark.parametrize("hours", FREQUENCIES)
def test_punctual_uploads_leave_no_interval_without_one_whenever_they_began(hours: int) -> None:
    collection = every(hours)
    for first in range(hours):
        uploads = punctual(collection, first)
        assert missing(collection, uploads) == []
        from_the_start = Window(START, START + dt.timedelta(days=6))
        assert missing(collection, uploads, from_the_start) == []


@pytest.mark.parametrize("hours", FREQUENCIES)
def test_an_upload_that_did_not_come_is_missed_whichever_it_was(hours: int) -> None:
    collection = every(hours)
    for first in range(hours):
        uploads = punctual(collection, first)
        skipped = next(hour for hour in uploads if hour >= MARCH.start + dt.timedelta(days=9))
        uploads.remove(skipped)
        around_it = Window(
            skipped - collection.upload_frequency, skipped + collection.upload_frequency
        )
        found = missing(collection, uploads)
        assert found
        assert all(around_it.start < i.start and i.end <= around_it.end for i in found)


@pytest.mark.parametrize("hours", [5, 24, 36])
def test_an_upload_is_not_missed_before_it_is_due(hours: int) -> None:
    collection = every(hours)
    last = MARCH.start + dt.timedelta(hours=7)
    uploads = [hour for hour in punctual(collection, 7) if hour <= last]
    uploads.append(last)
    due = last + collection.upload_frequency
    assert missing(collection, uploads, now=due) == []
    much_later = due + 2 * collection.upload_frequency
    assert interval_of(due, collection.interval_hours) in missing(
        collection, uploads, now=much_later
    )


@pytest.mark.parametrize("hours", FREQUENCIES)
def test_where_nothing_ever_came_every_interval_that_is_over_is_missed(hours: int) -> None:
    collection = every(hours)
    assert missing(collection, []) == list(MARCH.intervals(collection.interval_hours))


def test_after_its_stop_no_upload_of_a_collection_is_missing() -> None:
    stop = dt.datetime(2026, 3, 10, tzinfo=dt.UTC)
    for hours in FREQUENCIES:
        collection = every(hours, stop=stop.date())
        uploads = [hour for hour in punctual(collection, 0) if hour < stop]
        assert missing(collection, uploads) == []
        assert max(i.end for i in missing(collection, [])) == stop
