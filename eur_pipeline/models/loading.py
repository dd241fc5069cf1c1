"""Finding the SQL models of `dbt_like_sql`, and checking each against the `.yml` beside it.

Nothing is run here; the result is the models in the order in which they can be built.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from eur_pipeline.errors import ModelError
from eur_pipeline.models.grains import READABLE
from eur_pipeline.models.model import Column, Layer, Model, ModelTest, Severity, Source
from eur_pipeline.models.templates import read_template
from eur_pipeline.models.tests_of_columns import column_test

SOURCES_FILE = Path("staging", "sources.yml")
# Settings a model or test may have; anything else (incremental models, say) is not supported.
KNOWN_SETTINGS = {"materialized", "meta", "severity"}


def installed_models() -> Path:
    """The folder of the models that come with this software."""
    return Path(str(files("dbt_like_sql")))


@cache
def load_models(folder: Path | None = None) -> tuple[Model, ...]:
    """All models, parents before children; a ModelError names the file at fault."""
    root = folder or installed_models()
    paths = {path: layer for layer in Layer for path in sorted((root / layer).glob("*.sql"))}
    tables = {path.stem: f"{layer.schema}.{path.stem}" for path, layer in paths.items()}
    models = {path.stem: _load_model(path, layer, tables) for path, layer in paths.items()}
    for path in sorted((root / "tests").glob("*.sql")):
        _attach(_load_row_test(path), models, path)
    _check_references(models, load_sources(folder))
    return _in_order(models)


@cache
def load_sources(folder: Path | None = None) -> dict[str, Source]:
    """The sources of `sources.yml`, by names such as `lake.messages`."""
    content = _read_yaml((folder or installed_models()) / SOURCES_FILE)
    return {
        f"{group['name']}.{table['name']}": Source(
            name=f"{group['name']}.{table['name']}",
            description=table["description"],
            columns=tuple(_columns(table)),
        )
        for group in content["sources"]
        for table in group["tables"]
    }


def _load_model(path: Path, layer: Layer, tables: Mapping[str, str]) -> Model:
    described = _described(path)
    name = path.stem
    template = read_template(path.read_text(encoding="utf-8"), str(path))
    _check_settings(template.settings, path)
    columns = tuple(_columns(described))
    if any(not column.description for column in columns) or not described.get("description"):
        raise ModelError(f"{path.with_suffix('.yml')}: every model and column needs a description")
    tests = tuple(
        column_test(name, template.grain, column["name"], test, tables)
        for column in described["columns"]
        for test in column.get("data_tests", ())
    )
    return Model(name, layer, described["description"], columns, template, tests)


def _described(path: Path) -> dict[str, Any]:
    beside = path.with_suffix(".yml")
    if not beside.exists():
        raise ModelError(f"{path}: expected {beside.name} beside it, describing the model")
    described: dict[str, Any]
    for described in _read_yaml(beside)["models"]:
        if described["name"] == path.stem:
            return described
    raise ModelError(f"{beside}: expected a model named {path.stem!r}")


def _columns(described: dict[str, Any]) -> Iterator[Column]:
    for column in described["columns"]:
        yield Column(column["name"], column["data_type"], column.get("description", ""))


def _load_row_test(path: Path) -> ModelTest:
    """A test in a file of its own; it is about the model that it mentions first."""
    template = read_template(path.read_text(encoding="utf-8"), str(path))
    _check_settings(template.settings, path)
    if not template.refs:
        raise ModelError(f"{path}: expected a test to mention a model by ref('...')")
    return ModelTest(
        name=path.stem,
        model=template.refs[0],
        rule="rows",
        description=path.stem.replace("_", " ").capitalize() + ".",
        severity=Severity(template.settings.get("severity", "error")),
        template=template,
    )


def _attach(test: ModelTest, models: dict[str, Model], path: Path) -> None:
    for name in test.template.refs:
        if name not in models:
            raise ModelError(f"{path}: there is no model {name!r}")
    model = models[test.model]
    if test.template.grain is not model.grain:
        raise ModelError(
            f"{path}: expected grain {model.grain}, that of {model.name}, which it mentions first; "
            f"found {test.template.grain}"
        )
    models[test.model] = replace(model, tests=(*model.tests, test))


def _check_settings(settings: dict[str, Any], path: Path) -> None:
    unknown = settings.keys() - KNOWN_SETTINGS
    if unknown:
        raise ModelError(f"{path}: config() does not know {', '.join(sorted(unknown))}")
    if settings.get("materialized", "table") != "table":
        raise ModelError(f"{path}: expected materialized='table'")
    if "grain" not in settings.get("meta", {}):
        raise ModelError(f"{path}: expected config(meta={{'grain': ...}})")


def _check_references(models: dict[str, Model], sources: dict[str, Source]) -> None:
    for model in models.values():
        for source in model.sources:
            if source not in sources:
                raise ModelError(f"{model.name}: source {source!r} is not in {SOURCES_FILE}")
        for name in model.parents:
            if name not in models:
                raise ModelError(f"{model.name}: there is no model {name!r}")
            if models[name].grain not in READABLE[model.grain]:
                raise ModelError(
                    f"{model.name}: a model by {model.grain} cannot read "
                    f"{name}, which is by {models[name].grain}"
                )
        names = [column.name for column in model.columns]
        if model.grain != "whole" and model.grain not in names:
            raise ModelError(f"{model.name}: expected a column {model.grain}, its grain")


def _in_order(models: dict[str, Model]) -> tuple[Model, ...]:
    graph = {name: model.parents for name, model in models.items()}
    try:
        return tuple(models[name] for name in TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise ModelError(f"models read each other in a circle: {error.args[1]}") from None


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        # libyaml's: every process of the orchestrator reads all descriptions, which took 1.3 s.
        content: dict[str, Any] = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
    except (OSError, yaml.YAMLError) as error:
        raise ModelError(f"{path}: not readable: {error}") from error
    return content
