"""Which upload intervals passed without an upload: the messaging server may have stopped.

What is done about it, a warning or a refusal, is the caller's business.
"""

import datetime as dt
from bisect import bisect_left
from collections.abc import Iterable

from eur_pipeline.collect.landing import Manifest
from eur_pipeline.config import Collection
from eur_pipeline.intervals import Window, hour_of

_HOUR = dt.timedelta(hours=1)


def hours_around(collection: Collection, window: Window) -> Window:
    """The upload hours that tell which intervals of the window are without an upload."""
    frequency = collection.upload_frequency
    return Window(window.start - frequency, window.end + frequency)


def expected(collection: Collection, window: Window) -> list[Window]:
    """The intervals of the window in which something may be uploaded: those before the stop.

    The window begins where an interval does.
    """
    intervals = window.intervals(collection.interval_hours)
    return [i for i in intervals if not collection.has_stopped(i.start)]


def without_upload(
    collection: Collection, window: Window, landed: Iterable[Manifest], now: dt.datetime
) -> list[Window]:
    """The intervals of the window that are over and should have an archive, but have none.

    The window begins where an interval does; `landed` are the archives of the `hours_around` it.
    Uploads every 5 hours leave out some of the intervals of 4: an upload is missing only where the
    pause between two of them is longer than the upload frequency.
    """
    over = [interval for interval in expected(collection, window) if interval.end <= now]
    # Nothing is due before the start, nor after now or the stop.
    first = collection.start_at - _HOUR
    last = min(hour_of(now), collection.stop_at or hour_of(now))
    uploads = sorted({first, *(manifest.upload_hour for manifest in landed), last})
    return [i for i in over if _pause(i, uploads) > collection.upload_frequency]


def _pause(interval: Window, uploads: list[dt.datetime]) -> dt.timedelta:
    """From the last upload before the interval to the next one after; none where it has one."""
    following = bisect_left(uploads, interval.start)
    if uploads[following] in interval:
        return dt.timedelta()
    return uploads[following] - uploads[following - 1]
