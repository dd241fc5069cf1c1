"""The built-in reading of Avaya Presence Services, against expected records kept as files."""

import json
from typing import Any

import pytest

from eur_pipeline.archives.record import Record, Reject

from .reading import CASES, read, records


def _fields(item: Record | Reject, names: Any) -> dict[str, Any]:
    values = {name: getattr(item, name) for name in names}
    if "sent_at" in values:
        values["sent_at"] = (
            values["sent_at"].isoformat(timespec="milliseconds").replace("+00:00", "Z")
        )
    if "recipients" in values:
        values["recipients"] = list(values["recipients"])
    return values


@pytest.mark.parametrize("name", ["normal", "empty", "special", "bad-records"])
def test_an_archive_gives_exactly_the_expected_records(name: str) -> None:
    folder = CASES / "avaya-ps"
    expected = json.loads((folder / f"{name}.expected.json").read_text(encoding="utf-8"))
    found = read((folder / f"{name}.xml").read_bytes())
    assert [_fields(item, row) for item, row in zip(found, expected, strict=True)] == expected


def test_records_and_rejects_together_are_the_records_present() -> None:
    content = (CASES / "avaya-ps" / "bad-records.xml").read_bytes()
    assert [item.ordinal for item in read(content)] == list(
        range(1, content.count(b"<message") + 1)
    )


def test_nothing_of_an_avaya_record_is_guessed() -> None:
    (record,) = records(
        b'<im-archive><message time="1773014400000" kind="text"><from>1@x.y</from></message>'
        b"</im-archive>"
    )
    assert record.native_id is None
    assert record.owner is None
    assert record.original_sent_at is None
    assert record.refers_to is None
    assert record.conversation_id is None
    assert record.body is None


def test_a_recipient_named_twice_counts_once() -> None:
    (record,) = records(
        b'<im-archive><message time="1773014400000"><from>1@x.y</from><to>2@x.y</to>'
        b"<to>2@X.Y/phone</to></message></im-archive>"
    )
    assert record.recipients == ("2@x.y",)


def test_a_time_keeps_its_millisecond_and_may_have_fractions() -> None:
    (record,) = records(
        b'<im-archive><message time="1773014400123.456"><from>1@x.y</from></message></im-archive>'
    )
    assert record.sent_at.isoformat() == "2026-03-09T00:00:00.123456+00:00"
