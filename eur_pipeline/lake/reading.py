"""Reads a window of upload hours into the lake, and notes in the index which hours are read.

Reading a single hour is `ingest.py`'s.
"""

import datetime as dt
from collections.abc import Iterator

from eur_pipeline.collect.index import LandingIndex
from eur_pipeline.collect.landing import LandingZone
from eur_pipeline.config import Collection
from eur_pipeline.intervals import Window
from eur_pipeline.lake.ingest import IngestReport, ingest_hour
from eur_pipeline.project import Project


def read_window(
    project: Project, collection: Collection, window: Window
) -> Iterator[tuple[dt.datetime, IngestReport]]:
    """Read every upload hour of the window that has landed archives; its report as it is done.

    Raises what `ingest_hour` raises; hours that were done stay done.
    """
    zone = LandingZone.of(project)
    index = LandingIndex(zone, collection.name)
    for hour in window.hours():
        # Taken before reading: what lands meanwhile raises the count, and the hour stays unread.
        change = index.unread().get(hour)
        if change is None and not zone.landed(collection.name, hour):
            continue
        report = ingest_hour(project, collection, hour)
        if change is not None:
            index.mark_read(hour, change)
        yield hour, report
