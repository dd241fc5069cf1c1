"""What Dagster is told of a project: assets, jobs, pools, and what runs by itself."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import dagster as dg
import pytest
import yaml

from assets import checks
from assets.definitions import build_definitions
from assets.model_checks import check_name
from eur_pipeline.errors import ConfigurationError
from eur_pipeline.models.loading import load_models
from eur_pipeline.orchestrator import MODELS_JOB
from eur_pipeline.project import Project
from tests.assets.location import JOB, MESSAGES, RAW_ARCHIVES, CodeLocation
from tests.conftest import Remote, configuration, project_at

MODELS = {model.name: model for model in load_models()}
PUBLISHED = "published_database"


def with_collections(project: Project, remote: Remote, *collections: str) -> dg.Definitions:
    """Those of the project with collections of these names."""
    content = configuration(remote)
    (collection,) = content["collections"]
    content["collections"] = [
        {**collection, "name": name, "remote_path": f"/{name}"} for name in collections
    ]
    project.config_path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return build_definitions(Project(project.path))


@pytest.fixture
def definitions(project: Project, remote: Remote) -> dg.Definitions:
    """Those of a project with two collections."""
    return with_collections(project, remote, "geneva_im", "boston_im")


def names(keys: Iterable[dg.AssetKey]) -> set[str]:
    return {key.to_user_string() for key in keys}


def parents(definitions: dg.Definitions, asset: str) -> set[str]:
    return names(definitions.resolve_asset_graph().get(dg.AssetKey(asset)).parent_keys)


def spec(definitions: dg.Definitions, asset: str) -> dg.AssetSpec:
    (found,) = (s for s in definitions.resolve_all_asset_specs() if names([s.key]) == {asset})
    return found


def test_a_collection_has_two_assets_and_every_model_one(definitions: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(definitions)
    assert names(definitions.resolve_all_asset_keys()) == {
        *("geneva_im_raw_archives", "geneva_im_messages"),
        *("boston_im_raw_archives", "boston_im_messages"),
        *MODELS,
        PUBLISHED,
    }


def test_names_of_all_collections_are_their_own(project: Project, remote: Remote) -> None:
    # Names that are parts of others, of models, of sensors, and words that Dagster reserves.
    collections = ["a", "a_b", "a_raw", "models", "messages", "marts", "killed_runs", "int"]
    definitions = with_collections(project, remote, *collections)

    dg.Definitions.validate_loadable(definitions)

    repository = definitions.get_repository_def()
    for made in (
        [job.name for job in repository.get_all_jobs()],
        [sensor.name for sensor in repository.sensor_defs],
        [schedule.name for schedule in repository.schedule_defs],
        [key.to_user_string() for key in definitions.resolve_all_asset_keys()],
    ):
        assert [name for name, count in Counter(made).items() if count > 1] == []
    assert len(repository.schedule_defs) == len(collections) + 1


def test_a_faulty_project_is_refused_with_file_line_and_key(project: Project) -> None:
    text = project.config_path.read_text(encoding="utf-8")
    project.config_path.write_text(text + "colour: blue\n", encoding="utf-8")
    line = len(text.splitlines()) + 1
    with pytest.raises(ConfigurationError, match=rf"eur\.yaml, line {line}, colour"):
        build_definitions(Project(project.path))


def test_every_collection_has_a_job_of_its_own_and_the_models_one(
    definitions: dg.Definitions,
) -> None:
    jobs = {
        job.name: names(job.asset_layer.executable_asset_keys)
        for job in definitions.resolve_all_job_defs()
        if not job.name.startswith("__")
    }
    assert jobs == {
        JOB: {RAW_ARCHIVES, MESSAGES},
        "collect_boston_im": {"boston_im_raw_archives", "boston_im_messages"},
        MODELS_JOB: {*MODELS, PUBLISHED},
    }


def test_the_graph_is_the_way_of_the_data(definitions: dg.Definitions) -> None:
    collected = {"geneva_im_messages", "boston_im_messages"}
    assert parents(definitions, MESSAGES) == {RAW_ARCHIVES}
    for model in MODELS.values():
        reads_lake = any(source.startswith("lake.") for source in model.sources)
        expected = {*model.parents, *(collected if reads_lake else ())}
        assert parents(definitions, model.name) == expected
    marts = {model.name for model in MODELS.values() if model.layer.schema == "main"}
    assert parents(definitions, PUBLISHED) == marts


def test_pools_keep_runs_off_the_same_server_lake_and_warehouse(
    definitions: dg.Definitions,
) -> None:
    graph = definitions.resolve_asset_graph()
    pools = {asset: graph.get(dg.AssetKey(asset)).pools for asset in (RAW_ARCHIVES, MESSAGES)}
    assert pools == {RAW_ARCHIVES: {"sftp_geneva_im"}, MESSAGES: {"lake_geneva_im"}}
    for name in (*MODELS, PUBLISHED):
        assert graph.get(dg.AssetKey(name)).pools == {"warehouse"}


def test_a_backfill_makes_runs_of_fifty_intervals(definitions: dg.Definitions) -> None:
    for asset in (RAW_ARCHIVES, MESSAGES):
        policy = definitions.resolve_assets_def(asset).backfill_policy
        assert policy == dg.BackfillPolicy.multi_run(max_partitions_per_run=50)


def test_everything_runs_without_a_click(definitions: dg.Definitions) -> None:
    repository = definitions.get_repository_def()
    sensors = {sensor.name: sensor.default_status for sensor in repository.sensor_defs}
    assert sensors == dict.fromkeys(
        (
            "geneva_im_new_archives",
            "boston_im_new_archives",
            "models_automation",
            "changed_inputs",
            "killed_runs",
        ),
        dg.DefaultSensorStatus.RUNNING,
    )
    schedules = {schedule.name: schedule.default_status for schedule in repository.schedule_defs}
    assert schedules == dict.fromkeys(
        ("geneva_im_schedule", "boston_im_schedule", "models_nightly"),
        dg.DefaultScheduleStatus.RUNNING,
    )


def test_sensor_and_schedule_are_as_frequent_as_the_configuration_says(
    tmp_path: Path, remote: Remote
) -> None:
    project = project_at(tmp_path / "p", remote, schedule={"every_minutes": 120}, poll_seconds=7)
    definitions = build_definitions(project)
    schedule = definitions.resolve_schedule_def("geneva_im_schedule")
    assert schedule.cron_schedule == "0 */2 * * *"
    sensor = definitions.resolve_sensor_def("geneva_im_new_archives")
    assert sensor.minimum_interval_seconds == 7


def test_every_test_of_a_model_is_an_asset_check(location: CodeLocation) -> None:
    keys = location.definitions.resolve_asset_graph().asset_check_keys
    assert all(model.tests for model in MODELS.values())
    assert {(key.asset_key.to_user_string(), key.name) for key in keys} == {
        *((model.name, check_name(test)) for model in MODELS.values() for test in model.tests),
        *((RAW_ARCHIVES, name) for name in checks.OF_COLLECTING),
        *((MESSAGES, name) for name in checks.OF_READING),
    }


def test_every_asset_and_every_column_of_a_model_is_described(definitions: dg.Definitions) -> None:
    for asset in definitions.resolve_all_asset_specs():
        assert asset.description, asset.key
    for model in MODELS.values():
        schema = spec(definitions, model.name).metadata["dagster/column_schema"].value
        assert [(c.name, c.type, c.description) for c in schema.columns] == [
            (c.name, c.type, c.description) for c in model.columns
        ]
        assert all(column.description for column in schema.columns)


def test_every_model_and_the_published_database_are_rebuilt_by_themselves(
    definitions: dg.Definitions,
) -> None:
    for name in (*MODELS, PUBLISHED):
        assert spec(definitions, name).automation_condition is not None
