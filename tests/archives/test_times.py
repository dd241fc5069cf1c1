"""Times that are told by themselves in several places, or by the record before."""

import pytest

from eur_pipeline.archives.record import Record, Reject

from .own_dialect import read_as, records_as

RELATIVE = """\
records: log/chat/m
fields:
  sent_at:
    - {xpath: "@at", format: iso}
    - xpath: "@after"
      format: seconds_after_previous
      start: {xpath: "../@start", format: iso}
  sender: "@by"
"""


def _seconds(*messages: str, start: str = "2026-03-09T10:00:00Z") -> list[str]:
    chat = f'<chat start="{start}">' + "".join(messages) + "</chat>"
    items = read_as(RELATIVE, f"<log>{chat}</log>")
    return [
        f"{item.sent_at:%H:%M:%S}" if isinstance(item, Record) else item.reason for item in items
    ]


UNKNOWN = "expected a time after that of the record before, which is unknown"


def test_each_record_counts_from_the_one_before_and_the_first_from_the_start() -> None:
    found = _seconds(*(f'<m by="a" after="{n}"/>' for n in (5, 10, 0, "0.5")))
    assert found == ["10:00:05", "10:00:15", "10:00:15", "10:00:15"]


def test_a_time_of_its_own_goes_before_and_the_next_counts_from_it() -> None:
    found = _seconds('<m by="a" at="2026-03-09T12:00:00Z" after="7"/>', '<m by="a" after="7"/>')
    assert found == ["12:00:00", "12:00:07"]


def test_after_a_record_without_a_time_the_times_are_unknown_until_one_tells_its_own() -> None:
    found = _seconds(
        '<m by="a" after="soon"/>',
        '<m by="a" after="1"/>',
        '<m by="a" at="2026-03-09T12:00:00Z"/>',
        '<m by="a" after="1"/>',
    )
    assert found == [
        "expected a number of seconds, found a text of 4 characters",
        UNKNOWN,
        "12:00:00",
        "12:00:01",
    ]


def test_a_record_that_is_rejected_for_another_reason_still_tells_its_time() -> None:
    found = _seconds('<m after="5"/>', '<m by="a" after="5"/>')
    assert found == ["expected an address, found nothing", "10:00:10"]


@pytest.mark.parametrize("start", ["", "noon"])
def test_without_a_start_the_first_time_is_unknown(start: str) -> None:
    (reason,) = _seconds('<m by="a" after="5"/>', start=start)
    assert reason.startswith("expected a time")


@pytest.mark.parametrize("after", ["-1", "1e3", "9" * 18])
def test_nonsense_in_place_of_seconds_is_a_reject(after: str) -> None:
    (item,) = read_as(
        RELATIVE,
        f'<log><chat start="2026-03-09T10:00:00Z"><m by="a" after="{after}"/></chat></log>',
    )
    assert isinstance(item, Reject)
    assert item.field == "sent_at"


def test_every_surrounding_element_starts_anew() -> None:
    chats = "".join(
        f'<chat start="2026-03-09T{hour}:00:00Z"><m by="a" after="1"/><m by="a" after="1"/></chat>'
        for hour in (10, 12)
    )
    found = [f"{r.sent_at:%H:%M:%S}" for r in records_as(RELATIVE, f"<log>{chats}</log>")]
    assert found == ["10:00:01", "10:00:02", "12:00:01", "12:00:02"]


def test_a_local_date_and_a_time_of_day_stand_in_two_places() -> None:
    declared = """\
records: log/day/m
fields:
  sent_at:
    xpath: concat(../@date, ' ', @time)
    format: pattern
    pattern: "%d.%m.%Y %I:%M %p"
    time_zone: Europe/Zurich
  sender: "@by"
"""
    (record,) = records_as(
        declared, '<log><day date="9.7.2026"><m time="3:15 PM" by="a"/></day></log>'
    )
    assert record.sent_at.isoformat() == "2026-07-09T13:15:00+00:00"


def test_of_older_stamps_in_different_places_the_oldest_counts() -> None:
    declared = """\
records: log/m
fields:
  sent_at: {xpath: "@at", format: iso}
  original_sent_at: [{xpath: a, format: iso}, {xpath: b, format: epoch_seconds}]
  sender: "@by"
"""
    (record,) = records_as(
        declared,
        '<log><m by="a" at="2026-03-09T00:00:01Z"><a>2026-03-09T00:00:00.5Z</a>'
        "<b>1773014400</b></m></log>",
    )
    assert str(record.original_sent_at) == "2026-03-09 00:00:00+00:00"
