"""Collects instant-message archives and makes usage analysis, costing and billing of them.

This package is the core: it knows nothing of the orchestrator. `open` gives analysts the published
tables of a project.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from eur_pipeline.analyst import Published

__all__ = ["open"]


def open(project: str | Path) -> "Published":  # noqa: A001
    """The published tables of the project in that directory, as DataFrames; read-only."""
    # Imported here, because pandas and DuckDB would slow down every command that needs neither.
    from eur_pipeline import analyst

    return analyst.open(Path(project))
