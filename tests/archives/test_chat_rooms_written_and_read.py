"""What is written in the dialects of chat rooms is read back: who was there, whatever was said."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from eur_pipeline.archives.record import Record

from .chat_rooms import BEGIN, WRITERS, Event, Step, as_audit_log, events, steps
from .reading import records

SHORT = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
KINDS = {"join": "join", "leave": "leave", "say": "message"}
HARD_TEXTS = {
    "markup": "<b>bold</b> &amp; <!-- no --> <?pi?>",
    "the end of a section": "<![CDATA[x]]> ]]>",
    "forged closing tags": "</Content></Message></Conversation></FileDump></body></message>",
    "several scripts": "Привет שלום 你好 👩‍👩‍👧‍👦",
    "60 KB": "ä" * 30_000,
    "white space": " \n\t ",
    "nothing": "",
}


def _ought(event: Event) -> tuple[Any, ...]:
    text = event.text if event.what == "say" else None
    return (KINDS[event.what], event.who, event.recipients, event.room, text, event.at)


def _says(record: Record) -> tuple[Any, ...]:
    who = (str(record.kind), record.sender, frozenset(record.recipients), record.conversation_id)
    return (*who, record.body, record.sent_at)


@pytest.mark.parametrize("way", WRITERS)
@given(drawn=steps)
@SHORT
def test_a_room_is_read_as_it_was_written(way: str, drawn: list[Step]) -> None:
    dialect, write = WRITERS[way]
    happened = events(drawn)
    found = records(write(happened), dialect) if happened else []
    assert Counter(map(_says, found)) == Counter(map(_ought, happened))


@given(drawn=steps)
@SHORT
def test_an_audit_log_is_read_as_it_was_written(drawn: list[Step]) -> None:
    said = [event for event in events(drawn) if event.what == "say"]
    found = records(as_audit_log(said), "openfire")
    assert [(one.sender, one.recipients, one.body, one.sent_at) for one in found] == [
        (event.who, ("somebody@x.example",), event.text, event.at) for event in said
    ]


@pytest.mark.parametrize("text", HARD_TEXTS.values(), ids=HARD_TEXTS)
@pytest.mark.parametrize("way", [*WRITERS, "openfire"])
def test_a_text_that_looks_like_markup_or_is_long_is_a_text(way: str, text: str) -> None:
    dialect, write = WRITERS.get(way, ("openfire", as_audit_log))
    event = Event("say", "p1@x.example", "room0", text, BEGIN, frozenset())
    (record,) = records(write([event]), dialect)
    assert (record.kind, record.body) == ("message", text)
