"""The archive servers, for assets and sensors: what is there to do, and doing it."""

import datetime as dt
from collections.abc import Callable

from eur_pipeline.collect.backlog import Backlog, backlog, configuration_digest
from eur_pipeline.collect.collector import collect
from eur_pipeline.collect.report import CollectReport, Progress
from eur_pipeline.intervals import Window
from resources.base import ProjectResource


class ArchiveServerResource(ProjectResource):
    """Every collection's archive server."""

    def backlog(self, collection: str) -> Backlog:
        """The upload hours with work; raises the core's errors."""
        return backlog(self.project, self.collection(collection))

    def configuration_digest(self, collection: str) -> str:
        """A hash of all that a person may change to mend a collection that was refused."""
        return configuration_digest(self.project, self.collection(collection))

    def collect(
        self, collection: str, window: Window, on_progress: Callable[[Progress], None]
    ) -> CollectReport:
        """Collect those upload hours into the landing zone; raises the core's errors.

        A collection that has stopped brings nothing: only what was landed is read again.
        """
        configured = self.collection(collection)
        if configured.has_stopped(dt.datetime.now(dt.UTC)):
            return CollectReport()
        return collect(
            self.project,
            configured,
            window,
            insist=False,
            on_progress=on_progress,
        )
