"""File transfers that are told in two records."""

import pytest

from eur_pipeline.archives import transfers

from .own_dialect import records_as

DECLARED = """\
records: log/*
fields:
  sent_at: {xpath: "@at", format: iso}
  sender: "@by"
  recipients: "@to"
  file_name: "@name"
  file_bytes: "@size"
kinds: [{when: "self::end[@ok]", kind: file_transfer}]
file_transfers: {start: self::start, end: self::end, key: "@id"}
"""
AT = 'at="2026-03-09T00:00:00Z" by="a@x.y"'


def _log(inside: str) -> str:
    return f"<log>{inside}</log>"


def test_the_end_is_the_transfer_and_has_what_only_its_start_told() -> None:
    start, end = records_as(
        DECLARED,
        _log(f'<start {AT} id="1" name="a.pdf" size="7" to="b@x.y"/><end {AT} id="1" ok=""/>'),
    )
    assert (start.kind, end.kind) == ("system", "file_transfer")
    assert (end.file_name, end.file_bytes, end.recipients) == ("a.pdf", 7, ("b@x.y",))


def test_what_the_end_tells_itself_counts() -> None:
    _, end = records_as(
        DECLARED,
        _log(f'<start {AT} id="1" name="a" size="7"/><end {AT} id="1" ok="" name="b" size="0"/>'),
    )
    assert (end.file_name, end.file_bytes) == ("b", 0)


def test_transfers_under_way_at_once_are_told_apart_by_their_key() -> None:
    *_, two, one = records_as(
        DECLARED,
        _log(
            f'<start {AT} id="1" name="one"/><start {AT} id="2" name="two"/>'
            f'<end {AT} id="2" ok=""/><end {AT} id="1" ok=""/>'
        ),
    )
    assert (two.file_name, one.file_name) == ("two", "one")


def test_an_end_without_its_start_and_a_start_without_its_end_are_records_too() -> None:
    end, start = records_as(DECLARED, _log(f'<end {AT} id="1" ok=""/><start {AT} id="1"/>'))
    assert (end.kind, end.file_name, start.kind) == ("file_transfer", None, "system")


def test_of_endless_starts_the_oldest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfers, "MOST_UNDER_WAY", 2)
    starts = "".join(f'<start {AT} id="{n}" name="{n}"/>' for n in "123")
    *_, one, three = records_as(
        DECLARED, _log(starts + f'<end {AT} id="1" ok=""/><end {AT} id="3" ok=""/>')
    )
    assert (one.file_name, three.file_name) == (None, "3")
