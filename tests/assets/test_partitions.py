"""Upload intervals as partitions: from the collection's start to the interval that is open."""

import datetime as dt
from pathlib import Path

import pytest

from assets.partitions import upload_intervals
from eur_pipeline.config import Collection
from tests.conftest import Remote, project_at

NOW = dt.datetime(2026, 3, 9, 8, 30, tzinfo=dt.UTC)


def _keys(collection: Collection) -> list[str]:
    return list(upload_intervals(collection).get_partition_keys(current_time=NOW))


def _collection(path: Path, remote: Remote, hours: int) -> Collection:
    project = project_at(path, remote, upload_frequency_hours=hours, start=dt.date(2026, 3, 8))
    return project.config.collections[0]


def test_the_open_interval_is_a_partition(tmp_path: Path, remote: Remote) -> None:
    keys = _keys(_collection(tmp_path / "p", remote, 1))
    assert keys[0] == "2026-03-08T00Z"
    assert keys[-1] == "2026-03-09T08Z"
    assert len(keys) == 24 + 9


@pytest.mark.parametrize(
    ("frequency", "last", "count"),
    [(4, "2026-03-09T08Z", 9), (5, "2026-03-09T08Z", 9), (24, "2026-03-09T00Z", 2)],
)
def test_any_frequency_makes_intervals_that_divide_the_day(
    tmp_path: Path, remote: Remote, frequency: int, last: str, count: int
) -> None:
    keys = _keys(_collection(tmp_path / "p", remote, frequency))
    assert keys[-1] == last
    assert len(keys) == count
