"""Upload hours, the intervals that partition them, and the runs made of them."""

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eur_pipeline.intervals import (
    MOST_INTERVALS_A_RUN,
    Window,
    hour_of,
    interval_of,
    ranges,
)

MIDNIGHT = dt.datetime(2026, 3, 9, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
# Those that a collection can have: the divisors of a day.
INTERVALS = [1, 2, 3, 4, 6, 8, 12, 24]

interval_hours = st.sampled_from(INTERVALS)
hours = st.integers(0, 24 * 120).map(lambda n: MIDNIGHT + n * HOUR)
# Long stretches without a gap, which single hours would hardly ever make, and single hours.
stretches = st.tuples(hours, st.integers(1, 200)).map(
    lambda stretch: {stretch[0] + n * HOUR for n in range(stretch[1])}
)
backlogs = st.lists(stretches | hours.map(lambda hour: {hour}), max_size=6).map(
    lambda parts: set[dt.datetime]().union(*parts)
)


@given(backlogs, interval_hours)
def test_runs_cover_every_hour_once_and_nothing_but_its_intervals(
    backlog: set[dt.datetime], length: int
) -> None:
    runs = ranges(backlog, length)
    covered = [hour for run in runs for hour in run.hours()]
    assert len(covered) == len(set(covered))
    assert set(covered) == {h for hour in backlog for h in interval_of(hour, length).hours()}


@given(backlogs, interval_hours)
def test_runs_are_in_order_and_at_most_so_many_intervals_long(
    backlog: set[dt.datetime], length: int
) -> None:
    runs = ranges(backlog, length)
    assert runs == sorted(runs)
    for run in runs:
        intervals = list(run.intervals(length))
        assert 1 <= len(intervals) <= MOST_INTERVALS_A_RUN
        assert all(interval_of(interval.start, length) == interval for interval in intervals)


@given(backlogs, interval_hours)
def test_there_are_no_more_runs_than_needed(backlog: set[dt.datetime], length: int) -> None:
    """Two runs stand side by side only where the first is full."""
    runs = ranges(backlog, length)
    full = length * MOST_INTERVALS_A_RUN * HOUR
    for first, second in pairwise(runs):
        assert first.end < second.start or first.end - first.start == full


@given(hours, interval_hours)
def test_an_hour_lies_in_its_interval_which_begins_in_step_with_the_day(
    hour: dt.datetime, length: int
) -> None:
    interval = interval_of(hour, length)
    assert hour in interval
    assert len(list(interval.hours())) == length
    assert interval.start.hour % length == 0
    assert interval.start.date() == hour.date()


def test_nothing_to_do_needs_no_run() -> None:
    assert ranges([], 1) == []


@pytest.mark.parametrize("length", INTERVALS)
def test_a_backlog_longer_than_a_run_is_cut_into_several(length: int) -> None:
    count = 2 * MOST_INTERVALS_A_RUN + 1
    runs = ranges(Window(MIDNIGHT, MIDNIGHT + count * length * HOUR).hours(), length)
    assert [len(list(run.intervals(length))) for run in runs] == [50, 50, 1]


def test_a_window_has_its_first_hour_and_not_its_last() -> None:
    window = Window(MIDNIGHT, MIDNIGHT + 2 * HOUR)
    assert MIDNIGHT in window
    assert MIDNIGHT + 2 * HOUR not in window
    assert list(window.hours()) == [MIDNIGHT, MIDNIGHT + HOUR]


def test_an_interval_is_named_by_its_first_hour() -> None:
    assert interval_of(MIDNIGHT + 7 * HOUR, 6).key() == "2026-03-09T06Z"


def test_the_hour_of_an_instant_is_utc_whatever_its_zone() -> None:
    india = dt.timezone(dt.timedelta(hours=5, minutes=30))
    instant = dt.datetime(2026, 3, 9, 5, 29, 59, 999999, tzinfo=india)
    assert hour_of(instant) == MIDNIGHT - HOUR
