"""The SQL models: found, ordered, run for the dates that changed, tested, and published.

What is computed is said in `dbt_like_sql`; this room only knows how to run it.
"""

from eur_pipeline.models.building import build
from eur_pipeline.models.loading import load_models
from eur_pipeline.models.model import Column, ColumnSource, Model, ModelTest
from eur_pipeline.models.publishing import PublishReport, publish
from eur_pipeline.models.report import BuildReport, ModelResult, TestResult

__all__ = [
    "BuildReport",
    "Column",
    "ColumnSource",
    "Model",
    "ModelResult",
    "ModelTest",
    "PublishReport",
    "TestResult",
    "build",
    "load_models",
    "publish",
]
