"""New projects: whole, commented, private, and never over one that is there."""

import stat
from pathlib import Path

import pytest

from eur_pipeline.archives.limits import DEFAULT_LIMITS
from eur_pipeline.billing.directory import read_directory
from eur_pipeline.billing.tariff import read_tariff
from eur_pipeline.errors import PermanentError
from eur_pipeline.project import Project
from eur_pipeline.starter import STARTER_FILES, create_project, create_starter


def test_the_starter_can_be_read_by_those_it_is_for(tmp_path: Path) -> None:
    project = create_starter(tmp_path / "new" / "project")
    assert project.config.collections[0].name == "headquarters_im"
    assert read_directory(project)
    assert read_tariff(project)
    assert {p.name for p in project.path.iterdir()} == {*STARTER_FILES, ".env", "data"}


def test_the_starter_names_every_option_there_is(tmp_path: Path) -> None:
    project = create_starter(tmp_path)
    collection = project.config.collections[0]
    assert collection.model_fields_set == set(type(collection).model_fields)
    limits = project.config.limits
    assert limits.model_fields_set == set(type(limits).model_fields)


def test_the_starters_limits_are_those_of_a_project_that_names_none(tmp_path: Path) -> None:
    assert create_starter(tmp_path).config.limits == DEFAULT_LIMITS


def test_the_starter_removes_nothing_from_a_server_until_told_to(tmp_path: Path) -> None:
    assert create_starter(tmp_path).config.collections[0].after_collect == "keep"


def test_secrets_and_data_are_their_owners_alone(tmp_path: Path) -> None:
    create_starter(tmp_path)
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_every_project_has_a_body_key_of_its_own(tmp_path: Path) -> None:
    first, second = create_starter(tmp_path / "1"), create_starter(tmp_path / "2")
    assert len(first.body_key) == 64
    assert first.body_key != second.body_key


def test_a_project_that_is_there_is_left_alone(tmp_path: Path) -> None:
    first = create_starter(tmp_path)
    key = first.body_key
    with pytest.raises(PermanentError, match="is there already"):
        create_starter(tmp_path)
    assert Project(tmp_path).body_key == key


def test_eur_yaml_comes_last_so_that_a_crash_leaves_no_half_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = {"eur.yaml": "x", "directory.csv": "y"}
    written: list[str] = []
    write_text = Path.write_text

    def note(path: Path, *arguments: str, **options: str) -> int:
        written.append(path.name)
        return write_text(path, *arguments, **options)

    monkeypatch.setattr(Path, "write_text", note)
    create_project(tmp_path, texts, {})
    assert written == ["directory.csv", "eur.yaml"]
    assert (tmp_path / ".env").exists()


@pytest.mark.parametrize("name", ["directory.csv", ".env"])
def test_nothing_that_is_there_is_overwritten(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(PermanentError, match="would be overwritten"):
        create_starter(tmp_path)
    assert (tmp_path / name).read_text() == "mine"
    assert not (tmp_path / "eur.yaml").exists()
