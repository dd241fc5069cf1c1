"""Periods of days, and what holds on each."""

import datetime as dt

import pytest

from eur_pipeline.billing.periods import ALWAYS, Claim, Period, first_gap, hull, settle

A, B, C, D = (dt.date(2026, month, 1) for month in (1, 2, 3, 4))


def test_the_lowest_rank_holds_and_equal_neighbours_are_one() -> None:
    claims = [Claim((1,), ALWAYS, "far"), Claim((0,), Period(B, C), "near")]
    assert settle(claims) == [
        (Period(None, B), "far"),
        (Period(B, C), "near"),
        (Period(C, None), "far"),
    ]
    assert settle([Claim((0,), Period(A, B), "x"), Claim((0,), Period(B, C), "x")]) == [
        (Period(A, C), "x")
    ]


def test_days_that_nothing_claims_are_left_out() -> None:
    claims = [Claim((0,), Period(A, B), "x"), Claim((0,), Period(C, D), "x")]
    assert settle(claims) == [(Period(A, B), "x"), (Period(C, D), "x")]


@pytest.mark.parametrize(
    ("covered", "wanted", "gap"),
    [
        ([ALWAYS], ALWAYS, None),
        ([Period(None, B), Period(B, None)], ALWAYS, None),
        ([Period(C, None), Period(None, B)], ALWAYS, Period(B, C)),
        ([Period(A, B)], Period(A, C), Period(B, C)),
        ([Period(B, C)], Period(A, C), Period(A, B)),
        ([], ALWAYS, ALWAYS),
    ],
)
def test_the_first_gap(covered: list[Period], wanted: Period, gap: Period | None) -> None:
    assert first_gap(covered, wanted) == gap


def test_neighbours_do_not_overlap() -> None:
    assert not Period(A, B).overlaps(Period(B, None))
    assert Period(A, C).overlaps(Period(B, None))
    assert hull([Period(B, C), Period(A, B)]) == Period(A, C)
