"""What months would cost with another tariff: beside what they cost, and without a trace."""

import csv
import datetime as dt
import hashlib
import shutil
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from eur_pipeline.billing.tariff_files import files_of, files_with
from eur_pipeline.billing.trial import DIMENSIONS, Comparison, Party, Sums, totals, try_tariff
from eur_pipeline.errors import ConfigurationError, ModelError
from eur_pipeline.models import build, publish
from eur_pipeline.project import Project
from tests.models.lake_project import (
    TARIFF,
    TARIFF_HEADER,
    copy_of,
    make_project,
    query,
    record,
    write_archive,
    write_tariff,
)
from tests.rating.generating import make_world
from tests.rating.world import COLUMNS, World

pytestmark = pytest.mark.xdist_group("trial")

MARCH, APRIL, MAY = (dt.date(2026, month, 1) for month in (3, 4, 5))
DEARER = (*TARIFF[:1], "message,external,,,CHF,0.07", *TARIFF[2:])
DEARER_FROM_APRIL = (
    *TARIFF[:1],
    "message,external,,2026-04-10,CHF,0.03",
    "message,external,2026-04-10,,CHF,0.07",
    *TARIFF[2:],
)

# Anna's March is invoiced; Bo's invoice was credited.
DOCUMENTS = """
    create or replace table invoices as
    select *, 'invoice' as kind, 'company' as legal_entity, date '2026-03-01' as invoice_month
    from (values ('issued', 'C100'), ('credited', 'C200')) as documents (status, cost_centre);
    create or replace table billed_by_cost_centre_monthly as
    select
        date '2026-03-01' as local_month, 'company' as legal_entity, 'CHF' as currency,
        cost_centre, charge::decimal(18, 3) as charge
    from (values ('C100', 0.02), ('C200', 0)) as billed (cost_centre, charge);
"""


def published(project: Project) -> Project:
    report = build(project)
    assert report.committed, [failure.message for failure in report.failures]
    publish(project)
    return project


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Anna writes to the outside and Bo to Anna, once in each of three months."""
    project = make_project(tmp_path_factory.mktemp("built") / "project")
    records = [
        record(f"2026-{month:02}-20T12:00", sender, recipients=[to])
        for month in (3, 4, 5)
        for sender, to in (("10001", "who@else.example"), ("10002", "10001"))
    ]
    write_archive(project, "a.xml", records)
    return published(project)


@pytest.fixture
def project(built: Project, tmp_path: Path) -> Project:
    return copy_of(built, tmp_path / "project")


def plan(project: Project, lines: Iterable[str]) -> Path:
    path = project.path.parent / "plan.csv"
    path.write_text("\n".join([TARIFF_HEADER, *lines]) + "\n", encoding="utf-8")
    return path


def tried(project: Project, lines: Iterable[str], *months: dt.date) -> Comparison:
    return try_tariff(project, files_with(project, [plan(project, lines)]), months or None)


def test_a_dearer_price_is_paid_by_those_who_use_what_it_is_for(project: Project) -> None:
    (march,) = tried(project, DEARER, MARCH).months
    assert march.charges == {
        Party("company", "CHF", ("C100",)): Sums(Decimal("0.030"), Decimal("0.070")),
        Party("company", "CHF", ("C200",)): Sums(Decimal("0.010"), Decimal("0.010")),
    }


def test_without_a_month_those_are_tried_that_the_tariff_changes(project: Project) -> None:
    assert [m.month for m in tried(project, DEARER_FROM_APRIL).months] == [APRIL, MAY]
    assert [m.month for m in tried(project, DEARER).months] == [MARCH, APRIL, MAY]
    assert tried(project, TARIFF).months == ()


def test_a_holiday_changes_its_own_month(project: Project) -> None:
    holidays = project.path.parent / "days.csv"
    holidays.write_text("site,date,name\n,2026-04-06,Easter Monday\n", encoding="utf-8")
    comparison = try_tariff(project, files_with(project, [holidays]))
    assert [month.month for month in comparison.months] == [APRIL]
    assert comparison.is_equal


def test_months_are_added_up(project: Project) -> None:
    comparison = tried(project, DEARER_FROM_APRIL)
    assert totals(comparison.charges) == {
        Party("company", "CHF", ()): Sums(Decimal("0.080"), Decimal("0.160"))
    }


def test_another_tax_alone_is_a_difference(project: Project) -> None:
    taxes = project.path.parent / "vat.csv"
    taxes.write_text("site,usage_type,percent,valid_from,valid_to\n,,50,,\n", encoding="utf-8")
    comparison = try_tariff(project, files_with(project, [taxes]), [MARCH])
    assert not any(sums.difference for sums in comparison.charges.values())
    assert not comparison.is_equal
    # Of 0.03 and 0.01, each rounded half up.
    assert list(comparison.taxes.values()) == [Sums(Decimal(0), Decimal("0.030"))]


def test_of_an_invoiced_month_the_adjustment_that_would_follow_is_told(project: Project) -> None:
    with duckdb.connect(project.published_path) as connection:
        connection.execute(DOCUMENTS)
    comparison = tried(project, DEARER)
    anna = Party("company", "CHF", ("C100",))
    assert [month.adjustment(anna) for month in comparison.months] == [Decimal("0.05"), None, None]
    assert comparison.adjustments == {anna: Decimal("0.05")}


def test_a_trial_leaves_no_trace(project: Project) -> None:
    before = contents(project)
    tried(project, DEARER)
    assert contents(project) == before
    with pytest.raises(ConfigurationError):
        tried(project, ["message,internal,,,CHF,0.01"])
    assert contents(project) == before
    assert not project.trial_path.exists()


def contents(project: Project) -> dict[Path, str]:
    paths = (p for p in project.path.rglob("*") if p.is_file() and p.suffix != ".lock")
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def test_a_faulty_tariff_is_told_with_file_and_line(project: Project) -> None:
    with pytest.raises(ConfigurationError, match=r"plan.csv, line 3, price: expected an amount"):
        tried(project, [TARIFF[0], "message,external,,,CHF,-1", *TARIFF[2:]])
    with pytest.raises(ConfigurationError, match=r"plan.csv: expected a rate of plan tariff for"):
        tried(project, TARIFF[:3])


def test_a_tariff_without_a_price_for_a_use_says_for_which(project: Project) -> None:
    ended = [line.replace(",,,", ",,2026-04-01,") for line in TARIFF]
    assert tried(project, ended, MARCH).is_equal
    with pytest.raises(
        ConfigurationError, match=r"cannot rate 2026-04:\n.*plan = tariff, usage_type = message"
    ):
        tried(project, ended, APRIL)


def test_a_month_without_usage_is_refused(project: Project) -> None:
    with pytest.raises(ConfigurationError, match=r"2026-06: .*there is: 2026-03, 2026-04"):
        tried(project, DEARER, MARCH, dt.date(2026, 6, 1))


def test_without_anything_published_there_is_nothing_to_compare_with(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    with pytest.raises(ModelError, match="nothing is published there yet"):
        tried(project, DEARER, MARCH)


def test_what_another_version_published_is_refused(project: Project) -> None:
    with duckdb.connect(project.published_path) as connection:
        connection.execute(
            "alter table intermediate.int_messages_located drop column local_quarter"
        )
    with pytest.raises(ModelError, match="int_messages_located has no local_quarter: another"):
        tried(project, DEARER, MARCH)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, Project]:
    """Many plans of all kinds, with taxes, limits, fees and legal entities."""
    world = make_world(seed=11, combinations=12)
    return world, published(world.write(tmp_path_factory.mktemp("trial") / "project"))


@pytest.mark.parametrize("by", DIMENSIONS)
def test_the_present_tariff_differs_from_itself_nowhere(
    world: tuple[World, Project], by: str
) -> None:
    _, project = world
    months = [
        month
        for (month,) in query(project, "select distinct local_month from charge_lines_monthly")
    ]
    comparison = try_tariff(project, files_of(project), months, by=by)
    assert comparison.is_equal
    keys = ", ".join(("local_month", "legal_entity", "currency", *DIMENSIONS[by]))
    lines = query(project, f"select {keys}, sum(charge) from charge_lines_monthly group by {keys}")
    assert {
        (month.month, party.legal_entity, party.currency, *party.labels, sums.rated)
        for month in comparison.months
        for party, sums in month.charges.items()
    } == set(lines)


def test_what_was_tried_is_what_is_built_once_it_is_in_place(
    world: tuple[World, Project], tmp_path: Path
) -> None:
    _, original = world
    project = Project(tmp_path / "project")
    shutil.copytree(original.path, project.path)
    plans = tmp_path / "plans"
    shutil.copytree(project.tariff_folder, plans)
    rewrite_prices(plans / "rates.csv")
    (plans / "allowances.csv").unlink(missing_ok=True)
    expected = try_tariff(project, files_with(project, [plans]), by="usage_type")
    assert expected.months
    assert not expected.is_equal
    shutil.rmtree(project.tariff_folder)
    shutil.copytree(plans, project.tariff_folder)
    published(project)
    built = try_tariff(
        project, files_of(project), [m.month for m in expected.months], by="usage_type"
    )
    assert built.is_equal
    for then, now in zip(expected.months, built.months, strict=True):
        assert amounts(s.tried for s in then.charges.values()) == amounts(
            s.rated for s in now.charges.values()
        )
        assert {p: s.tried for p, s in then.taxes.items() if s.tried} == {
            p: s.rated for p, s in now.taxes.items() if s.rated
        }


def amounts(found: Iterable[Decimal]) -> list[Decimal]:
    return [amount for amount in found if amount]


def rewrite_prices(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows):
        row["price"] = str(Decimal(row["price"]) * (1 + number % 3))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS["tariff/rates.csv"].split(","))
        writer.writeheader()
        writer.writerows(rows)


def test_a_difference_is_in_percent_of_what_is_rated() -> None:
    assert Sums(Decimal(8), Decimal(9)).percent == Decimal("12.5")
    assert Sums(Decimal(-8), Decimal(-9)).percent == Decimal("-12.5")
    assert Sums(Decimal(0), Decimal(9)).percent is None


def test_the_tariff_in_place_can_be_tried_before_it_is_built(project: Project) -> None:
    write_tariff(project, DEARER_FROM_APRIL)
    comparison = try_tariff(project, files_of(project))
    assert [month.month for month in comparison.months] == [APRIL, MAY]
