"""Every boundary case costs what a clerk works out by hand, and what the rater says."""

from decimal import Decimal
from fractions import Fraction

import pytest

from tests.rating.boundary_cases import BOUNDARIES, Boundary, Charges, world_of_all
from tests.rating.comparing import Bills, Figures, differences, modelled, rated

pytestmark = pytest.mark.xdist_group("boundaries")


@pytest.fixture(scope="module")
def bills(tmp_path_factory: pytest.TempPathFactory) -> Bills:
    """All cases by the models; the rater agrees with them."""
    world = world_of_all()
    bills = modelled(world, tmp_path_factory.mktemp("boundaries") / "project")
    expected, _ = rated(world)
    assert differences(bills, expected) == {}
    return bills


@pytest.mark.parametrize("case", BOUNDARIES, ids=lambda case: case.name)
def test_a_case_costs_what_a_clerk_works_out(bills: Bills, case: Boundary) -> None:
    found = _charges(bills.lines, case.name)
    if isinstance(case.expected, Decimal):
        assert sum(found.values()) == case.expected
    else:
        assert found == case.expected


def test_a_mark_up_is_on_the_charge_and_not_on_the_cost(bills: Bills) -> None:
    (line,) = _of_plan(bills.lines, "a_mark_up_is_exact_until_the_line", "message")
    assert line[4:6] == (Fraction("0.2"), Fraction("0.265"))


def test_what_an_allowance_covers_or_costs_nothing_is_free(bills: Bills) -> None:
    name = "a_use_is_free_in_part_where_the_allowance_ends_within_it"
    (kilobytes,) = _of_plan(bills.lines, name, "kilobyte")
    assert kilobytes[1:4] == (Fraction(4), Fraction("2.5"), Fraction("1.5"))
    (messages,) = _of_plan(bills.lines, name, "message")
    assert messages[1:4] == (Fraction(2), Fraction(2), Fraction(0))


def test_who_changes_department_has_a_line_of_each(bills: Bills) -> None:
    found = {
        key[3]: figures[0]
        for key, figures in bills.lines.items()
        if key[5] == "departments_change_at_local_midnight" and key[6] == "message"
    }
    assert found == {"Sales": Fraction(2), "Research": Fraction(1)}


def test_tax_is_rounded_on_the_sum_of_the_lines(bills: Bills) -> None:
    centre = "a_currency_without_minor_unit_is_rounded_to_whole_units_C1"
    found = {key: taxes for key, taxes in bills.taxes.items() if key[2] == centre}
    assert list(found.values()) == [(Fraction(1), Fraction(0))]
    assert [(key[1], key[3]) for key in found] == [("nippon", Fraction(10))]


def _charges(lines: Figures, case: str) -> Charges:
    found: dict[tuple[str, str, str, str], Decimal] = {}
    for (month, person, _, _, centre, plan, usage_type, *_), figures in lines.items():
        if plan == case and figures[-1]:
            names = (person.removeprefix(case + "_"), centre.removeprefix(case + "_"))
            key = (names[0], str(month)[:7], names[1], usage_type)
            charge = Decimal(figures[-1].numerator) / figures[-1].denominator
            found[key] = found.get(key, Decimal(0)) + charge
    return found


def _of_plan(lines: Figures, plan: str, usage_type: str) -> list[tuple[Fraction, ...]]:
    return [f for key, f in lines.items() if (key[5], key[6]) == (plan, usage_type)]
