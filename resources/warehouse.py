"""The warehouse, for the asset that builds the models and publishes them."""

import datetime as dt
from contextlib import suppress

from eur_pipeline.billing.fetching import fetch
from eur_pipeline.errors import ConfigurationError, FetchError
from eur_pipeline.models.building import build
from eur_pipeline.models.inputs import inputs_digest
from eur_pipeline.models.kept_lineage import Lineage, lineage_of_models
from eur_pipeline.models.publishing import PublishReport, publish
from eur_pipeline.models.report import BuildReport
from resources.base import ProjectResource

LOOK_AGAIN = dt.timedelta(minutes=1)


class WarehouseResource(ProjectResource):
    """The private database and the published one."""

    def inputs_digest(self) -> str:
        """A hash of directory, tariff and configuration: the models follow when it changes.

        What of it lies elsewhere is looked for every LOOK_AGAIN; what could not be had, the build
        says.
        """
        with suppress(ConfigurationError, FetchError):
            fetch(self.project, at_most_every=LOOK_AGAIN)
        return inputs_digest(self.project)

    def build(self) -> BuildReport:
        """Rebuild what is stale of all models, in one transaction."""
        return build(self.project)

    def lineage(self) -> Lineage:
        """Where the columns of all models come from."""
        return lineage_of_models(self.project)

    def publish(self) -> PublishReport:
        """Hand the built database to the analysts."""
        return publish(self.project)
