"""The exports of a real XMPP server, against what its clients sent; and what others export."""

import datetime as dt
from collections import Counter

import pytest

from eur_pipeline.archives.record import Record, Reject
from eur_pipeline.errors import UnreadableArchiveError

from .prosody_run import archived_in, compared, is_stamp_of, row_of
from .reading import CASES, read, records

FOLDER = CASES / "xep-0227"
FILES = sorted(path.name for path in FOLDER.glob("*@*.xml"))


def _read(name: str) -> list[Record]:
    return records((FOLDER / name).read_bytes(), "xep-0227")


@pytest.mark.parametrize("file", FILES)
def test_every_stanza_says_what_its_client_sent(file: str) -> None:
    for record in _read(file):
        says, ought = compared(record, row_of(record), file.removesuffix(".xml"))
        assert says == ought


@pytest.mark.parametrize("file", FILES)
def test_every_archived_event_is_there_as_often_as_it_is_archived(file: str) -> None:
    owner = file.removesuffix(".xml")
    found = Counter(row_of(record)["n"] for record in _read(file))
    assert found == archived_in(f"xep0227/{file}", owner)
    assert {record.owner for record in _read(file)} == {owner}


@pytest.mark.parametrize("file", FILES)
def test_sent_at_is_the_archives_stamp_just_before_the_client_noted_it(file: str) -> None:
    for record in _read(file):
        assert is_stamp_of(record.sent_at, row_of(record))


STAMP = "2026-01-01T10:00:00Z"
AT_TEN = dt.datetime(2026, 1, 1, 10, tzinfo=dt.UTC)


def _message(inside: str = "<body>x</body>", attributes: str = "from='2@x.y/b' to='1@x.y'") -> str:
    return f"<message xmlns='jabber:client' {attributes}>{inside}</message>"


def _archive(*messages: str, stamp: str = STAMP) -> str:
    results = "".join(
        f"<result xmlns='urn:xmpp:mam:2' id='i'><forwarded xmlns='urn:xmpp:forward:0'>"
        f"<delay xmlns='urn:xmpp:delay' stamp='{stamp}'/>{message}</forwarded></result>"
        for message in messages
    )
    return f"<archive xmlns='urn:xmpp:pie:0#mam'>{results}</archive>"


def _user(inside: str, name: str = "1") -> str:
    secrets = (
        "<scram-credentials xmlns='urn:xmpp:pie:0#scram'><salt>SALT</salt></scram-credentials>"
    )
    return f"<user xmlns='urn:xmpp:pie:0' name='{name}' password='SECRET'>{secrets}{inside}</user>"


def _server(*users: str) -> bytes:
    host = f"<host jid='x.y'>{''.join(users)}</host>"
    return f"<server-data xmlns='urn:xmpp:pie:0'>{host}</server-data>".encode()


def test_an_export_can_hold_many_users_and_users_without_messages() -> None:
    found = records(
        _server(_user("", "0"), _user(_archive(_message())), _user(_archive(_message()), "2")),
        "xep-0227",
    )
    assert [record.owner for record in found] == ["1@x.y", "2@x.y"]


def test_an_export_without_any_archive_has_no_records() -> None:
    assert records(_server(_user("<query xmlns='jabber:iq:roster'/>")), "xep-0227") == []


@pytest.mark.parametrize(
    ("part", "owner"), [(_user(_archive(_message())), "1"), (_archive(_message()), None)]
)
def test_the_parts_of_a_split_export_are_read_by_themselves(part: str, owner: str | None) -> None:
    (record,) = records(part.encode(), "xep-0227")
    assert (record.sender, record.recipients, record.body) == ("2@x.y", ("1@x.y",), "x")
    assert record.owner in (owner, f"{owner}@presence.example")


def test_an_export_that_includes_its_parts_is_refused() -> None:
    include = "<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='1.xml'/>"
    with pytest.raises(UnreadableArchiveError, match="XInclude"):
        read(_server(include), "xep-0227")


def test_a_message_that_waits_counts_by_the_servers_own_stamp() -> None:
    delays = (
        "<body>x</body><delay xmlns='urn:xmpp:delay' from='2@x.y' stamp='2026-01-01T08:00:00Z'/>"
        f"<delay xmlns='urn:xmpp:delay' from='x.y' stamp='{STAMP}'/>"
        "<delay xmlns='urn:xmpp:delay' from='z' stamp='2026-01-01T09:00:00Z'/>"
    )
    waiting = f"<offline-messages>{_message(delays)}</offline-messages>"
    (record,) = records(_server(_user(waiting)), "xep-0227")
    assert (record.sent_at, record.owner) == (AT_TEN, "1@x.y")
    assert record.original_sent_at == dt.datetime(2026, 1, 1, 8, tzinfo=dt.UTC)
    assert (record.sender, record.recipients, record.kind) == ("2@x.y", ("1@x.y",), "message")


def test_a_stamp_within_an_archived_message_never_replaces_the_archives() -> None:
    inside = f"<body>x</body><delay xmlns='urn:xmpp:delay' from='x.y' stamp='{STAMP}'/>"
    (reject,) = read(_server(_user(_archive(_message(inside), stamp=""))), "xep-0227")
    assert isinstance(reject, Reject)
    assert reject.field == "sent_at"


def test_without_from_or_to_a_message_is_the_users() -> None:
    archive = _archive(_message(attributes="to='2@x.y'"), _message(attributes="from='1@x.y/a'"))
    own, note = records(_server(_user(archive)), "xep-0227")
    assert (own.sender, own.recipients) == ("1@x.y", ("2@x.y",))
    assert (note.sender, note.recipients) == ("1@x.y", ("1@x.y",))


def test_rooms_that_are_exported_as_a_components_items_are_read() -> None:
    message = _message(attributes="type='groupchat' from='r@muc.x.y/nick' to='r@muc.x.y'")
    content = (
        "<server-data xmlns='urn:xmpp:pie:0'>"
        "<component xmlns='urn:xmpp:pie:0#component' jid='muc.x.y' type='muc'>"
        f"<item name='r'>{_archive(message)}</item></component></server-data>"
    )
    (record,) = records(content.encode(), "xep-0227")
    assert (record.owner, record.conversation_id) == ("r@muc.x.y", "r@muc.x.y")
    assert (record.sender, record.occupant, record.recipients) == (
        "r@muc.x.y/nick",
        "r@muc.x.y/nick",
        (),
    )


def test_no_password_leaves_the_archive() -> None:
    found = read(
        _server(_user(_archive(_message(attributes=""), "<message/>", stamp=""))), "xep-0227"
    )
    assert {type(item) for item in found} == {Reject}
    assert not any(secret in repr(item) for item in found for secret in ("SECRET", "SALT"))
