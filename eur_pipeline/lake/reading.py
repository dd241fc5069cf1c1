"""Reads a window of upload hours into the lake, and notes in the index which hours are read.

Reading a single hour is `ingest.py`'s.
"""

import datetime as dt
from collections.abc import Iterator

from eur_pipeline.collect.index import LandingIndex
from eur_pipeline.collect.landing import LandingZone
from eur_pipeline.config import Collection
from eur_pipeline.errors import ConfigurationError, PermanentError
from eur_pipeline.intervals import Window
from eur_pipeline.lake.ingest import IngestReport, ingest_hour
from eur_pipeline.project import Project


def read_window(
    project: Project, collection: Collection, window: Window
) -> Iterator[tuple[dt.datetime, IngestReport]]:
    """Read every upload hour of the window that has landed archives; its report as it is done.

    An hour that cannot be read for good keeps no other from being read: all of those are named in
    a PermanentError at the end. Otherwise raises what `ingest_hour` raises; hours that were done
    stay done.
    """
    index = LandingIndex(LandingZone.of(project), collection.name)
    failures: list[str] = []
    for hour in window.hours():
        try:
            report = _read_hour(project, collection, index, hour)
        except ConfigurationError:
            # No other hour can be read either.
            raise
        except PermanentError as failure:
            failures.append(str(failure))
        else:
            if report is not None:
                yield hour, report
    if failures:
        raise PermanentError("\n".join(failures))


def _read_hour(
    project: Project, collection: Collection, index: LandingIndex, hour: dt.datetime
) -> IngestReport | None:
    landed = LandingZone.of(project).landed(collection.name, hour)
    if not landed and hour not in index.unread():
        return None
    # Before reading: what lands meanwhile raises the count, and the hour stays unread. So does one
    # that was read before, if its reading breaks off while its files are replaced.
    change = index.begin_reading(hour)
    report = ingest_hour(project, collection, hour)
    index.mark_read(hour, change)
    return report
