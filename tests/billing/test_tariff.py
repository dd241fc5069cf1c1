"""What a message costs, and on which days."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from eur_pipeline.billing.tariff import TariffRate, read_tariff
from eur_pipeline.errors import ConfigurationError
from tests.models.lake_project import make_project


def rates(path: Path, *lines: str) -> tuple[TariffRate, ...]:
    return read_tariff(make_project(path, tariff=lines))


def test_a_price_keeps_its_six_digits(tmp_path: Path) -> None:
    (rate,) = rates(tmp_path, "message,internal,2026-03-01,,CHF,0.000001")
    assert rate == TariffRate(
        "message", "internal", dt.date(2026, 3, 1), None, "CHF", Decimal("0.000001")
    )


def test_prices_may_follow_each_other(tmp_path: Path) -> None:
    lines = ("message,internal,,2026-03-10,CHF,1", "message,internal,2026-03-10,,CHF,2")
    assert [rate.price for rate in rates(tmp_path, *lines)] == [Decimal(1), Decimal(2)]


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
        ("message,internal,,,CHF,", "price: expected an amount"),
    ],
)
def test_a_fault_is_named_with_line_and_column(tmp_path: Path, line: str, expected: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        rates(tmp_path, "message,internal,,2020-01-01,CHF,1", line)
    assert "tariff.csv, line 3, " + expected in str(caught.value)


def test_two_prices_cannot_be_valid_on_one_day(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"line 3, valid_from: .* message internal"):
        rates(tmp_path, "message,internal,,,CHF,1", "message,internal,2026-03-10,,CHF,2")
