"""The built-in reading of Avaya Presence Services, against expected records kept as files."""

import datetime as dt
import json
import re
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from eur_pipeline.archives.record import Record, Reject

from .fast.ways import fast
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


@dataclass(frozen=True)
class _Sent:
    """A message as its sender knows it."""

    milliseconds: int
    kind: str
    sender: str
    recipients: list[str]
    conversation: str
    body: str | None
    file: tuple[str, int] | None


_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_NO_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PEOPLE = st.sampled_from(["56207@presence.example", "жанна@presence.example", "o'b&c@x.example"])
_TEXTS = st.text(max_size=60).map(lambda text: _NO_XML.sub("", text))
_NAMES = _TEXTS.map(lambda text: f"n{text}")
_KINDS = {"text": "message", "file": "file_transfer", "invitation": "invite", "typing": "system"}
_SENT = st.lists(
    st.builds(
        _Sent,
        milliseconds=st.integers(1_700_000_000_000, 1_900_000_000_000),
        kind=st.sampled_from(sorted(_KINDS)),
        sender=_PEOPLE,
        recipients=st.lists(_PEOPLE, unique=True, max_size=3),
        conversation=_NAMES,
        body=st.none() | _TEXTS,
        file=st.none() | st.tuples(_NAMES, st.integers(0, 10**15 - 1)),
    ),
    max_size=8,
)


def _written(sent: list[_Sent]) -> bytes:
    root = etree.Element("im-archive")
    for one in sent:
        message = etree.SubElement(
            root,
            "message",
            time=str(one.milliseconds),
            kind=one.kind,
            conversation=one.conversation,
        )
        texts = [("from", one.sender), *(("to", to) for to in one.recipients)]
        for name, text in [*texts, *([] if one.body is None else [("body", one.body)])]:
            etree.SubElement(message, name).text = text
        if one.file is not None:
            etree.SubElement(message, "file", name=one.file[0], size=str(one.file[1]))
    return etree.tostring(root, encoding="utf-8", xml_declaration=True)


def _told(record: Any) -> tuple[Any, ...]:
    named = record.file_name, record.file_bytes
    return (
        (record.sent_at - _EPOCH) // dt.timedelta(milliseconds=1),
        str(record.kind),
        record.sender,
        list(record.recipients),
        record.conversation_id,
        record.body,
        None if named == (None, None) else named,
    )


@given(sent=_SENT)
def test_what_was_sent_is_read_as_it_was_written_in_both_ways(sent: list[_Sent]) -> None:
    content = _written(sent)
    ought = [
        (
            *(one.milliseconds, _KINDS[one.kind], one.sender, one.recipients, one.conversation),
            *(one.body, one.file),
        )
        for one in sent
    ]
    assert [_told(record) for record in records(content)] == ought
    found = fast(content)
    assert found.error is None
    assert [_told(SimpleNamespace(**row)) for row in found.records] == ought
