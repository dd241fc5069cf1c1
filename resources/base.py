"""What all resources share: the project they belong to."""

from pathlib import Path

import dagster as dg

from eur_pipeline.config import Collection
from eur_pipeline.project import Project


class ProjectResource(dg.ConfigurableResource[None]):
    """A resource of the project in the directory `path`."""

    path: str

    @property
    def project(self) -> Project:
        """The project, read anew: a run sees the files as they are when it starts."""
        return Project(Path(self.path))

    def collection(self, name: str) -> Collection:
        """The collection of that name; raises ConfigurationError."""
        return self.project.config.collection(name)
