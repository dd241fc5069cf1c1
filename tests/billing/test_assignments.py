"""Who is assigned a plan that nobody can have is told after every build."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from eur_pipeline.models import build
from tests.billing.tariff_project import PLANS, RATES
from tests.models.lake_project import make_project, record, write_archive
from tests.rating.world import COLUMNS

# The directory has p1 in cost centre C100 until 2026-03-10, and in C200 from then on.
DIRECTORY = (
    "p1,Anna Huber,,10001,geneva,Sales,C100,,2026-03-10",
    "p1,Anna Huber,,10001,geneva,Support,C200,2026-03-10,",
    "p2,Ben Frei,,10002,geneva,Sales,C100,2026-03-10,",
)
EASTER = dt.date(2026, 4, 5)


def told(path: Path, *assignments: str) -> list[dict[str, Any]]:
    """What a build of one message of March says of assignments; it is committed in any case."""
    project = make_project(path, directory=DIRECTORY)
    project.tariff_folder.mkdir()
    files = {"plans": PLANS, "rates": RATES, "assignments": assignments}
    for name, lines in files.items():
        text = "\n".join([COLUMNS[f"tariff/{name}.csv"], *lines]) + "\n"
        (project.tariff_folder / f"{name}.csv").write_text(text, encoding="utf-8")
    write_archive(project, "a.xml", [record("2026-03-05T12:00")])
    report = build(project)
    assert report.committed
    (test,) = [t for t in report.tests if t.test.name == "assignments_are_of_somebody"]
    return list(test.sample)


def test_an_assignment_to_a_cost_centre_that_is_not_there_is_told(tmp_path: Path) -> None:
    # A letter O in the place of a zero: C100 is billed by the default plan.
    (found,) = told(tmp_path, "cost_centre,C1OO,office,,", "cost_centre,C200,office,,")
    assert (found["scope"], found["name"], found["plan"]) == ("cost_centre", "C1OO", "office")


@pytest.mark.parametrize("row", ["person,p3,office,,", "person,p2,office,,2026-03-10"])
def test_an_assignment_to_a_person_whom_the_directory_does_not_have_then_is_told(
    tmp_path: Path, row: str
) -> None:
    (found,) = told(tmp_path, row)
    assert found["scope"] == "person"


def test_assignments_to_somebody_and_those_of_days_to_come_are_no_reason_for_a_warning(
    tmp_path: Path,
) -> None:
    assert (
        told(
            tmp_path,
            "person,p1,office,2026-03-01,",
            "cost_centre,C100,office,,",
            "person,unknown,office,,",
            "site,geneva,office,,",
            f"person,p9,office,{EASTER},",
        )
        == []
    )
