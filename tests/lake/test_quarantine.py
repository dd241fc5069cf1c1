"""What could not be read: seen in the lake, and read again on demand."""

import datetime as dt

import pytest

from eur_pipeline.collect.index import LandingIndex
from eur_pipeline.errors import ConfigurationError
from eur_pipeline.intervals import Window
from eur_pipeline.lake.quarantine import (
    quarantined,
    read_again,
    read_all_again,
    rejected_records,
)
from eur_pipeline.lake.reading import read_window
from tests.archives.reading import CASES

from .conftest import HOUR, House

NEXT = HOUR + dt.timedelta(hours=1)
LAST = HOUR + dt.timedelta(hours=2)
DIALECT = (
    "description: of this site\nrecords: {records}\n"
    "fields: {{sent_at: {{xpath: '@time', format: epoch_milliseconds}}, sender: from}}\n"
)


def case(name: str) -> bytes:
    return (CASES / "avaya-ps" / f"{name}.xml").read_bytes()


@pytest.fixture
def full_house(house: House) -> House:
    """Three hours: one archive broken, one with rejects, and one read well; all read once."""
    for name, hour in (("bad-records", NEXT), ("broken", HOUR), ("normal", LAST)):
        house.land(f"{name}.xml", case(name), hour)
    read(house)
    return house


def index_of(house: House) -> LandingIndex:
    return LandingIndex(house.landing, "im")


def read(house: House) -> None:
    for _ in read_window(house.project, house.collection, Window(HOUR, LAST + (LAST - NEXT))):
        pass


def test_what_could_not_be_read_is_listed_by_upload_hour(full_house: House) -> None:
    broken, bad = quarantined(full_house.project)
    assert (broken.name, broken.upload_hour, broken.set_aside) == ("broken.xml", HOUR, True)
    assert "line 4" in str(broken.reason)
    assert (broken.records, broken.rejects) == (1, 0)
    assert (bad.name, bad.upload_hour, bad.set_aside) == ("bad-records.xml", NEXT, False)
    assert (bad.records, bad.rejects) == (12, 7)
    assert (full_house.landing.store.path(broken.landing_path)).read_bytes() == case("broken")


def test_other_collections_are_left_out_on_demand(full_house: House) -> None:
    assert len(quarantined(full_house.project, ["im"])) == 2
    assert quarantined(full_house.project, ["other"]) == []


def test_before_anything_was_read_nothing_is_in_quarantine(house: House) -> None:
    assert quarantined(house.project) == []


def test_rejected_records_are_shown_with_place_reason_and_text(full_house: House) -> None:
    broken, bad = quarantined(full_house.project)
    rejects = rejected_records(full_house.project, bad)
    assert [r.ordinal for r in rejects] == [2, 3, 4, 5, 6, 10, 11]
    assert (rejects[0].line, rejects[0].field) == (4, "sender")
    assert rejects[0].reason == "expected an address, found nothing"
    assert "nobody wrote this" in str(rejects[0].raw)
    assert rejected_records(full_house.project, broken) == []


def test_only_the_hours_of_what_is_in_quarantine_are_marked(full_house: House) -> None:
    assert index_of(full_house).unread() == {}
    marked = read_again(full_house.project, quarantined(full_house.project))
    assert marked == {"im": [HOUR, NEXT]}
    assert set(index_of(full_house).unread()) == {HOUR, NEXT}


def test_a_mended_dialect_empties_the_quarantine(house: House) -> None:
    dialects = house.project.dialects_path
    dialects.mkdir()
    (dialects / "own.yml").write_text(DIALECT.format(records="im-archive/mesage"), encoding="utf-8")
    house.configure("dialect: avaya-ps", "dialect: own")
    house.land("a.xml", case("normal"))
    read(house)
    assert [archive.set_aside for archive in quarantined(house.project)] == [True]

    (dialects / "own.yml").write_text(
        DIALECT.format(records="im-archive/message"), encoding="utf-8"
    )
    read_again(house.project, quarantined(house.project))
    read(house)

    assert quarantined(house.project) == []
    assert len(house.rows("messages")) == 5
    assert index_of(house).unread() == {}


def test_every_hour_can_be_read_again(full_house: House) -> None:
    assert read_all_again(full_house.project, ["im"]) == {"im": [HOUR, NEXT, LAST]}
    assert set(index_of(full_house).unread()) == {HOUR, NEXT, LAST}


def test_an_hour_that_is_marked_while_it_is_read_is_read_once_more(full_house: House) -> None:
    index = index_of(full_house)
    index.mark_unread([HOUR])
    change = index.unread()[HOUR]
    index.mark_unread([HOUR])
    index.mark_read(HOUR, change)
    assert set(index.unread()) == {HOUR}


def test_a_collection_that_there_is_no_more_is_named(full_house: House) -> None:
    found = quarantined(full_house.project)
    full_house.configure("name: im,", "name: renamed,")
    project = type(full_house.project)(full_house.project.path)
    with pytest.raises(ConfigurationError, match="no collection is named 'im'"):
        read_again(project, found)
