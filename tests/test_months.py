"""A month can be written as people and as spreadsheets write it."""

import datetime as dt

import pytest

from eur_pipeline.months import month_of


@pytest.mark.parametrize("text", ["2026-03", "2026-03-01"])
def test_a_month_is_known_by_its_first_day(text: str) -> None:
    assert month_of(text) == dt.date(2026, 3, 1)


@pytest.mark.parametrize("text", ["2026-03-02", "2026-13", "March", "", "2026"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a month such as 2026-03"):
        month_of(text)
