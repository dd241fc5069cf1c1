"""The landing zone: archives under names of our own, each with its manifest."""

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eur_pipeline.collect.landing import LandingZone, Manifest, hour_folder, safe_name
from eur_pipeline.errors import PermanentError
from eur_pipeline.storage import LocalStore

HOUR = dt.datetime(2026, 3, 9, 8, tzinfo=dt.UTC)
SHA256 = "0123456789abcdef" * 4


@pytest.fixture
def zone(tmp_path: Path) -> LandingZone:
    return LandingZone(LocalStore(tmp_path))


def land(
    zone: LandingZone,
    name: str,
    content: bytes = b"<a/>",
    hour: dt.datetime = HOUR,
    minute: int = 0,
) -> Manifest:
    key = zone.new_key("im", hour, SHA256, name, [])
    zone.store.write(key, content)
    manifest = Manifest(
        collection="im",
        upload_hour=hour,
        name=name,
        remote_path=f"/archives/{name}",
        size=len(content),
        mtime=hour,
        sha256=SHA256,
        collected_at=hour + dt.timedelta(minutes=minute),
        key=key,
        duplicate_of=None,
    )
    zone.record([manifest])
    return manifest


@given(st.text(min_size=1))
def test_a_safe_name_is_no_path_and_no_option_whatever_it_was(name: str) -> None:
    safe = safe_name(name)
    assert len(safe) <= 100
    assert safe.isascii()
    assert not set(safe) & set("/\\ \n\0*?'\"")


def test_a_long_name_keeps_its_end() -> None:
    assert safe_name("x" * 300 + ".xml") == "x" * 96 + ".xml"


def test_a_key_has_collection_hour_hash_and_name(zone: LandingZone) -> None:
    key = zone.new_key("im", HOUR, SHA256, "a b.xml", [])
    assert key == "im/2026-03-09T08Z/0123456789abcdef-a_b.xml"


def test_the_folder_of_an_hour_is_named_in_utc() -> None:
    zurich = HOUR.astimezone(dt.timezone(dt.timedelta(hours=1)))
    assert hour_folder("im", zurich) == "im/2026-03-09T08Z"


def test_a_key_is_given_once(zone: LandingZone) -> None:
    first = land(zone, "a.xml").key
    second = zone.new_key("im", HOUR, SHA256, "a.xml", [])
    third = zone.new_key("im", HOUR, SHA256, "a.xml", [second])
    assert [second, third] == [f"{first}~2", f"{first}~3"]


@pytest.mark.parametrize("name", ["a.xml.json", "a.xml.companion"])
def test_an_archive_called_like_what_lies_beside_another_takes_not_its_place(
    zone: LandingZone, name: str
) -> None:
    first = land(zone, "a.xml").key
    beside = land(zone, name).key
    assert {beside, f"{beside}.json"}.isdisjoint({f"{first}.json", f"{first}.companion"})
    assert {m.name for m in zone.manifests("im")} == {"a.xml", name}


def test_a_manifest_that_cannot_be_read_is_none(zone: LandingZone) -> None:
    key = land(zone, "a.xml").key
    zone.store.write(f"{key}.json", b"{")
    assert zone.manifest(key) is None
    assert zone.new_key("im", HOUR, SHA256, "a.xml", []) == f"{key}~2"


@pytest.mark.parametrize("content", [b"", b"{", b'{"name": "a.xml"}'])
def test_an_hour_with_a_manifest_that_cannot_be_read_is_not_listed_without_it(
    zone: LandingZone, content: bytes
) -> None:
    key = land(zone, "a.xml").key
    good = land(zone, "b.xml")
    zone.store.write(f"{key}.json", content)
    with pytest.raises(PermanentError) as refused:
        zone.landed("im", HOUR)
    assert str(zone.store.path(f"{key}.json")) in str(refused.value)
    assert "restore it from a backup" in str(refused.value)
    assert good.key not in str(refused.value)
    assert zone.legible("im", HOUR) == [good]


def test_a_manifest_of_another_archive_is_no_manifest(zone: LandingZone) -> None:
    first, second = land(zone, "a.xml"), land(zone, "b.xml")
    zone.store.write(f"{second.key}.json", zone.store.read(f"{first.key}.json"))
    with pytest.raises(PermanentError, match=r"b\.xml\.json"):
        zone.landed("im", HOUR)


def test_an_archive_that_an_earlier_version_called_like_a_manifest_is_no_damaged_one(
    zone: LandingZone,
) -> None:
    manifest = land(zone, "a.xml")
    key = f"{hour_folder('im', HOUR)}/{SHA256[:16]}-im.json"
    zone.store.write(key, b"no manifest")
    earlier = manifest.model_copy(update={"key": key})
    zone.record([earlier])
    assert {m.key for m in zone.landed("im", HOUR)} == {manifest.key, key}


def test_the_key_of_an_archive_without_manifest_is_free_again(zone: LandingZone) -> None:
    key = zone.new_key("im", HOUR, SHA256, "a.xml", [])
    zone.store.write(key, b"left by a crash")
    assert zone.new_key("im", HOUR, SHA256, "a.xml", []) == key


def test_a_manifest_is_read_as_it_was_recorded(zone: LandingZone) -> None:
    manifest = land(zone, "Zoë \\x80.xml")
    assert zone.manifest(manifest.key) == manifest
    assert list(zone.manifests("im")) == [manifest]


def test_what_has_no_manifest_is_not_landed(zone: LandingZone) -> None:
    zone.store.write("im/2026-03-09T08Z/x.xml", b"<a/>")
    assert zone.manifest("im/2026-03-09T08Z/x.xml") is None
    assert zone.landed("im", HOUR) == []


def test_an_archive_called_like_a_manifest_is_an_archive(zone: LandingZone) -> None:
    manifest = land(zone, "im.json")
    assert list(zone.manifests("im")) == [manifest]


def test_an_hours_archives_come_in_the_order_of_their_collection(zone: LandingZone) -> None:
    land(zone, "a.xml", minute=2)
    land(zone, "b.xml", minute=1)
    land(zone, "other.xml", hour=HOUR + dt.timedelta(hours=1))
    assert [m.name for m in zone.landed("im", HOUR)] == ["b.xml", "a.xml"]


def test_an_archive_that_is_gone_stays_in_the_ledger_and_is_reported(zone: LandingZone) -> None:
    manifest = land(zone, "a.xml")
    zone.store.remove(manifest.key)
    assert zone.landed("im", HOUR) == [manifest]
    with pytest.raises(PermanentError, match="restore it from a backup"):
        zone.open(manifest)


def test_an_archive_that_cannot_be_opened_is_reported_like_one_that_is_gone(
    zone: LandingZone,
) -> None:
    manifest = land(zone, "a.xml")
    zone.store.remove(manifest.key)
    zone.store.path(manifest.key).mkdir()
    with pytest.raises(PermanentError, match=r"cannot be read \(Is a directory\)"):
        zone.open(manifest)
