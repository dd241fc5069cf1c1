"""When models are rebuilt by themselves.

Dagster's ready-made conditions do not do here: `eager()` and `on_missing()` never fire below
partitioned parents with gaps, and conditions on `since_last_handled()` alone lose updates.
"""

import dagster as dg

MODELS_SENSOR = "models_automation"

# The tick costs little; an archive should be in the marts within a minute of its upload.
TICK_SECONDS = 10


def when_messages_arrive() -> dg.AutomationCondition[dg.AssetKey | dg.AssetCheckKey]:
    """For models that read the lake: a collection's messages were materialised."""
    condition = dg.AutomationCondition
    return (
        condition.any_deps_match(condition.newly_updated()).since(condition.newly_requested())
        & ~condition.in_progress()
    ).with_label("messages arrived")


def when_parents_change() -> dg.AutomationCondition[dg.AssetKey | dg.AssetCheckKey]:
    """For models that read models: a parent was rebuilt, or will be in the same run.

    Whoever's parent is requested goes along, even while an earlier run is at work: otherwise a run
    whose events are still being stored would leave the end of the chain, the published database,
    to a run of its own.
    """
    condition = dg.AutomationCondition
    return (
        condition.any_deps_match(condition.will_be_requested())
        | (condition.any_deps_updated().since_last_handled() & ~condition.in_progress())
    ).with_label("a parent changed")


def automation_sensor(models: dg.AssetsDefinition) -> dg.AutomationConditionSensorDefinition:
    """Evaluates the models' conditions, without anybody having to switch it on."""
    return dg.AutomationConditionSensorDefinition(
        name=MODELS_SENSOR,
        target=dg.AssetSelection.assets(models),
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=TICK_SECONDS,
    )
