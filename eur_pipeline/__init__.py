"""Collects instant-message archives and makes usage analysis, costing and billing of them.

This package is the core: it knows nothing of the orchestrator. `open` gives analysts the published
tables of a project.
"""

from eur_pipeline.analyst import open  # noqa: A004

__all__ = ["open"]
