"""A bill is divided by share of usage to the last coin, and whoever computes it gets the same."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eur_pipeline.billing.bills import read_bills
from eur_pipeline.billing.sites import read_sites
from eur_pipeline.errors import ConfigurationError
from eur_pipeline.models import BuildReport, build
from eur_pipeline.project import Project
from tests.billing.allocation_world import BILL_COLUMNS, Bill, make_allocation_world, write_bills
from tests.models.lake_project import (
    CONFIGURATION,
    Record,
    make_project,
    query,
    record,
    write_archive,
)
from tests.rating.world import COLUMNS

DIRECTORY = tuple(f"p{n},Person {n},,1000{n},geneva,Sales,C{n},," for n in range(1, 5))
PARTS = "select member, amount from bill_allocations_monthly order by bill, member"
MARCH = dt.date(2026, 3, 1)


def bill(**cells: str) -> Bill:
    """100 francs of March, by messages, among cost centres, but for what is said otherwise."""
    usual = {"bill": "carrier", "local_month": "2026-03", "currency": "CHF", "amount": "100"}
    usual |= {"basis": "message", "dimension": "cost_centre", "legal_entity": "", "site": ""}
    return {**usual, **cells}


def sent(*counts: int, month: int = 3) -> list[Record]:
    """So many messages of the first, second, ... person."""
    return [
        record(f"2026-{month:02}-10T12:{number:02}:00", f"1000{person}", recipients=["x@y.example"])
        for person, count in enumerate(counts, start=1)
        for number in range(count)
    ]


def built(project: Project) -> BuildReport:
    report = build(project)
    assert report.committed, [failure.message for failure in report.failures]
    return report


def divided(path: Path, records: list[Record], *bills: Bill) -> dict[str, Decimal]:
    """Every member's part; of several bills, the last one's."""
    project = make_project(path, directory=DIRECTORY)
    write_archive(project, "a.xml", records)
    write_bills(project, list(bills))
    built(project)
    return dict(query(project, PARTS))


@given(seed=st.integers(0, 2**32))
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
def test_all_parts_are_those_of_an_independent_computation(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    world = make_allocation_world(seed, bills=150)
    project = world.write(tmp_path_factory.mktemp("allocation") / "project")
    built(project)
    rows = query(
        project,
        "select local_month, bill, legal_entity, cost_centre, member, is_allocated, used, amount "
        "from bill_allocations_monthly",
    )
    assert len(rows) == len(set(rows))
    assert {(*row[:-2], *map(Fraction, row[-2:])) for row in rows} == set(world.parts())


def test_the_last_coin_of_three_equal_parts_goes_to_the_first_by_name(tmp_path: Path) -> None:
    assert divided(tmp_path, sent(1, 1, 1), bill()) == {
        "C1": Decimal("33.340"),
        "C2": Decimal("33.330"),
        "C3": Decimal("33.330"),
    }


def test_of_equal_fractions_who_used_more_has_the_coin(tmp_path: Path) -> None:
    # Of 5 rappen: 1.25, 3.75 and, of 2 rappen: 0.5 and 1.5.
    assert divided(tmp_path, sent(1, 3), bill(amount="0.02")) == {
        "C1": Decimal("0.000"),
        "C2": Decimal("0.020"),
    }


def test_a_credit_takes_back_what_the_bill_gave_part_by_part(tmp_path: Path) -> None:
    charged = divided(tmp_path / "a", sent(1, 2, 4), bill(amount="9.99"))
    credited = divided(tmp_path / "b", sent(1, 2, 4), bill(amount="-9.99"))
    assert credited == {member: -part for member, part in charged.items()}
    assert sum(credited.values()) == Decimal("-9.99")


def test_yen_are_divided_in_whole_yen(tmp_path: Path) -> None:
    assert divided(tmp_path, sent(1, 1, 1), bill(currency="JPY")) == {
        "C1": Decimal(34),
        "C2": Decimal(33),
        "C3": Decimal(33),
    }


def test_a_bill_that_nobody_used_stays_whole_and_is_reported(tmp_path: Path) -> None:
    project = make_project(tmp_path, directory=DIRECTORY)
    write_archive(project, "a.xml", sent(1))
    write_bills(project, [bill(local_month="2026-05"), bill(basis="file_transfer")])
    report = built(project)
    sql = "select local_month, member, is_allocated, amount from bill_allocations_monthly"
    whole = ("unallocated", False, Decimal(100))
    assert query(project, f"{sql} order by 1") == [(MARCH, *whole), (dt.date(2026, 5, 1), *whole)]
    (warned,) = [test for test in report.tests if test.test.name == "bills_are_allocated"]
    assert warned.failing_rows == 2


def test_usage_that_arrives_late_divides_what_was_whole(tmp_path: Path) -> None:
    project = make_project(tmp_path, directory=DIRECTORY)
    write_archive(project, "a.xml", sent(1))
    write_bills(project, [bill(local_month="2026-05")])
    built(project)
    write_archive(project, "b.xml", sent(1, 1, month=5), "boston_im")
    built(project)
    assert query(project, PARTS) == [("C1", Decimal(50)), ("C2", Decimal(50))]


def test_a_changed_bill_is_divided_anew_and_no_other_month_is(tmp_path: Path) -> None:
    project = make_project(tmp_path, directory=DIRECTORY)
    write_archive(project, "a.xml", [*sent(1), *sent(1, month=4)])
    months = [bill(local_month=month) for month in ("2026-03", "2026-04")]
    write_bills(project, months)
    built(project)
    write_bills(project, [months[0], bill(local_month="2026-04", amount="7")])
    report = built(project)
    rebuilt = {model.model: model.dates for model in report.models if model.dates}
    assert rebuilt == {"bill_allocations_monthly": (dt.date(2026, 4, 1),)}
    write_bills(project, [months[0]])
    built(project)
    assert query(project, PARTS) == [("C1", Decimal(100))]


def test_whom_a_maximum_leaves_with_less_than_nothing_has_no_share_of_charges(
    tmp_path: Path,
) -> None:
    moving = (
        "p1,Anna,,10001,geneva,Sales,C1,,2026-03-20",
        "p1,Anna,,10001,geneva,Sales,C2,2026-03-20,",
        "p2,Bo,,10002,geneva,Sales,C3,,",
    )
    project = make_project(tmp_path, directory=moving)
    project.tariff_folder.mkdir()
    for name, line in (
        ("plans", "capped,CHF,person,,0.01,,,"),
        ("rates", "capped,message,,,,,,,,,,,0.1,,\ncapped,file_transfer,,,,,,,,,,,0.1,,"),
        ("assignments", "person,p1,capped,,"),
    ):
        text = f"{COLUMNS[f'tariff/{name}.csv']}\n{line}\n"
        (project.tariff_folder / f"{name}.csv").write_text(text, encoding="utf-8")
    write_archive(project, "a.xml", sent(3, 5))
    write_bills(project, [bill(basis="charge")])
    built(project)
    charges = dict(query(project, "select cost_centre, charge from charges_by_cost_centre_monthly"))
    assert charges == {"C1": Decimal("0.3"), "C2": Decimal("-0.29"), "C3": Decimal("0.15")}
    assert query(project, PARTS) == [("C1", Decimal("66.67")), ("C3", Decimal("33.33"))]


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"bill": ""}, "bill: expected some text"),
        ({"local_month": "2026-03-02"}, "local_month: expected a month such as 2026-03"),
        ({"local_month": "March"}, "local_month: expected a month"),
        ({"legal_entity": "none"}, "legal_entity: expected one of , company, us_inc"),
        ({"site": "nowhere"}, "site: expected one of"),
        ({"currency": "francs"}, "currency: expected a currency such as CHF"),
        ({"amount": "1.005"}, "amount: expected an amount .* 2 digits .* in CHF; found '1.005'"),
        ({"amount": "1.0", "currency": "JPY"}, "amount: expected an amount .* 0 digits"),
        ({"amount": ""}, "amount: expected some text"),
        ({"amount": "+1"}, "amount: expected an amount"),
        ({"basis": "messages"}, "basis: expected one of message, file_transfer"),
        ({"basis": "charge"}, "legal_entity: expected a legal entity, because charges in CHF, USD"),
        ({"dimension": "team"}, "dimension: expected one of cost_centre"),
    ],
)
def test_a_faulty_bill_is_told_with_its_line(
    tmp_path: Path, cells: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"bills.csv, line 3, {message}"):
        read(tmp_path, bill(bill="first"), bill(**cells))


def test_a_bill_has_one_row_a_month(tmp_path: Path) -> None:
    message = r"line 4, bill: expected a bill that line 2 does not have for 2026-03"
    with pytest.raises(ConfigurationError, match=message):
        read(tmp_path, bill(), bill(local_month="2026-04"), bill(amount="1"))


def test_a_month_is_read_as_a_spreadsheet_writes_it(tmp_path: Path) -> None:
    (read_bill,) = read(tmp_path, bill(local_month="2026-03-01", amount="-12.5"))
    assert (read_bill.local_month, read_bill.minor_units) == (MARCH, -1250)
    assert read_bill.amount == Decimal("-12.50")


def test_without_the_file_there_is_nothing_to_divide(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    assert read_bills(project, read_sites(project)) == ()


def read(path: Path, *bills: Bill) -> tuple[Any, ...]:
    entity = "legal_entities: [{name: us_inc, currency: USD, sites: [boston]}]"
    configuration = CONFIGURATION.replace(
        "company_domains: [presence.example]", f"company_domains: [presence.example], {entity}"
    )
    project = make_project(path, configuration=configuration)
    assert set(bills[0]) == set(BILL_COLUMNS)
    write_bills(project, list(bills))
    return read_bills(project, read_sites(project))
