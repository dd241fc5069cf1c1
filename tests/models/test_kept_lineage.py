"""Columns are traced once, and again when the models are others; what is kept is never wrong."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest

from eur_pipeline.errors import StorageError
from eur_pipeline.models import load_models
from eur_pipeline.models.kept_lineage import lineage_of_models
from eur_pipeline.models.lineage import column_lineage
from eur_pipeline.models.model import ColumnSource, Model
from eur_pipeline.project import Project
from eur_pipeline.storage import LocalStore
from tests.models.lake_project import make_project

TRACED = {model.name: column_lineage(model) for model in load_models()}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path)


@pytest.fixture
def traced() -> Iterator[list[str]]:
    """The models that are traced."""
    names: list[str] = []

    def trace(model: Model) -> dict[str, tuple[ColumnSource, ...]]:
        names.append(model.name)
        return column_lineage(model)

    with patch("eur_pipeline.models.lineage.column_lineage", trace):
        yield names


def kept_file(project: Project) -> Path:
    return project.warehouse_path.with_name("lineage.json")


def test_what_is_kept_is_what_is_traced(project: Project, traced: list[str]) -> None:
    assert lineage_of_models(project) == TRACED
    assert set(traced) == TRACED.keys()
    traced.clear()
    assert lineage_of_models(Project(project.path)) == TRACED
    assert traced == []


def test_other_models_are_traced_anew(
    project: Project, traced: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lineage_of_models(project)
    traced.clear()
    first, *others = load_models()
    template = replace(first.template, text=first.template.text + "\n-- the same")
    changed = (replace(first, template=template), *others)
    monkeypatch.setattr("eur_pipeline.models.kept_lineage.load_models", lambda: changed)
    assert lineage_of_models(project) == TRACED
    assert len(traced) == len(changed)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"{}", b"[]", b'{"made_from": "something else"}', b"\xff"]
)
def test_what_cannot_be_used_is_made_anew(project: Project, content: bytes) -> None:
    kept_file(project).write_bytes(content)
    assert lineage_of_models(project) == TRACED
    assert json.loads(kept_file(project).read_bytes())["columns"].keys() == TRACED.keys()


def test_on_a_full_disk_it_is_told_all_the_same(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StorageError("no room")

    monkeypatch.setattr(LocalStore, "write", full)
    assert lineage_of_models(project) == TRACED
    assert not kept_file(project).exists()
