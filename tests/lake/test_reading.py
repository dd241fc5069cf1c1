"""Which upload hours are read into the lake, and which stay to be read."""

import datetime as dt

import pytest

from eur_pipeline.collect.index import LandingIndex
from eur_pipeline.collect.landing import Manifest
from eur_pipeline.errors import ConfigurationError, PermanentError
from eur_pipeline.intervals import Window
from eur_pipeline.lake import reading
from eur_pipeline.lake.ingest import IngestReport, ingest_hour
from eur_pipeline.models.lake_listing import list_lake
from eur_pipeline.storage import LocalStore
from tests.conftest import archive_xml

from .conftest import HOUR, House

NEXT = HOUR + dt.timedelta(hours=1)
BOTH = Window(HOUR, NEXT + dt.timedelta(hours=1))


def index_of(house: House) -> LandingIndex:
    return LandingIndex(house.landing, "im")


def deliver(house: House, name: str, hour: dt.datetime = HOUR) -> Manifest:
    """Land an archive as the collector does: the index knows of it."""
    manifest = house.land(name, archive_xml(name), hour)
    index_of(house).announce([manifest])
    return manifest


def read(house: House, window: Window = BOTH) -> dict[dt.datetime, IngestReport]:
    return dict(reading.read_window(house.project, house.collection, window))


def test_hours_with_archives_are_read_in_order_and_then_unread_no_more(house: House) -> None:
    deliver(house, "late.xml", NEXT)
    deliver(house, "early.xml")
    assert set(index_of(house).unread()) == {HOUR, NEXT}

    reports = read(house)

    assert [(hour, report.archives) for hour, report in reports.items()] == [(HOUR, 1), (NEXT, 1)]
    assert index_of(house).unread() == {}


def test_hours_without_archives_are_passed_over(house: House) -> None:
    assert read(house) == {}
    assert house.files() == {}


def test_only_the_windows_hours_are_read(house: House) -> None:
    deliver(house, "inside.xml")
    deliver(house, "outside.xml", NEXT)
    assert list(read(house, Window(HOUR, NEXT))) == [HOUR]
    assert set(index_of(house).unread()) == {NEXT}


def test_an_hour_that_was_read_is_read_again_when_it_is_asked_for(house: House) -> None:
    deliver(house, "a.xml")
    read(house)
    files = house.files()
    assert list(read(house)) == [HOUR]
    assert house.files() == files


def test_what_lands_while_an_hour_is_read_stays_unread(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(house, "before.xml")

    def ingest_and_be_overtaken(*arguments: object) -> IngestReport:
        report = ingest_hour(*arguments)  # type: ignore[arg-type]
        deliver(house, "meanwhile.xml")
        return report

    with monkeypatch.context() as patch:
        patch.setattr(reading, "ingest_hour", ingest_and_be_overtaken)
        assert read(house)[HOUR].archives == 1
    assert set(index_of(house).unread()) == {HOUR}

    assert read(house)[HOUR].archives == 2
    assert index_of(house).unread() == {}


def test_an_hour_that_could_not_be_read_stays_unread_and_those_before_it_are_done(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(house, "first.xml")
    deliver(house, "second.xml", NEXT)

    def fail_at_the_second(project: object, collection: object, hour: dt.datetime) -> IngestReport:
        if hour == NEXT:
            raise OSError("no space left on device")
        return ingest_hour(house.project, house.collection, hour)

    monkeypatch.setattr(reading, "ingest_hour", fail_at_the_second)
    with pytest.raises(OSError, match="no space"):
        read(house)

    assert set(index_of(house).unread()) == {NEXT}
    assert [row["archive_name"] for row in house.rows("archives")] == ["first.xml"]


def test_an_hour_whose_second_reading_breaks_off_stays_to_be_read(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(house, "a.xml")
    read(house)
    house.configure("bodies: keep", "bodies: drop")

    def no_room(*_: object) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(LocalStore, "create", no_room)
        with pytest.raises(OSError, match="no space"):
            read(house)
    # The models do without the hour until it is read again.
    assert list_lake(house.project.lake_path)["lake.messages"].files == {}
    assert set(index_of(house).unread()) == {HOUR}

    read(house)
    assert len(list_lake(house.project.lake_path)["lake.messages"].files) == 1
    assert index_of(house).unread() == {}


def test_what_lands_while_an_hour_is_read_again_makes_it_unread(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(house, "before.xml")
    read(house)

    def ingest_and_be_overtaken(*arguments: object) -> IngestReport:
        report = ingest_hour(*arguments)  # type: ignore[arg-type]
        deliver(house, "meanwhile.xml")
        return report

    monkeypatch.setattr(reading, "ingest_hour", ingest_and_be_overtaken)
    read(house)
    assert set(index_of(house).unread()) == {HOUR}


def test_an_archive_that_is_gone_keeps_no_other_hour_from_being_read(house: House) -> None:
    gone = deliver(house, "gone.xml")
    deliver(house, "good.xml", NEXT)
    house.landing.store.remove(gone.key)

    with pytest.raises(PermanentError, match=r"gone\.xml is missing"):
        read(house)

    assert set(index_of(house).unread()) == {HOUR}
    assert [row["archive_name"] for row in house.rows("archives")] == ["good.xml"]


def test_all_hours_that_cannot_be_read_are_named_together(house: House) -> None:
    for name, hour in (("one.xml", HOUR), ("other.xml", NEXT)):
        house.landing.store.remove(deliver(house, name, hour).key)
    with pytest.raises(PermanentError) as failed:
        read(house)
    assert [line.count(".xml is missing") for line in str(failed.value).splitlines()] == [1, 1]


def test_a_dialect_that_cannot_be_used_is_said_once(house: House) -> None:
    deliver(house, "a.xml")
    deliver(house, "b.xml", NEXT)
    house.configure("dialect: avaya-ps", "dialect: no-such-dialect")
    with pytest.raises(ConfigurationError) as failed:
        read(house)
    assert str(failed.value).count("no dialect is named") == 1


@pytest.mark.parametrize("others", [(), ("good.xml",)], ids=["alone", "beside another"])
def test_an_hour_with_a_damaged_manifest_keeps_its_records_and_is_not_read_again(
    house: House, others: tuple[str, ...]
) -> None:
    damaged = deliver(house, "damaged.xml")
    for name in others:
        deliver(house, name)
    read(house)
    files = house.files()
    house.landing.store.write(f"{damaged.key}.json", b"{")

    with pytest.raises(PermanentError, match="cannot be read as the manifest"):
        read(house)

    assert house.files() == files


def test_a_lost_index_makes_every_landed_hour_unread(house: House) -> None:
    house.land("a.xml", archive_xml("hello"))
    assert set(index_of(house).unread()) == {HOUR}
