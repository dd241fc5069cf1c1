"""Which files a tariff is made of, when others are given for some of the project's."""

from pathlib import Path

import pytest

from eur_pipeline.billing.tariff_files import COLUMNS, files_of, files_with
from eur_pipeline.errors import ConfigurationError
from eur_pipeline.project import Project


def file(path: Path, name: str) -> Path:
    """A file with the columns of the one of that name, and one more."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(",".join((*COLUMNS[name], "remark")) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("name", COLUMNS)
def test_a_file_is_known_by_its_columns_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    project, given = Project(tmp_path), file(tmp_path / "next year.csv", name)
    files = files_with(project, [given])
    assert files.path(name) == given
    others = {other: path for other, path in files.paths.items() if other != name}
    assert others == {o: p for o, p in files_of(project).paths.items() if o != name}


def test_a_folder_takes_the_place_of_all_of_tariff(tmp_path: Path) -> None:
    project, folder = Project(tmp_path), tmp_path / "next"
    file(folder / "rates.csv", "rates.csv")
    files = files_with(project, [folder])
    assert files.path("tariff.csv") == tmp_path / "tariff.csv"
    assert {path.parent for name, path in files.paths.items() if name != "tariff.csv"} == {folder}


def test_a_folder_can_be_laid_out_as_a_project_is(tmp_path: Path) -> None:
    folder = tmp_path / "next"
    file(folder / "tariff.csv", "tariff.csv")
    file(folder / "tariff" / "rates.csv", "rates.csv")
    files = files_with(Project(tmp_path), [folder])
    assert files.path("tariff.csv") == folder / "tariff.csv"
    assert files.path("rates.csv") == folder / "tariff" / "rates.csv"


def test_a_file_beside_a_folder_counts_before_the_folders(tmp_path: Path) -> None:
    folder, rates = tmp_path / "next", file(tmp_path / "r.csv", "rates.csv")
    file(folder / "rates.csv", "rates.csv")
    for plans in ([folder, rates], [rates, folder]):
        files = files_with(Project(tmp_path), plans)
        assert files.path("rates.csv") == rates
        assert files.path("plans.csv") == folder / "plans.csv"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,2\n", r"p.csv, line 1: expected the columns of a file of a tariff"),
        ("usage_type,destination,price\n", r"such as tariff.csv \(usage_type, dest.*found dest"),
        ("", "expected the names of the columns; found nothing"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "p.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=message):
        files_with(Project(tmp_path), [path])


def test_what_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"p.csv: no such file"):
        files_with(Project(tmp_path), [tmp_path / "p.csv"])


def test_a_folder_without_files_of_a_tariff_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"expected a folder with files of a tariff"):
        files_with(Project(tmp_path), [tmp_path])


def test_of_two_files_for_the_same_none_is_preferred(tmp_path: Path) -> None:
    pair = [file(tmp_path / f"{name}.csv", "rates.csv") for name in "ab"]
    with pytest.raises(ConfigurationError, match=r"b.csv: .*a.csv is another rates.csv"):
        files_with(Project(tmp_path), pair)
