"""The code location of the shared project, with a Dagster instance in memory."""

from collections.abc import Iterator

import dagster as dg
import pytest

from eur_pipeline.project import Project
from tests.assets.location import CodeLocation


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """An instance of its own, without a daemon; one on disk takes seconds to set up."""
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def location(project: Project, instance: dg.DagsterInstance) -> CodeLocation:
    return CodeLocation(project, instance)
