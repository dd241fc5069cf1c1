"""An interval becomes well-formed archives that say exactly what was sent."""

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from lxml import etree

from eur_pipeline.simulator.archive import Interval, cut
from eur_pipeline.simulator.chat import Message
from eur_pipeline.simulator.texts import PECULIAR_BODIES

START = dt.datetime(2026, 3, 9, 9, tzinfo=dt.UTC)
INTERVAL = Interval("geneva", START, START + dt.timedelta(hours=1))


def message(milliseconds: int = 0, **values: Any) -> Message:
    usual: dict[str, Any] = {
        "site": "geneva",
        "sent_at": START + dt.timedelta(milliseconds=milliseconds),
        "sender": "56207@presence.example",
        "recipients": ("56208@presence.example",),
        "conversation_id": "c-1",
        "kind": "message",
        "body": "hello",
    }
    return Message(**(usual | values))


def sizes(times: Sequence[int], most_records: int) -> list[int]:
    archives = cut(INTERVAL, [message(t) for t in times], most_records=most_records)
    return [len(archive.messages) for archive in archives]


def test_a_silent_interval_still_makes_one_archive(
    read_archive: Callable[[bytes], list[Any]],
) -> None:
    (archive,) = cut(INTERVAL, [])
    assert archive.name == "im_geneva_20260309T1000Z_01.xml"
    assert read_archive(archive.content) == []


def test_a_busy_interval_is_cut_into_numbered_archives() -> None:
    archives = list(cut(INTERVAL, [message(t) for t in range(5)], most_records=2))
    assert [a.name[-7:] for a in archives] == ["_01.xml", "_02.xml", "_03.xml"]
    assert [m for a in archives for m in a.messages] == [message(t) for t in range(5)]


@pytest.mark.parametrize(
    ("times", "expected"),
    [([1, 2, 2, 3], [3, 1]), ([1, 1, 1, 1], [4]), ([1, 2, 3, 3], [2, 2]), ([1, 2], [2])],
)
def test_messages_of_one_millisecond_stay_in_one_archive(
    times: list[int], expected: list[int]
) -> None:
    assert sizes(times, most_records=2) == expected


def test_the_document_says_server_and_interval() -> None:
    (archive,) = cut(INTERVAL, [])
    root = etree.fromstring(archive.content)
    assert root.tag == "im-archive"
    assert dict(root.items()) == {
        "server": "ps-geneva.presence.example",
        "from": "2026-03-09T09:00:00Z",
        "to": "2026-03-09T10:00:00Z",
    }


def test_a_message_is_written_in_the_documented_layout() -> None:
    (archive,) = cut(INTERVAL, [message(123, recipients=("a@x.example", "b@x.example"))])
    assert archive.content.decode() == (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        '<im-archive server="ps-geneva.presence.example" '
        'from="2026-03-09T09:00:00Z" to="2026-03-09T10:00:00Z">\n'
        '<message time="1773046800123" conversation="c-1" kind="text">'
        "<from>56207@presence.example</from><to>a@x.example</to><to>b@x.example</to>"
        "<body>hello</body></message>\n"
        "</im-archive>"
    )


@pytest.mark.parametrize("body", PECULIAR_BODIES)
def test_a_parser_gets_back_every_peculiar_body(
    body: str, read_archive: Callable[[bytes], list[Any]]
) -> None:
    (archive,) = cut(INTERVAL, [message(body=body)])
    assert read_archive(archive.content)[0]["body"] == body


def test_no_body_and_an_empty_body_are_two_things(
    read_archive: Callable[[bytes], list[Any]],
) -> None:
    (archive,) = cut(INTERVAL, [message(body=""), message(kind="invite", body=None)])
    assert [r["body"] for r in read_archive(archive.content)] == ["", None]


def test_a_file_transfer_has_name_and_size(read_archive: Callable[[bytes], list[Any]]) -> None:
    sent = message(kind="file_transfer", body=None, file_name='a "b" <c>.txt', file_bytes=5 * 2**32)
    (archive,) = cut(INTERVAL, [sent])
    (record,) = read_archive(archive.content)
    assert (record["kind"], record["body"]) == ("file_transfer", None)
    assert (record["file_name"], record["file_bytes"]) == ('a "b" <c>.txt', 5 * 2**32)


def test_the_hash_is_that_of_the_document() -> None:
    (archive,) = cut(INTERVAL, [message()])
    assert archive.sha256 == hashlib.sha256(archive.content).hexdigest()
