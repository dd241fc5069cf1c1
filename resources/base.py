"""What all resources share: the project they belong to."""

from pathlib import Path

import dagster as dg

from eur_pipeline.config import Collection
from eur_pipeline.project import Project
from resources.processes import process_tags


class ProjectResource(dg.ConfigurableResource[None]):
    """A resource of the project in the directory `path`."""

    path: str

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Say which process the run is; this comes before its steps wait for a place in a pool."""
        if context.run is not None and context.instance is not None:
            run_id = context.run.run_id
            context.instance.add_run_tags(run_id, process_tags(run_id))

    @property
    def project(self) -> Project:
        """The project, read anew: a run sees the files as they are when it starts."""
        return Project(Path(self.path))

    def collection(self, name: str) -> Collection:
        """The collection of that name; raises ConfigurationError."""
        return self.project.config.collection(name)
