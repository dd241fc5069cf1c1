"""A collection's progress in the log: seldom, and with rate and time left."""

import pytest

from assets import progress
from assets.progress import ProgressLog
from eur_pipeline.collect.report import Progress

HALF = Progress(files=1, total_files=2, bytes=5_000, total_bytes=10_000, seconds=5)


def test_a_line_says_how_far_how_fast_and_how_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0)
    said: list[str] = []
    ProgressLog(said.append)(HALF)
    assert said == [
        "1 of 2 files are landed, 5,000 of 10,000 bytes have arrived, 1,000 bytes/s, 5 s left"
    ]


def test_nothing_is_said_twice_in_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 3600)
    said: list[str] = []
    log = ProgressLog(said.append)
    log(HALF)
    assert said == []


def test_before_the_first_byte_no_time_is_known() -> None:
    nothing = Progress(files=0, total_files=2, bytes=0, total_bytes=10_000, seconds=1)
    assert nothing.seconds_left is None
