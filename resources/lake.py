"""The lake, for the assets that read archives into it."""

from eur_pipeline.intervals import Window
from eur_pipeline.lake.ingest import IngestReport, ingest
from resources.base import ProjectResource


class LakeResource(ProjectResource):
    """The Parquet tables of all collections."""

    def ingest(self, collection: str, window: Window) -> list[IngestReport]:
        """Read the landed archives of those upload hours; a report for every hour that has any."""
        return list(ingest(self.project, self.collection(collection), window))
