"""The lake, for the assets that read archives into it."""

import datetime as dt

from eur_pipeline.intervals import Window
from eur_pipeline.lake.books import Books, books
from eur_pipeline.lake.ingest import IngestReport
from eur_pipeline.lake.lake import Lake
from eur_pipeline.lake.reading import read_window
from eur_pipeline.storage import LocalStore
from resources.base import ProjectResource

Preview = list[dict[str, object]]


class LakeResource(ProjectResource):
    """The Parquet tables of all collections."""

    def read(self, collection: str, window: Window) -> dict[dt.datetime, IngestReport]:
        """Read the landed archives of those upload hours; a report for every hour that has any."""
        return dict(read_window(self.project, self.collection(collection), window))

    def books(self, collection: str, window: Window) -> Books:
        """What the lake's own rows say of the archives of those upload hours."""
        return books(self._lake, collection, window.hours())

    def preview(self, collection: str, hour: dt.datetime) -> Preview:
        """The first records of an upload hour, without bodies and file names."""
        return self._lake.preview(collection, hour)

    @property
    def _lake(self) -> Lake:
        return Lake(LocalStore(self.project.lake_path))
