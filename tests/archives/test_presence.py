"""Who receives what is said in a conversation: those who are there at that moment."""

import gzip
import io

import pytest

from eur_pipeline.archives.dialect import parse_dialect
from eur_pipeline.archives.limits import DEFAULT_LIMITS, Limits
from eur_pipeline.archives.reader import read_archive
from eur_pipeline.errors import UnreadableArchiveError

from .own_dialect import records_as

DECLARED = """\
records: log/*
fields:
  sent_at: {xpath: "@at", format: epoch_seconds}
  sender: "@by"
  recipients: "@to"
  conversation_id: "@room"
kinds: [{when: self::join, kind: join}, {when: self::leave, kind: leave}]
other_kind: message
participants: present
"""


def _told(*events: str) -> dict[int, set[str]]:
    """Who received the message of that second; an event is `what who second [room]`."""
    elements = ""
    for event in events:
        what, who, second, room = (*event.split(), "r")[:4]
        elements += f'<{what} by="{who}" at="{1_773_014_400 + int(second)}" room="{room}"/>'
    found = records_as(DECLARED, f"<log>{elements}</log>")
    return {
        int(record.sent_at.timestamp()) - 1_773_014_400: set(record.recipients)
        for record in found
        if record.kind == "message"
    }


def test_recipients_change_while_the_conversation_goes_on() -> None:
    found = _told(
        "join a 0",
        "join b 1",
        "m a 2",
        "join c 3",
        "m a 4",
        "leave b 5",
        "m a 6",
        "join b 7",
        "m c 8",
    )
    assert found == {2: {"b"}, 4: {"b", "c"}, 6: {"c"}, 8: {"a", "b"}}


def test_the_time_counts_also_where_joins_and_leaves_are_told_in_a_heap() -> None:
    found = _told(
        "join a 0", "join b 0", "join c 3", "m a 2", "m a 4", "m a 9", "m a 6",
        "leave b 5", "leave c 8", "leave a 10",
    )  # fmt: skip
    assert found == {2: {"b"}, 4: {"b", "c"}, 6: {"c"}, 9: set()}


def test_in_one_second_the_order_in_the_archive_counts() -> None:
    assert _told("join a 0", "join b 1", "m a 1", "leave b 1") == {1: {"b"}}
    assert _told("join a 0", "join b 0", "leave b 1", "m a 1") == {1: set()}
    assert _told("join a 0", "m a 1", "join b 1") == {1: set()}


def test_who_leaves_without_having_come_was_there_from_the_beginning() -> None:
    assert _told("m a 1", "leave b 2", "m a 3") == {1: {"b"}, 3: set()}


def test_who_speaks_without_having_come_was_there_from_the_beginning() -> None:
    assert _told("join a 0", "m a 1", "m b 2") == {1: {"b"}, 2: {"a"}}
    assert _told("join a 0", "m a 1", "m b 2", "join b 3") == {1: {"b"}, 2: {"a"}}


def test_every_conversation_has_its_own_participants() -> None:
    assert _told("join a 0 r", "join b 0 r", "join c 0 s", "m a 1 r", "m c 2 s") == {
        1: {"b"},
        2: set(),
    }


def test_joins_and_leaves_have_no_recipients_and_named_ones_go_before() -> None:
    found = records_as(
        DECLARED,
        '<log><join by="a" at="1773014400" room="r"/><join by="b" at="1773014401" room="r"/>'
        '<m by="a" at="1773014402" room="r" to="c@x.y"/></log>',
    )
    assert [record.recipients for record in found] == [(), (), ("c@x.y",)]


def _read(content: bytes, limits: Limits = DEFAULT_LIMITS) -> list[object]:
    dialect = parse_dialect("description: test\n" + DECLARED, "own", "own.yml")
    return list(read_archive(io.BytesIO(content), dialect, presence_domain=None, limits=limits))


def test_an_archive_that_breaks_off_gives_no_record_with_recipients_that_had_left() -> None:
    with pytest.raises(UnreadableArchiveError) as caught:
        _read(b'<log><join by="a" at="1773014400"/><m by="a" at="1773014402"/>')
    assert caught.value.records_before == 2


def test_endless_joins_end_the_reading() -> None:
    joins = "".join(f'<join by="{n}" at="1773014400"/>' for n in range(11))
    with pytest.raises(UnreadableArchiveError, match="at most 10 joins and leaves"):
        _read(f"<log>{joins}</log>".encode(), Limits(joins_and_leaves=10))


def test_many_messages_of_few_people_are_no_joins() -> None:
    content = b"<log>" + b'<m by="a" at="1773014400"/>' * 50 + b"</log>"
    assert len(_read(content, Limits(joins_and_leaves=10))) == 50


def test_the_documents_of_a_packed_archive_are_read_twice_too() -> None:
    content = b'<log><join by="a" at="1773014400"/><m by="b" at="1773014402"/></log>'
    assert _read(gzip.compress(content)) == _read(content)
