"""What tariff.csv and the folder tariff/ say together, and which faults are found in them."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from eur_pipeline.billing.periods import ALWAYS, Period
from eur_pipeline.billing.plan_files import Assignment
from eur_pipeline.billing.tariff import read_tariff
from eur_pipeline.errors import ConfigurationError
from tests.billing.tariff_project import PLANS, RATES, tariff
from tests.models.lake_project import TARIFF, make_project

MARCH, APRIL = dt.date(2026, 3, 1), dt.date(2026, 4, 1)


def refusal(path: Path, **files: tuple[str, ...]) -> str:
    with pytest.raises(ConfigurationError) as caught:
        tariff(path, **files)
    return str(caught.value)


def test_tariff_csv_alone_is_the_plan_of_everybody(tmp_path: Path) -> None:
    found = read_tariff(make_project(tmp_path))
    assert [terms.plan for terms in found.plans] == ["tariff"]
    assert {(a.name, a.plan, a.period) for a in found.assignments} == {
        (site, "tariff", ALWAYS) for site in ("company", "geneva", "boston", "unknown")
    }


def test_a_price_keeps_its_six_digits(tmp_path: Path) -> None:
    found = tariff(tmp_path, simple=["message,internal,,,CHF,0.000001", *TARIFF[1:]])
    assert found.rates[0].tiers[0].price == Decimal("0.000001")


def test_internal_is_also_between_sites_unless_a_plan_says_otherwise(tmp_path: Path) -> None:
    rates = ("office,message,between_sites,,,,,,,,,,0.5,,", *RATES)
    found = tariff(tmp_path, plans=PLANS, rates=rates)
    prices = {
        (offer.plan, offer.destination): offer.rate.tiers[0].price
        for offer in found.offers
        if offer.usage_type == "message"
    }
    assert prices["tariff", "between_sites"] == prices["tariff", "internal"] == Decimal("0.01")
    assert prices["office", "between_sites"] == Decimal("0.5")
    assert prices["office", "external"] == Decimal("0.01")


def test_a_band_goes_before_no_band_and_a_day_is_offered_one_rate(tmp_path: Path) -> None:
    bands = ("peak,mon-fri,08:00,18:00",)
    rates = (*RATES, "office,message,,,peak,2026-03-01,2026-04-01,,,,,,0.02,,")
    found = tariff(tmp_path, plans=PLANS, rates=rates, time_bands=bands)
    offered = {
        (offer.time_class, offer.period): offer.rate.tiers[0].price
        for offer in found.offers
        if (offer.plan, offer.usage_type, offer.destination) == ("office", "message", "internal")
    }
    assert offered == {
        ("", ALWAYS): Decimal("0.01"),
        ("peak", Period(None, MARCH)): Decimal("0.01"),
        ("peak", Period(MARCH, APRIL)): Decimal("0.02"),
        ("peak", Period(APRIL, None)): Decimal("0.01"),
    }


def test_a_site_has_its_own_plan_or_the_nearest_ones_above_it(tmp_path: Path) -> None:
    assignments = ("site,company,office,2026-03-01,", "site,geneva,tariff,2026-04-01,")
    found = tariff(tmp_path, plans=PLANS, rates=RATES, assignments=assignments)
    of_geneva = [a for a in found.assignments if a.name == "geneva"]
    assert of_geneva == [
        Assignment("site", "geneva", "tariff", Period(None, MARCH)),
        Assignment("site", "geneva", "office", Period(MARCH, APRIL)),
        Assignment("site", "geneva", "tariff", Period(APRIL, None)),
    ]
    assert {a.plan for a in found.assignments if a.name == "unknown"} == {"tariff"}


def test_the_nearest_sites_tax_goes_first_then_that_of_the_usage_type(tmp_path: Path) -> None:
    taxes = (",,5,,", ",message,6,,", "geneva,,7,2026-03-01,", "geneva,message,8,2026-04-01,")
    found = tariff(tmp_path, taxes=taxes)
    of_messages = {
        (tax.site, tax.period): tax.percent for tax in found.taxes if tax.usage_type == "message"
    }
    assert of_messages["boston", ALWAYS] == Decimal(6)
    assert of_messages["geneva", Period(None, MARCH)] == Decimal(6)
    assert of_messages["geneva", Period(MARCH, APRIL)] == Decimal(7)
    assert of_messages["geneva", Period(APRIL, None)] == Decimal(8)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("call,internal,,,CHF,1", "usage_type: expected one of message, file_transfer"),
        ("message,abroad,,,CHF,1", "destination: expected one of internal, external"),
        ("message,internal,,,EUR,1", "currency: expected one of CHF; found 'EUR'"),
        ("message,internal,,,CHF,-1", "price: expected an amount"),
        ("message,internal,,,CHF,1e3", "price: expected an amount"),
        ("message,internal,,,CHF,0.0000001", "price: expected an amount"),
        ("message,internal,,,CHF,1234567890123", "price: expected an amount"),
        ("message,internal,,,CHF,", "price: expected some text"),
    ],
)
def test_a_fault_is_named_with_line_and_column(tmp_path: Path, line: str, expected: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        tariff(tmp_path, simple=["message,internal,,2020-01-01,CHF,1", line])
    assert "tariff.csv, line 3, " + expected in str(caught.value)


def test_two_prices_cannot_be_valid_on_one_day(tmp_path: Path) -> None:
    overlapping = ["message,internal,2026-03-10,,CHF,2", *TARIFF]
    with pytest.raises(ConfigurationError, match=r"line 2, valid_from: .* line 3 .*of message"):
        tariff(tmp_path, simple=overlapping)


@pytest.mark.parametrize(
    ("lines", "missing"),
    [
        (TARIFF[1:], "message, internal, mon 00:00, from always to for ever"),
        (TARIFF[:3], "file_transfer, external, mon 00:00, from always to for ever"),
        (
            ["message,internal,,2026-03-01,CHF,1", "message,internal,2026-04-01,,CHF,1"],
            "message, internal, mon 00:00, from 2026-03-01 to 2026-04-01",
        ),
        (
            ["message,internal,2026-03-01,,CHF,1", *TARIFF[1:]],
            "message, internal, mon 00:00, from always to 2026-03-01",
        ),
    ],
)
def test_a_gap_in_tariff_csv_is_named(tmp_path: Path, lines: list[str], missing: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        tariff(tmp_path, simple=lines)
    assert f"tariff.csv: expected a rate of plan tariff for {missing}" in str(caught.value)


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        ("other,message,,,,,,,,,,,1,,", "plan: expected one of office"),
        ("office,call,,,,,,,,,,,1,,", "usage_type: expected one of message"),
        ("office,message,abroad,,,,,,,,,,1,,", "destination: expected one of , internal"),
        ("office,message,internal,@x,,,,,,,,,1,,", "prefix: expected nothing, because the dest"),
        ("office,message,,,lunch,,,,,,,,1,,", "time_band: expected one of , peak"),
        ("office,message,external,,,,,step,,,,,1,,", "tiering: expected one of , flat"),
        ("office,message,external,,,,,,,10,,,1,,", "unit_size: expected 1, or nothing"),
        ("office,kilobyte,,,,,,,,0.0001,,,1,,", "unit_size: expected a whole number of bytes"),
        ("office,kilobyte,,,,,,,,2,exact,,1,,", "unit_size: expected 1, or nothing"),
        ("office,kilobyte,,,,,,,,,near,,1,,", "rounding: expected one of , up"),
        ("office,message,,,peak,,,package,,,,,1,,", "package_size: expected more than 0"),
        ("office,message,,,peak,,,flat,,,,5,1,,", "package_size: expected nothing"),
        ("office,message,,,peak,,,graduated,5,,,,1,,", "tier_from: expected 0 in the first"),
        ("office,message,,,peak,,,graduated,0.5,,,,1,,", "tier_from: expected a whole number"),
        ("office,message,,,peak,,,,,,,,,,", "price: expected some text"),
        ("office,message,,,peak,,,,,,,,1,2000,", "markup_percent: expected at most 1000"),
        ("office,monthly_fee,internal,,,,,,,,,,1,,", "destination: expected nothing"),
        ("office,monthly_fee,,,peak,,,,,,,,1,,", "time_band: expected nothing"),
        ("office,monthly_fee,,,,,,volume,,,,,1,,", "tiering: expected flat"),
    ],
)
def test_a_fault_in_a_rate_is_named(tmp_path: Path, rate: str, expected: str) -> None:
    bands = ("peak,mon-fri,08:00,18:00",)
    said = refusal(tmp_path, plans=PLANS, rates=(*RATES, rate), time_bands=bands)
    assert f"rates.csv, line 4, {expected}" in said


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ("office,message,,,peak,,,graduated,0,,,,1,,", "tier_from: expected more than in the row"),
        ("office,message,,,peak,,,volume,5,,,,1,,", "tiering: expected what line 4 says"),
        (
            "office,message,,,late,,,,,,,,1,,",
            "valid_from: expected a day and time for which line 4",
        ),
        ("office,message,,,peak,2026-03-01,,,,,,,1,,", "valid_from: expected a day and time"),
    ],
)
def test_rates_that_do_not_go_together_are_named(
    tmp_path: Path, second: str, expected: str
) -> None:
    bands = ("peak,mon-fri,08:00,18:00", "late,fri,17:45,20:00")
    rates = (*RATES, "office,message,,,peak,,,graduated,0,,,,1,,", second)
    said = refusal(tmp_path, plans=PLANS, rates=rates, time_bands=bands)
    assert f"rates.csv, line 5, {expected}" in said


def test_one_usage_type_of_a_plan_is_counted_in_one_unit(tmp_path: Path) -> None:
    kilobytes = ("office,kilobyte,internal,,,,,,,,up,,1,,", "office,kilobyte,,,,,,,,10,up,,1,,")
    said = refusal(tmp_path, plans=PLANS, rates=(*RATES, *kilobytes))
    assert "rates.csv, line 5, unit_size: expected what line 4 says" in said


@pytest.mark.parametrize("prefix", ["all", "internal", "between_sites", "external"])
def test_a_rate_for_a_prefix_has_another_name_than_that_of_a_class(
    tmp_path: Path, prefix: str
) -> None:
    destination = "" if prefix == "all" else prefix
    rates = (
        *RATES,
        *(f"office,delivery,{name},,,,,,,,,,1,," for name in {"", destination}),
        f"office,delivery,,{prefix},,,,,,,,,5,,",
    )
    found = tariff(tmp_path, plans=PLANS, rates=rates)
    assert len({rate.rate_id for rate in found.rates}) == len(found.rates)
    assert len({rate.key for rate in found.rates}) == len(found.rates)


_BY_TEN = "office,delivery,,,,,{end},package,,,,10,0.6,,"
_BY_HUNDRED = "office,delivery,,,,{start},,package,,,,100,5,,"


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        (_BY_TEN, _BY_HUNDRED),
        (_BY_TEN, "office,delivery,,,,{start},,,,,,,0.1,,"),
        ("office,delivery,,,,,{end},graduated,,,,,0.1,,", _BY_HUNDRED),
        ("office,delivery,,,,,{end},,,,,,0.1,,", "office,delivery,,,,{start},,package,,,,1,1,,"),
    ],
)
def test_packages_of_one_month_have_one_size(tmp_path: Path, earlier: str, later: str) -> None:
    day = "2026-03-15"
    rates = (*RATES, earlier.format(end=day), later.format(start=day))
    said = refusal(tmp_path, plans=PLANS, rates=rates)
    assert "rates.csv, line 5, valid_from: expected the first of a month" in said
    assert "line 4 is for the same, and packages of one month have one size" in said
    first = (*RATES, earlier.format(end=MARCH), later.format(start=MARCH))
    assert tariff(tmp_path / "first", plans=PLANS, rates=first).rates


def test_packages_of_one_month_have_one_size_also_around_a_gap(tmp_path: Path) -> None:
    rates = (
        *RATES,
        "office,message,,,peak,,2026-03-10,package,,,,10,0.6,,",
        "office,message,,,peak,2026-03-20,,package,,,,100,5,,",
    )
    said = refusal(tmp_path, plans=PLANS, rates=rates, time_bands=("peak,mon-fri,08:00,18:00",))
    assert "rates.csv, line 5, valid_from: expected the first of a month" in said


def test_the_price_of_a_package_can_change_on_any_day(tmp_path: Path) -> None:
    later = _BY_TEN.format(end="").replace("delivery,,,,,", "delivery,,,,2026-03-15,")
    rates = (*RATES, _BY_TEN.format(end="2026-03-15"), later)
    assert tariff(tmp_path, plans=PLANS, rates=rates).rates


def test_no_two_rates_have_one_name(tmp_path: Path) -> None:
    rates = (*RATES, "office,message,,room@x,peak,,,,,,,,1,,", "office,message,,room@x,,,,,,,,,1,,")
    said = refusal(
        tmp_path,
        plans=PLANS,
        rates=(*rates, "office,message,,room@x/peak,,,,,,,,,2,,"),
        time_bands=("peak,mon-fri,08:00,18:00",),
    )
    assert "rates.csv, line 6, prefix: expected another prefix or time band than make it" in said


@pytest.mark.parametrize(
    ("rates", "missing"),
    [
        (RATES[:1], "file_transfer, internal, mon 00:00"),
        (("office,message,internal,,,,,,,,,,1,,", RATES[1]), "message, external, mon 00:00"),
        (("office,message,,,peak,,,,,,,,1,,", RATES[1]), "message, internal, mon 00:00"),
        ((*RATES, "office,message,,@x,peak,,,,,,,,1,,"), "message, prefix:@x, mon 00:00"),
        ((*RATES, "office,monthly_fee,,,,2026-03-01,,,,,,,1,,"), "monthly_fee, none, from always"),
    ],
)
def test_a_gap_in_a_plan_is_named_before_anything_is_rated(
    tmp_path: Path, rates: tuple[str, ...], missing: str
) -> None:
    said = refusal(tmp_path, plans=PLANS, rates=rates, time_bands=("peak,mon-fri,08:00,18:00",))
    assert f"tariff/rates.csv: expected a rate of plan office for {missing}" in said


@pytest.mark.parametrize(
    ("file", "line", "expected"),
    [
        ("plans", "tariff,CHF,person,,,,,", "plan: expected lower-case letters"),
        ("plans", "late,CHF,team,,,,,", "scope: expected one of person, cost_centre"),
        ("plans", "late,CHF,person,10,5,,,", "maximum: expected no less than the minimum"),
        ("plans", "late,CHF,person,,,weekly,,", "prorate: expected one of , daily"),
        ("plans", "late,CHF,person,,,,2026-03-10,", "valid_from: expected the first of a month"),
        ("plans", "office,CHF,person,,,,2026-03-01,", "valid_from: expected a date on which"),
        ("allowances", "office,message,,1.5,,", "units: expected a whole number of units"),
        ("allowances", "office,delivery,,1,,", "plan: expected a plan that has rates for delivery"),
        ("allowances", "office,monthly_fee,,1,,", "usage_type: expected one of"),
        ("assignments", "team,x,office,,", "scope: expected one of person"),
        ("assignments", "site,rome,office,,", "name: expected one of company, geneva, boston"),
        ("assignments", "default,x,office,,", "name: expected one of"),
        ("assignments", "person,p1,late,,", "plan: expected one of tariff, office"),
        ("taxes", "rome,,5,,", "site: expected one of"),
        ("taxes", ",,5.123,,", "percent: expected an amount"),
        ("time_bands", "Peak,mon,08:00,09:00", "time_band: expected lower-case"),
        ("time_bands", "peak,mon-sun-fri,08:00,09:00", "days: expected days such as mon-fri"),
        ("time_bands", "peak,fri-mon,08:00,09:00", "days: expected days such as mon-fri"),
        ("time_bands", "peak,mon holidays,08:00,09:00", "days: expected days such as mon-fri"),
        ("time_bands", "peak,mon,08:10,09:00", "from: expected a quarter of an hour"),
        ("time_bands", "peak,mon,08:00,24:15", "to: expected a quarter of an hour"),
        ("time_bands", "peak,mon,22:00,06:00", "to: expected a time after `from`"),
        ("holidays", "rome,2026-01-01,", "site: expected one of"),
        ("holidays", "geneva,,", "date: expected a date"),
    ],
)
def test_a_fault_in_the_other_files_is_named(
    tmp_path: Path, file: str, line: str, expected: str
) -> None:
    files = {"plans": PLANS, "rates": RATES}
    files[file] = (*files.get(file, ()), line)
    said = refusal(tmp_path, **files)
    assert f"{file}.csv, line {len(files[file]) + 1}, {expected}" in said


def test_nobody_is_assigned_to_a_plan_that_is_not_valid_then(tmp_path: Path) -> None:
    plans = ("office,CHF,person,,,,2026-03-01,2026-04-01",)
    said = refusal(
        tmp_path, plans=plans, rates=RATES, assignments=("person,p1,office,2026-03-10,",)
    )
    assert "assignments.csv, line 2, plan: expected a plan valid 2026-03-10 to for ever" in said


def test_a_plan_has_no_gap_between_its_terms(tmp_path: Path) -> None:
    plans = ("office,CHF,person,,,,,2026-03-01", "office,CHF,person,9,,,2026-04-01,")
    said = refusal(tmp_path, plans=plans, rates=RATES)
    assert "plans.csv, line 3, valid_from" in said
    assert "from 2026-03-01 to 2026-04-01" in said
