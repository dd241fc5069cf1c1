"""The index of manifests: quick, and never trusted further than the manifests themselves."""

import datetime as dt
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from eur_pipeline.collect.index import INDEX_NAME, LandingIndex, Stayed
from eur_pipeline.collect.landing import LandingZone, Manifest
from eur_pipeline.collect.remote import RemoteFile
from eur_pipeline.errors import StorageError
from eur_pipeline.storage import LocalStore
from tests.faults.disk import fill, make_room, small_disk

HOUR = dt.datetime(2026, 3, 9, 8, tzinfo=dt.UTC)
FILE = RemoteFile("/archives/a.xml", 4, HOUR)
LATER = HOUR + dt.timedelta(hours=5)


@pytest.fixture
def zone(tmp_path: Path) -> LandingZone:
    return LandingZone(LocalStore(tmp_path))


def manifest_of(file: RemoteFile, sha256: str = "0" * 64) -> Manifest:
    return Manifest(
        collection="im",
        upload_hour=HOUR,
        name=file.name,
        remote_path=file.label,
        size=file.size,
        mtime=file.mtime,
        sha256=sha256,
        collected_at=HOUR,
        key=f"im/2026-03-09T08Z/{file.name}",
        duplicate_of=None,
    )


def land(zone: LandingZone, index: LandingIndex, manifest: Manifest) -> None:
    zone.store.write(manifest.key, b"<a/>")
    index.announce([manifest])
    zone.record([manifest])


def key_of(index: LandingIndex, file: RemoteFile) -> str | None:
    (memory,) = index.recall([file], LATER)
    return next(iter(memory.landed_as), None)


def test_a_landed_file_is_found_by_itself_and_by_its_content(zone: LandingZone) -> None:
    index, manifest = LandingIndex(zone, "im"), manifest_of(FILE)
    land(zone, index, manifest)
    assert key_of(index, FILE) == manifest.key
    assert index.find_contents({manifest.sha256, "f" * 64}) == {manifest.sha256: manifest}


@pytest.mark.parametrize(
    "other",
    [
        RemoteFile("/archives/b.xml", 4, HOUR),
        RemoteFile(FILE.path, 5, HOUR),
        RemoteFile(FILE.path, 4, LATER),
        RemoteFile(FILE.path, 4, None),
    ],
)
def test_another_path_size_or_time_is_another_file(zone: LandingZone, other: RemoteFile) -> None:
    index = LandingIndex(zone, "im")
    land(zone, index, manifest_of(FILE))
    assert key_of(index, other) is None


def test_a_file_without_mtime_is_found_again(zone: LandingZone) -> None:
    index, file = LandingIndex(zone, "im"), RemoteFile("/archives/a.xml", 4, None)
    land(zone, index, manifest_of(file))
    assert key_of(index, file) is not None


def test_what_was_announced_and_never_recorded_is_not_found(zone: LandingZone) -> None:
    index = LandingIndex(zone, "im")
    index.announce([manifest_of(FILE)])
    assert key_of(index, FILE) is None
    assert index.find_contents({"0" * 64}) == {}


def test_collections_have_nothing_in_common(zone: LandingZone) -> None:
    land(zone, LandingIndex(zone, "im"), manifest_of(FILE))
    assert key_of(LandingIndex(zone, "im_2"), FILE) is None


def test_a_lost_index_is_rebuilt_by_whoever_comes_first(zone: LandingZone) -> None:
    manifest = manifest_of(FILE)
    land(zone, LandingIndex(zone, "im"), manifest)
    zone.store.path(f"im/{INDEX_NAME}").unlink()
    with ThreadPoolExecutor(4) as pool:
        indexes = list(pool.map(lambda _: LandingIndex(zone, "im"), range(4)))
    assert [key_of(index, FILE) for index in indexes] == [manifest.key] * 4


def test_an_hour_is_unread_until_it_is_read_as_it_is_now(zone: LandingZone) -> None:
    index = LandingIndex(zone, "im")
    index.announce([manifest_of(FILE)])
    seen = index.unread()[HOUR]
    index.announce([manifest_of(RemoteFile("/archives/b.xml", 4, HOUR))])
    index.mark_read(HOUR, seen)
    assert set(index.unread()) == {HOUR}
    index.mark_read(HOUR, index.unread()[HOUR])
    assert index.unread() == {}


def test_first_sight_does_not_change_while_the_file_does_not(zone: LandingZone) -> None:
    index = LandingIndex(zone, "im")
    grown = RemoteFile(FILE.path, 5, HOUR)
    assert [m.first_seen for m in index.recall([FILE], HOUR)] == [HOUR]
    assert [m.first_seen for m in index.recall([FILE, grown], LATER)] == [HOUR, LATER]


def test_a_file_that_was_gone_is_seen_for_the_first_time_again(zone: LandingZone) -> None:
    index = LandingIndex(zone, "im")
    index.recall([FILE], HOUR)
    index.recall([], HOUR)
    assert [m.first_seen for m in index.recall([FILE], LATER)] == [LATER]


def test_why_a_file_stayed_is_known_until_it_changes(zone: LandingZone) -> None:
    index = LandingIndex(zone, "im")
    stayed = Stayed("permission denied", alarm=True, times=2, again=LATER)
    index.note_stayed([(FILE, stayed)])
    changed = replace(FILE, size=5)
    assert [memory.stayed for memory in index.recall([FILE, changed], LATER)] == [stayed, None]
    index.recall([changed], LATER)
    assert [memory.stayed for memory in index.recall([FILE], LATER)] == [None]


def test_since_when_a_name_is_uncollected_is_known_while_it_is(zone: LandingZone) -> None:
    index = LandingIndex(zone, "im")
    assert since(index, FILE, HOUR) == HOUR
    assert since(index, replace(FILE, size=5), LATER) == HOUR
    land(zone, index, manifest_of(FILE))
    assert since(index, FILE, LATER) is None
    assert since(index, replace(FILE, size=5), LATER) == LATER


def since(index: LandingIndex, file: RemoteFile, now: dt.datetime) -> dt.datetime | None:
    (memory,) = index.recall([file], now)
    return memory.uncollected_since


def test_an_index_of_an_earlier_version_is_used(zone: LandingZone) -> None:
    LandingIndex(zone, "im")
    with closing(sqlite3.connect(zone.store.path(f"im/{INDEX_NAME}"))) as connection:
        connection.executescript("drop table stayed; drop table uncollected")
    assert key_of(LandingIndex(zone, "im"), FILE) is None


def test_the_index_is_no_landed_archive(zone: LandingZone) -> None:
    LandingIndex(zone, "im")
    assert list(zone.manifests("im")) == []


def test_a_damaged_index_says_that_it_can_be_removed(zone: LandingZone) -> None:
    index, manifest = LandingIndex(zone, "im"), manifest_of(FILE)
    land(zone, index, manifest)
    path = zone.store.path(f"im/{INDEX_NAME}")
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(StorageError, match="remove it: it is made anew"):
        index.recall([FILE], LATER)

    path.unlink()
    assert key_of(LandingIndex(zone, "im"), FILE) == manifest.key


def test_a_full_disk_under_the_index_is_named(zone: LandingZone) -> None:
    with small_disk(zone.store.path("im"), 100_000):
        index = LandingIndex(zone, "im")
        fill(zone.store.path("im"))
        many = [RemoteFile(f"/archives/{n}.xml", 4, HOUR) for n in range(2000)]
        with pytest.raises(StorageError, match="full; make room"):
            index.recall(many, LATER)
        make_room(zone.store.path("im"))
        assert len(index.recall(many[:100], LATER)) == 100
