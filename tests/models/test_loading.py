"""A model is its SQL and the `.yml` beside it; what does not fit together is refused by name."""

import shutil
from pathlib import Path

import pytest
import sqlglot

from eur_pipeline.errors import ModelError
from eur_pipeline.models import build, load_models
from eur_pipeline.models.inputs import variables
from eur_pipeline.models.loading import installed_models
from eur_pipeline.models.templates import compile_sql, read_template
from tests.models.lake_project import make_project, record, write_archive

CONFIG = "{{ config(materialized='table', meta={'grain': 'local_date'}) }}\n"
DESCRIPTION = """\
models:
  - name: extra
    description: Something.
    columns:
      - {name: local_date, description: Day., data_type: date}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the installed models, to which the tests add one named `extra`."""
    return Path(shutil.copytree(installed_models(), tmp_path / "models"))


def add(folder: Path, sql: str, description: str = DESCRIPTION) -> None:
    (folder / "marts" / "extra.sql").write_text(sql, encoding="utf-8")
    (folder / "marts" / "extra.yml").write_text(description, encoding="utf-8")


def refusal(folder: Path) -> str:
    with pytest.raises(ModelError) as caught:
        load_models(folder)
    return str(caught.value)


def test_parents_come_before_their_children() -> None:
    seen: set[str] = set()
    for model in load_models():
        assert seen.issuperset(model.parents)
        seen.add(model.name)


def test_every_mart_has_a_test_of_its_own_rows() -> None:
    for model in load_models():
        if model.layer == "marts" and model.name != "messages":
            assert {"rows", "not_null"} <= {test.rule for test in model.tests}, model.name


def test_test_names_are_unique() -> None:
    names = [test.name for model in load_models() for test in model.tests]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("dialect", ["duckdb", "spark"])
def test_every_model_can_be_carried_over_to_another_engine(dialect: str) -> None:
    values = variables()
    for model in load_models():
        sql = compile_sql(model.template, model.name, lambda name: name, values)
        (statement,) = sqlglot.transpile(
            sql, read="duckdb", write=dialect, unsupported_level=sqlglot.ErrorLevel.RAISE
        )
        assert statement.endswith("FROM final")


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (CONFIG + "select * from {{ ref('nowhere') }}", "there is no model 'nowhere'"),
        (CONFIG + "select * from {{ source('lake', 'x') }}", "source 'lake.x' is not in"),
        (CONFIG + "select * from {{ ref('extra') }}", "in a circle"),
        (CONFIG + "select * from {{ ref('charges_by_person_monthly') }}", "cannot read"),
        (CONFIG + "select {{ dbt_utils.star() }}", "a model may use ref, source, var and config"),
        ("select * from {{ ref('messages') }}", "expected config(meta={'grain': ...})"),
        ("{{ config(materialized='view', meta={'grain': 'whole'}) }}", "materialized='table'"),
        ("{{ config(meta={'grain': 'whole'}, unique_key='a') }}", "does not know unique_key"),
    ],
)
def test_a_model_that_cannot_work_is_refused(folder: Path, sql: str, expected: str) -> None:
    add(folder, sql)
    assert expected in refusal(folder)


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        (DESCRIPTION.replace("extra", "other"), "expected a model named 'extra'"),
        (DESCRIPTION.replace("Day.", "''"), "every model and column needs a description"),
        (DESCRIPTION.replace("local_date", "day"), "expected a column local_date, its grain"),
        (
            DESCRIPTION.replace("date}", "date, data_tests: [positive]}"),
            "expected not_null, unique",
        ),
        ("models: [", "extra.yml: not readable"),
    ],
)
def test_a_description_that_does_not_fit_is_refused(
    folder: Path, description: str, expected: str
) -> None:
    add(folder, CONFIG + "select local_date from {{ ref('messages') }}", description)
    assert expected in refusal(folder)


def test_a_model_without_description_is_refused(folder: Path) -> None:
    (folder / "marts" / "extra.sql").write_text(CONFIG, encoding="utf-8")
    assert "expected extra.yml beside it" in refusal(folder)


def test_a_test_has_the_grain_of_its_model(folder: Path) -> None:
    text = "{{ config(meta={'grain': 'whole'}) }} select * from {{ ref('messages') }}"
    (folder / "tests" / "odd.sql").write_text(text, encoding="utf-8")
    assert "odd.sql: expected grain local_date" in refusal(folder)


def test_columns_that_are_not_those_described_are_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(folder, CONFIG + "select local_date, sender from {{ ref('messages') }}")
    models = load_models(folder)
    monkeypatch.setattr("eur_pipeline.models.building.load_models", lambda: models)
    project = make_project(tmp_path / "project")
    write_archive(project, "a.xml", [record("2026-03-10T12:00")])
    with pytest.raises(ModelError, match=r"extra: its SQL gives the columns local_date, sender"):
        build(project)


def test_a_relationship_is_tested_against_the_whole_parent(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    column = (
        "      - {name: owner, description: Owner., data_type: varchar, data_tests: "
        "[{relationships: {arguments: {to: ref('messages'), field: sender}}}]}\n"
    )
    add(
        folder, CONFIG + "select local_date, owner from {{ ref('messages') }}", DESCRIPTION + column
    )
    models = load_models(folder)
    monkeypatch.setattr("eur_pipeline.models.building.load_models", lambda: models)
    project = make_project(tmp_path / "project")
    owners = [None, "10001@presence.example", "nobody"]
    records = [record("2026-03-10T12:00", owner=owner, native_id=str(owner)) for owner in owners]
    write_archive(project, "a.xml", records)
    (failure,) = build(project).failures
    assert failure.sample == ({"owner": "nobody"},)


def test_templates_reach_nothing_but_their_functions() -> None:
    with pytest.raises(ModelError):
        read_template("{{ ref.__globals__ }}", "somewhere")
    template = read_template("select {{ var('secret') }}", "somewhere")
    with pytest.raises(ModelError, match="no variable 'secret'; there are currency"):
        compile_sql(template, "somewhere", str, {"currency": "CHF"})
