"""The SQL models as assets: one for each, made by one step, and the database that is published.

One step is one connection and one transaction: nobody sees or publishes half a build. Which dates
are rebuilt is decided by the core; when, in `automation.py`.
"""

from collections.abc import Iterable, Iterator, Sequence, Set

import dagster as dg

from assets import metadata
from assets.automation import when_messages_arrive, when_parents_change
from assets.model_checks import check_results, check_specs
from assets.runs import RETRIES, explained
from eur_pipeline.config import Collection
from eur_pipeline.models.kept_lineage import Lineage
from eur_pipeline.models.loading import load_models
from eur_pipeline.models.model import Layer, Model
from eur_pipeline.models.publishing import PublishReport
from eur_pipeline.models.report import BuildReport
from resources.warehouse import WarehouseResource

PUBLISHED = "published_database"

Event = dg.MaterializeResult[None] | dg.AssetCheckResult


def models_asset(collections: Sequence[Collection]) -> dg.AssetsDefinition:
    """All models of the project, and the published database."""
    models = load_models()

    @dg.multi_asset(
        name="build_and_publish",
        specs=[*(_spec(model, collections) for model in models), _published_spec(models)],
        check_specs=[spec for model in models for spec in check_specs(model)],
        can_subset=True,
        pool="warehouse",
        retry_policy=RETRIES,
    )
    def build_and_publish(
        context: dg.AssetExecutionContext, warehouse: WarehouseResource
    ) -> Iterator[Event]:
        selected = {key.path[-1] for key in context.selected_asset_keys}
        with explained(context):
            # All of them, whichever were asked for: something stale that nobody asked for, such as
            # what was billed, would be published as it was. What is fresh costs nothing.
            report = warehouse.build()
            # Before the events: storing those of every check takes longer than build and copy.
            published = warehouse.publish() if PUBLISHED in selected and report.committed else None
        for warning in report.warnings:
            context.log.warning(warning)
        if report.committed:
            yield from _built(report, warehouse.lineage(), selected)
        yield from check_results(report.tests, context.selected_asset_check_keys)
        if not report.committed:
            raise dg.Failure(
                description="nothing was changed or published, because tests failed:\n"
                + "\n".join(failure.message for failure in report.failures),
                allow_retries=False,
            )
        if published:
            yield _published_result(published)

    return build_and_publish


def _spec(model: Model, collections: Sequence[Collection]) -> dg.AssetSpec:
    reads_lake = any(source.startswith("lake.") for source in model.sources)
    lake = [f"{collection.name}_messages" for collection in collections] if reads_lake else []
    return dg.AssetSpec(
        model.name,
        deps=[*model.parents, *lake],
        group_name=model.layer.value,
        description=model.description,
        kinds={"duckdb", "sql"},
        metadata=metadata.of_model(model),
        automation_condition=when_messages_arrive() if reads_lake else when_parents_change(),
    )


def _published_spec(models: Iterable[Model]) -> dg.AssetSpec:
    return dg.AssetSpec(
        PUBLISHED,
        deps=[model.name for model in models if model.layer is Layer.MARTS],
        group_name=Layer.MARTS.value,
        description="The database that analysts open: a copy of the warehouse, replaced whole.",
        kinds={"duckdb"},
        automation_condition=when_parents_change(),
    )


def _built(report: BuildReport, lineage: Lineage, selected: Set[str]) -> Iterator[Event]:
    """What was built of the selected models."""
    for result in (result for result in report.models if result.model in selected):
        yield dg.MaterializeResult(
            asset_key=result.model,
            metadata=metadata.of_model_result(result, lineage[result.model]),
        )


def _published_result(report: PublishReport) -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(
        asset_key=PUBLISHED,
        metadata={
            "path": dg.MetadataValue.path(report.path),
            "bytes": report.bytes,
            "changed": report.changed,
            "seconds": round(report.seconds, 3),
        },
    )
