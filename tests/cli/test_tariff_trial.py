"""`eur tariff try` and `accept`: what people and programs are shown of another tariff."""

import csv
import io
import json
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner, Result

from eur_pipeline.cli import app, console
from eur_pipeline.errors import ConfigurationError
from eur_pipeline.models import build, publish
from eur_pipeline.project import Project
from tests.billing.test_trial import DOCUMENTS
from tests.models.lake_project import (
    CONFIGURATION,
    TARIFF,
    TARIFF_HEADER,
    copy_of,
    make_project,
    query,
    record,
    write_archive,
)

DEARER = (
    *TARIFF[:1],
    "message,external,,2026-04-10,CHF,0.07",
    "message,external,2026-04-10,,CHF,1",
)
ENTITIES = CONFIGURATION.replace(
    "company_domains: [presence.example]",
    "company_domains: [presence.example],\n"
    "          legal_entities: [{name: us_inc, currency: CHF, sites: [boston]}]",
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Anna and `=Cleo` write to the outside, Bo inside."""
    people = (
        "p1,Anna Huber,,10001,geneva,Sales,C100,,",
        "p2,Bo Lind,,10002,geneva,Support,C200,,",
        "p3,=Cleo,,10003,boston,Sales,C100,,",
    )
    project = make_project(
        tmp_path_factory.mktemp("built") / "project", directory=people, configuration=ENTITIES
    )
    records = [
        record(f"2026-{month:02}-20T12:00", sender, recipients=[to])
        for month in (3, 4)
        for sender, to in (
            ("10001", "a@else.example"),
            ("10002", "10001"),
            ("10003", "a@else.example"),
        )
    ]
    write_archive(project, "a.xml", records)
    assert build(project).committed
    publish(project)
    return project


@pytest.fixture
def directory(built: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it; another tariff lies in `plan.csv`."""
    monkeypatch.setattr(console.out, "_width", 120)
    text = "\n".join([TARIFF_HEADER, *DEARER, *TARIFF[2:]]) + "\n"
    (tmp_path / "plan.csv").write_text(text, encoding="utf-8")
    return copy_of(built, tmp_path / "project").path


def run(
    directory: Path, *arguments: str, command: str = "try", answer: str | None = None
) -> Result:
    plan = str(directory.parent / "plan.csv")
    return CliRunner().invoke(
        app, ["tariff", command, plan, *arguments, "--dir", str(directory)], input=answer
    )


def cells(result: Result) -> list[list[str]]:
    """The tables' rows, without their lines."""
    assert result.exit_code == 0, result.output
    rows = [line.strip("│┃").replace("┃", "│").split("│") for line in result.output.splitlines()]
    return [[cell.strip() for cell in row] for row in rows if len(row) > 1]


def test_the_largest_difference_comes_first_and_what_stays_is_counted(directory: Path) -> None:
    result = run(directory, "--month", "2026-04", "--by", "person")
    head, *rows = cells(result)
    assert head == ["person", "cost centre", "legal entity", "as rated", "tried", "difference", "%"]
    assert rows[:2] == [
        ["p1 Anna Huber", "C100", "company, CHF", "0.03", "1.00", "+0.97", "+3,233.3"],
        ["p3 =Cleo", "C100", "us_inc, CHF", "0.03", "1.00", "+0.97", "+3,233.3"],
    ]
    assert rows[2] == ["in all", "", "company, CHF", "0.04", "1.01", "+0.97", "+2,425.0"]
    assert "1 of 3 rows by person are charged as before." in result.output


def test_several_months_are_shown_one_by_one_and_together(directory: Path) -> None:
    rows = cells(run(directory))
    assert ["2026-03", "company, CHF", "0.04", "0.08", "+0.04", "+100.0"] in rows
    assert ["2026-04", "us_inc, CHF", "0.03", "1.00", "+0.97", "+3,233.3"] in rows
    assert ["C100", "company, CHF", "0.06", "1.07", "+1.01", "+1,683.3"] in rows
    assert ["in all", "us_inc, CHF", "0.06", "1.07", "+1.01", "+1,683.3"] in rows


def test_only_so_many_are_shown_as_are_asked_for(directory: Path) -> None:
    result = run(directory, "--by", "person", "--top", "1")
    assert "=Cleo" not in result.output
    assert "1 more rows by person differ." in result.output


def test_a_program_reads_rows_and_totals_as_json(directory: Path) -> None:
    found = json.loads(run(directory, "--month", "2026-03", "--json").output)
    assert found["by"] == "cost_centre"
    assert found["rows"][0] == {
        "month": "2026-03",
        "legal_entity": "company",
        "currency": "CHF",
        "cost_centre": "C100",
        "rated": "0.030",
        "tried": "0.070",
        "difference": "0.040",
        "percent": "133.3",
        "billed": None,
        "adjustment": None,
    }
    assert len(found["rows"]) == 3
    assert [(t["legal_entity"], t["tried"], t["tax_tried"]) for t in found["totals"]] == [
        ("company", "0.080", "0.000"),
        ("us_inc", "0.070", "0.000"),
    ]


def test_csv_has_every_row_and_no_formula(directory: Path) -> None:
    text = run(directory, "--by", "person", "--csv").output
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(r["month"], r["person_id"], r["name"], r["difference"]) for r in rows[:3]] == [
        ("2026-03", "p1", "Anna Huber", "0.040"),
        ("2026-03", "p2", "Bo Lind", "0.000"),
        ("2026-03", "p3", "'=Cleo", "0.040"),
    ]
    assert len(rows) == 6


def test_what_adjustments_of_invoiced_months_would_follow_is_shown(directory: Path) -> None:
    with duckdb.connect(Project(directory).published_path) as connection:
        connection.execute(DOCUMENTS)
    result = run(directory)
    assert "Already invoiced, in CHF: adjustments would follow" in result.output
    assert cells(result)[-1] == ["2026-03", "C100", "company, CHF", "0.02", "0.07", "+0.05"]
    (row,) = [r for r in json.loads(run(directory, "--json").output)["rows"] if r["billed"]]
    assert (row["month"], row["billed"], row["adjustment"]) == ("2026-03", "0.020", "0.050")


def test_a_tariff_that_changes_nothing_says_so(directory: Path) -> None:
    result = CliRunner().invoke(app, ["tariff", "try", "--dir", str(directory)])
    assert result.exit_code == 0
    assert "No month with usage changes" in result.output


@pytest.mark.parametrize(
    "arguments",
    [
        ["--json", "--csv"],
        ["--month", "March"],
        ["--month", "2026-03-02"],
        ["--by", "x"],
        ["--top", "0"],
    ],
)
def test_wrong_use_ends_with_2(directory: Path, arguments: list[str]) -> None:
    assert run(directory, *arguments).exit_code == 2


def test_what_is_tried_and_accepted_is_what_the_next_build_charges(directory: Path) -> None:
    shown = json.loads(run(directory, "--json").output)
    accepted = run(directory, command="accept", answer="y\n")
    assert "to be replaced: tariff.csv" in accepted.output
    assert "In place. The former tariff lies in" in accepted.output
    assert build(Project(directory)).committed
    charges = query(
        Project(directory),
        "select local_month, legal_entity, cost_centre, charge from charges_by_cost_centre_monthly",
    )
    assert {
        (f"{month:%Y-%m}", entity, centre, str(charge)) for month, entity, centre, charge in charges
    } == {(r["month"], r["legal_entity"], r["cost_centre"], r["tried"]) for r in shown["rows"]}


@pytest.mark.parametrize("answer", ["n\n", "\n", ""])
def test_a_tariff_is_in_place_only_after_a_yes(directory: Path, answer: str) -> None:
    before = (directory / "tariff.csv").read_text(encoding="utf-8")
    result = run(directory, command="accept", answer=answer)
    assert result.exit_code == 1
    assert "+0.97" in result.output, "the difference is shown before it is asked"
    assert (directory / "tariff.csv").read_text(encoding="utf-8") == before
    assert not (directory / "data" / "tariffs").exists()


def test_a_script_accepts_without_a_question_and_can_undo_it(directory: Path) -> None:
    found = json.loads(run(directory, "--yes", "--json", command="accept").output)
    assert found["accepted"]["written"] == ["tariff.csv"]
    assert found["difference"]["totals"][0]["difference"] == "0.040"
    former = Path(found["accepted"]["former"])
    rows = list(csv.DictReader((former / "difference.csv").open(encoding="utf-8")))
    assert [row["difference"] for row in rows] == [
        *("0.040", "0.000", "0.040"),
        *("0.970", "0.000", "0.970"),
    ]
    arguments = ["tariff", "accept", str(former), "--yes", "--dir", str(directory)]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    text = "\n".join([TARIFF_HEADER, *TARIFF]) + "\n"
    assert (directory / "tariff.csv").read_text(encoding="utf-8") == text


def test_the_files_in_place_are_nothing_to_accept(directory: Path) -> None:
    arguments = ["tariff", "accept", str(directory / "tariff.csv"), "--dir", str(directory)]
    result = CliRunner().invoke(app, arguments)
    assert (result.exit_code, "Nothing to accept" in result.output) == (0, True)


def test_a_tariff_that_cannot_rate_a_month_is_not_accepted(directory: Path) -> None:
    ended = [line.replace(",,,", ",,2026-04-01,") for line in TARIFF]
    text = "\n".join([TARIFF_HEADER, *ended]) + "\n"
    (directory.parent / "plan.csv").write_text(text, encoding="utf-8")
    result = run(directory, "--yes", command="accept")
    assert isinstance(result.exception, ConfigurationError)
    assert "cannot rate 2026-04" in str(result.exception)
    assert not (directory / "data" / "tariffs").exists()


def test_json_goes_with_yes(directory: Path) -> None:
    assert run(directory, "--json", command="accept").exit_code == 2
