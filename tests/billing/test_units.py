"""Departments and cost centres: by their files, or as the directory mentions them."""

import datetime as dt
from pathlib import Path

import pytest

from eur_pipeline.billing.directory import read_directory
from eur_pipeline.billing.periods import ALWAYS, Period
from eur_pipeline.billing.tree import Ancestor
from eur_pipeline.billing.units import Units, read_units
from eur_pipeline.errors import ConfigurationError
from eur_pipeline.project import Project
from tests.models.lake_project import make_project

ANNA = (
    "p1,Anna,,10001,geneva,Sales,C1,,2026-03-10",
    "p1,Anna,,10001,geneva,Support,C1,2026-03-10,",
)
APRIL = dt.date(2026, 4, 1)


def departments(path: Path, *lines: str, header: str = "department,name,parent") -> Units:
    project = make_project(path, ANNA)
    project.organisation_folder.mkdir()
    text = "\n".join([header + ",valid_from,valid_to", *lines]) + "\n"
    (project.organisation_folder / "departments.csv").write_text(text, encoding="utf-8")
    return read(project, "department")


def read(project: Project, kind: str) -> Units:
    return read_units(project, kind, read_directory(project))


def fault(path: Path, *lines: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        departments(path, *lines)
    return str(caught.value)


def test_without_a_file_units_are_what_the_directory_mentions_while_it_does(
    tmp_path: Path,
) -> None:
    project = make_project(tmp_path, ANNA)
    day = dt.date(2026, 3, 10)
    assert read(project, "department").names == {
        "Sales": [(Period(None, day), "Sales")],
        "Support": [(Period(day, None), "Support")],
        "unknown": [(ALWAYS, "unknown")],
        "shared": [(ALWAYS, "shared")],
    }
    assert read(project, "cost_centre").names["C1"] == [(ALWAYS, "C1")]


def test_names_and_what_is_above_change_with_time(tmp_path: Path) -> None:
    found = departments(
        tmp_path,
        "Sales,Sales and more,Company,,2026-04-01",
        "Sales,Selling,Company,2026-04-01,",
        "Support,Help,Sales,2026-03-01,",
        "Company,The company,,,",
    )
    assert found.names["Sales"] == [
        (Period(None, APRIL), "Sales and more"),
        (Period(APRIL, None), "Selling"),
    ]
    since = Period(dt.date(2026, 3, 1), None)
    assert list(found.tree.ancestors(["Support"])) == [
        Ancestor("Support", "Support", 0, since),
        Ancestor("Support", "Sales", 1, since),
        Ancestor("Support", "Company", 2, since),
    ]


def test_a_file_needs_no_column_for_what_is_above(tmp_path: Path) -> None:
    found = departments(tmp_path, "Sales,S,,", "Support,H,,", header="department,name")
    assert list(found.tree.ancestors(["Sales"])) == [Ancestor("Sales", "Sales", 0, ALWAYS)]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["Sales,,,,"], "departments.csv, line 2, name: expected some text"),
        (["shared,S,,,"], "line 2, department: expected a name other than unknown and shared"),
        (["Sales,S,,,", "Sales,T,,2026-04-01,"], "line 3, valid_from: expected a date on which"),
        (["Sales,S,,,", "Sales,S,,,"], "department Sales is not valid already by line 2"),
        (
            ["Sales,S,,,2026-04-01", "Sales,S,,2026-05-01,"],
            "line 3, valid_from: expected 2026-04-01, the day on which line 2 ends",
        ),
        (["Sales,S,Board,,"], "line 2, parent: expected a department of this file on all days"),
        (["Sales,S,Board,,", "Board,B,,2026-04-01,"], "not always to 2026-04-01; found 'Board'"),
        (["Sales,S,Board,,", "Board,B,Sales,,"], "Sales -> Board -> Sales goes round"),
        (
            ["Sales,S,,,", "Support,S,,2026-03-12,"],
            "directory.csv, line 3, department: expected a department that departments.csv has on",
        ),
        (
            ["Sales,S,,,", "Support,S,,2026-03-12,"],
            "it lacks it from 2026-03-10 to 2026-03-12 (its lines for it: 3); found 'Support'",
        ),
    ],
)
def test_a_fault_is_named_with_its_rows(tmp_path: Path, lines: list[str], expected: str) -> None:
    assert expected in fault(tmp_path, *lines)
