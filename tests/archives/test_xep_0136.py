"""Collections of XEP-0136, as its examples and sections have them."""

import datetime as dt

import pytest

from eur_pipeline.archives.record import Record, Reject

from .reading import read, records

START = dt.datetime(2026, 3, 9, 2, 56, 15, tzinfo=dt.UTC)


def _chat(inside: str, with_: str = "juliet@capulet.example/chamber", more: str = "") -> str:
    start = "start='2026-03-09T02:56:15Z'"
    return f"<chat xmlns='urn:xmpp:archive' with='{with_}' {start} {more}>{inside}</chat>"


def _answer(chat: str) -> str:
    return f"<iq xmlns='jabber:client' type='result' to='romeo@montague.example/o'>{chat}</iq>"


def _records(content: str) -> list[Record]:
    return records(content.encode(), "xep-0136")


TWO = (
    "<from secs='0'><body>Art thou not Romeo?</body></from>"
    "<to secs='11'><body>Neither, if either thee dislike.</body></to>"
    "<from secs='7'><body>How cam'st thou hither?</body></from>"
)


def test_each_message_is_so_many_seconds_after_the_one_before() -> None:
    found = _records(_answer(_chat(TWO)))
    assert [(record.sent_at - START).total_seconds() for record in found] == [0, 11, 18]


def test_to_is_what_the_owner_sent_and_from_what_the_owner_received() -> None:
    romeo, juliet = "romeo@montague.example", "juliet@capulet.example"
    first, second, _ = _records(_answer(_chat(TWO)))
    assert (first.sender, first.recipients, first.owner) == (juliet, (romeo,), romeo)
    assert (second.sender, second.recipients, second.owner) == (romeo, (juliet,), romeo)
    assert (first.kind, first.body, first.native_id) == ("message", "Art thou not Romeo?", None)


def test_an_absolute_time_counts_by_itself_and_those_after_it_from_there() -> None:
    inside = TWO.replace("<from secs='0'>", "<from utc='2026-03-09T00:32:29Z'>")
    at = [record.sent_at for record in _records(_answer(_chat(inside)))]
    assert at[0] == dt.datetime(2026, 3, 9, 0, 32, 29, tzinfo=dt.UTC)
    assert [(later - at[0]).total_seconds() for later in at] == [0, 11, 18]


def test_every_collection_begins_anew() -> None:
    chats = _chat(TWO) + _chat("<to secs='5'><body>x</body></to>")
    content = (
        "<stream:stream xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:client'>"
        f"{_answer(_chat(TWO))}{_answer(chats)}</stream:stream>"
    )
    found = _records(content)
    assert [(r.sent_at - START).total_seconds() for r in found] == [0, 11, 18, 0, 11, 18, 5]


@pytest.mark.parametrize(
    "around",
    ["{}", "<save xmlns='urn:xmpp:archive'>{}</save>", "<iq type='set' from='r@m.x/o'>{}</iq>"],
)
def test_collections_stand_in_uploads_or_alone(around: str) -> None:
    found = _records(around.format(_chat("<from secs='0'><body>x</body></from>")))
    assert [record.sender for record in found] == ["juliet@capulet.example"]
    assert [record.recipients for record in found] in ([()], [("r@m.x",)])


def test_notes_links_and_forms_are_no_records() -> None:
    inside = (
        "<previous with='a@b.c' start='2026-03-09T01:00:00Z'/>"
        "<x xmlns='jabber:x:data' type='submit'/>"
        "<note utc='2026-03-09T03:04:35Z'>mine</note>"
    )
    assert _records(_answer(_chat(inside + TWO))) == _records(_answer(_chat(TWO)))
    assert _records(_chat("")) == []


def test_in_a_room_the_sender_is_the_address_or_else_the_nickname() -> None:
    room = "balcony@house.capulet.example"
    inside = (
        "<from secs='0' name='benvolio'><body>He will.</body></from>"
        "<from secs='3' name='romeo' jid='romeo@montague.example/o'><body>What?</body></from>"
    )
    hidden, shown = _records(_answer(_chat(inside, with_=room)))
    assert (hidden.sender, shown.sender) == (f"{room}/benvolio", "romeo@montague.example")
    for record, nick in ((hidden, "benvolio"), (shown, "romeo")):
        assert (record.recipients, record.conversation_id) == ((), room)
        assert record.occupant == f"{room}/{nick}"


def test_the_thread_is_the_conversation() -> None:
    inside = "<to secs='0'><body>x</body></to>"
    (record,) = _records(_answer(_chat(inside, more="thread='t1'")))
    assert record.conversation_id == "t1"


def test_a_message_that_cannot_be_dated_is_a_reject_and_so_are_those_that_count_from_it() -> None:
    inside = "<to><body>a</body></to><to secs='1'><body>b</body></to>"
    later = "<to utc='2026-03-09T04:00:00Z'><body>c</body></to><to secs='1'><body>d</body></to>"
    items = read(_answer(_chat(inside + later)).encode(), "xep-0136")
    assert [type(item) for item in items] == [Reject, Reject, Record, Record]


def test_whole_messages_can_be_archived_too() -> None:
    inside = (
        "<to secs='0'><body xmlns='jabber:client'>u</body>"
        "<x xmlns='jabber:x:oob'><url>https://x.y/a%20b.txt</url></x></to>"
    )
    (record,) = _records(_answer(_chat(inside)))
    assert (record.kind, record.body, record.file_name) == ("file_transfer", "u", "a b.txt")


def test_the_answer_of_an_archive_query_is_no_collection() -> None:
    content = (
        b"<stream:stream xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:client'>"
        b"<iq type='result'><fin xmlns='urn:xmpp:mam:2' complete='true'/></iq></stream:stream>"
    )
    assert read(content, "xep-0136") == []
