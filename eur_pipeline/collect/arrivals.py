"""Which upload intervals passed without an upload: the messaging server may have stopped.

What is done about it, a warning or a refusal, is the caller's business.
"""

import datetime as dt
from collections.abc import Iterable

from eur_pipeline.collect.landing import Manifest
from eur_pipeline.config import Collection
from eur_pipeline.intervals import Window, interval_of


def without_upload(
    collection: Collection, window: Window, landed: Iterable[Manifest], now: dt.datetime
) -> list[Window]:
    """The intervals of the window that are over and have no archive; it begins where one does."""
    hours = collection.interval_hours
    arrived = {interval_of(manifest.upload_hour, hours) for manifest in landed}
    return [i for i in window.intervals(hours) if i.end <= now and i not in arrived]
