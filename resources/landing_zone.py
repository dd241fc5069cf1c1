"""The landing zone, for assets and checks that look at what was collected."""

from eur_pipeline.collect.landing import LandingZone, Manifest
from eur_pipeline.intervals import Window
from resources.base import ProjectResource


class LandingZoneResource(ProjectResource):
    """The landed archives of all collections."""

    def landed(self, collection: str, window: Window) -> list[Manifest]:
        """The archives of those upload hours whose manifests can be read."""
        zone = LandingZone.of(self.project)
        return [m for hour in window.hours() for m in zone.legible(collection, hour)]
