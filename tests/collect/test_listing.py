"""What a listing means: state and upload hour of every file."""

import datetime as dt
from pathlib import Path

import pytest

from eur_pipeline.collect.index import LandingIndex
from eur_pipeline.collect.landing import LandingZone
from eur_pipeline.collect.listing import (
    CLOCK_TOLERANCE,
    WITHIN_A_SECOND,
    State,
    is_temporary,
    survey,
)
from eur_pipeline.collect.remote import RemoteFile
from eur_pipeline.config import Collection
from eur_pipeline.storage import LocalStore

NOW = dt.datetime(2026, 3, 9, 8, 30, tzinfo=dt.UTC)
THIS_HOUR = dt.datetime(2026, 3, 9, 8, tzinfo=dt.UTC)
COLLECTION = Collection(
    name="im",
    site="geneva",
    dialect="avaya-ps",
    presence_domain="presence.example",
    host="sftp.example",
    user="avaya",
    password_env="PASSWORD",
    remote_path="/archives",
    start=dt.date(2026, 3, 1),
)


@pytest.fixture
def index(tmp_path: Path) -> LandingIndex:
    return LandingIndex(LandingZone(LocalStore(tmp_path)), "im")


def hour_of_upload(
    index: LandingIndex, mtime: dt.datetime | None, now: dt.datetime = NOW
) -> dt.datetime:
    file = RemoteFile("/archives/a.xml", 4, mtime)
    (archive,) = survey(COLLECTION, [file], index, now)
    assert archive.state is State.NEW
    return archive.upload_hour


def test_an_archive_belongs_to_the_hour_of_its_mtime(index: LandingIndex) -> None:
    uploaded = dt.datetime(2026, 3, 5, 23, 59, 59, tzinfo=dt.UTC)
    assert hour_of_upload(index, uploaded) == dt.datetime(2026, 3, 5, 23, tzinfo=dt.UTC)


def test_a_server_clock_that_is_a_little_ahead_means_now(index: LandingIndex) -> None:
    assert hour_of_upload(index, NOW + CLOCK_TOLERANCE) == THIS_HOUR
    late = dt.datetime(2026, 3, 9, 8, 58, tzinfo=dt.UTC)
    assert hour_of_upload(index, late + dt.timedelta(minutes=3), late) == THIS_HOUR


def test_nobody_waits_for_a_clock_that_was_set_back(index: LandingIndex) -> None:
    file = RemoteFile("/archives/a.xml", 4, None)
    (archive,) = survey(COLLECTION, [file], index, NOW)
    assert archive.settles_in(NOW) == WITHIN_A_SECOND
    assert archive.settles_in(NOW + WITHIN_A_SECOND) == dt.timedelta()
    assert archive.settles_in(NOW - dt.timedelta(days=1)) == WITHIN_A_SECOND


@pytest.mark.parametrize(
    "mtime",
    [
        None,
        dt.datetime(2026, 2, 28, 23, 59, tzinfo=dt.UTC),
        NOW + CLOCK_TOLERANCE + dt.timedelta(seconds=1),
    ],
)
def test_an_mtime_that_says_nothing_files_by_first_sight_for_ever(
    index: LandingIndex, mtime: dt.datetime | None
) -> None:
    assert hour_of_upload(index, mtime) == THIS_HOUR
    next_day = NOW + dt.timedelta(days=1)
    if mtime is None or mtime < NOW:
        assert hour_of_upload(index, mtime, next_day) == THIS_HOUR


@pytest.mark.parametrize("name", [".im.xml", "im.xml.part", "im.xml.FILEPART", "im.Tmp"])
def test_some_names_say_that_the_upload_goes_on(index: LandingIndex, name: str) -> None:
    (archive,) = survey(COLLECTION, [RemoteFile(f"/archives/{name}", 4, NOW)], index, NOW)
    assert archive.state is State.TEMPORARY


@pytest.mark.parametrize("name", ["im.xml", "part", "im.part.xml", "im.tmp2"])
def test_other_names_are_archives(name: str) -> None:
    assert not is_temporary(COLLECTION, name)
