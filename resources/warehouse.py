"""The warehouse, for the asset that builds the models and publishes them."""

from collections.abc import Collection

from eur_pipeline.models.building import build
from eur_pipeline.models.publishing import PublishReport, publish
from eur_pipeline.models.report import BuildReport
from resources.base import ProjectResource


class WarehouseResource(ProjectResource):
    """The private database and the published one."""

    def build(self, select: Collection[str] | None = None) -> BuildReport:
        """Rebuild what is stale of those models, in one transaction."""
        return build(self.project, select)

    def publish(self) -> PublishReport:
        """Hand the built database to the analysts."""
        return publish(self.project)
