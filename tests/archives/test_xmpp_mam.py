"""The archives of a real XMPP server, against what its clients sent; and what other servers do."""

import datetime as dt
from collections import Counter

import pytest

from eur_pipeline.archives.record import Record

from .prosody_run import DOMAIN, archived_in, compared, is_stamp_of, row_of
from .reading import CASES, records

FOLDER = CASES / "xmpp-mam"
FILES = sorted(path.name for path in FOLDER.glob("*.xml"))


def _read(name: str) -> list[Record]:
    return records((FOLDER / name).read_bytes(), "xmpp-mam")


def _owner(name: str) -> str:
    name = name.removeprefix("mam_").removesuffix(".xml")
    room = name.removeprefix("room_")
    return f"{name}@{DOMAIN}" if room == name else f"{room}@conference.{DOMAIN}"


@pytest.mark.parametrize("file", FILES)
def test_every_stanza_says_what_its_client_sent(file: str) -> None:
    for record in _read(file):
        says, ought = compared(record, row_of(record), _owner(file))
        assert says == ought


@pytest.mark.parametrize("file", FILES)
def test_every_archived_event_is_there_as_often_as_it_is_archived(file: str) -> None:
    found = Counter(row_of(record)["n"] for record in _read(file))
    assert found == archived_in(f"mam_stream/{file}", _owner(file))


@pytest.mark.parametrize("file", FILES)
def test_sent_at_is_the_archives_stamp_just_before_the_client_noted_it(file: str) -> None:
    for record in _read(file):
        assert is_stamp_of(record.sent_at, row_of(record))


@pytest.mark.parametrize("file", FILES)
def test_the_owner_is_the_account_or_the_room_whose_archive_it_is(file: str) -> None:
    assert {record.owner for record in _read(file)} == {_owner(file)}


def _stream(message: str, *, outer: str = "to='1@x.y/a'", lang: str = "xml:lang='en'") -> bytes:
    return (
        "<stream:stream xmlns:stream='http://etherx.jabber.org/streams' "
        f"xmlns='jabber:client' {lang}>"
        f"<message {outer}><result xmlns='urn:xmpp:mam:2' id='not-this'>"
        f"<forwarded xmlns='urn:xmpp:forward:0'>{message}"
        "<delay xmlns='urn:xmpp:delay' stamp='2026-01-01T10:00:00.123456Z'/>"
        "</forwarded></result></message></stream:stream>"
    ).encode()


def _one(inside: str, attributes: str = "from='2@x.y/b' to='1@x.y'", **more: str) -> Record:
    message = f"<message xmlns='jabber:client' {attributes}>{inside}</message>"
    (record,) = records(_stream(message, **more), "xmpp-mam")
    return record


def test_the_archives_stamp_counts_wherever_it_stands_and_to_the_microsecond() -> None:
    record = _one("<body>x</body>")
    assert record.sent_at == dt.datetime(2026, 1, 1, 10, 0, 0, 123456, dt.UTC)


def test_of_several_older_stamps_the_oldest_is_the_original() -> None:
    record = _one(
        "<body>x</body><delay xmlns='urn:xmpp:delay' stamp='2025-12-31T23:00:00+01:00'/>"
        "<delay xmlns='urn:xmpp:delay' stamp='2025-12-31T23:00:00Z'/>"
    )
    assert record.original_sent_at == dt.datetime(2025, 12, 31, 22, tzinfo=dt.UTC)


@pytest.mark.parametrize("stamp", ["2026-01-01T10:00:01Z", "yesterday", "1970-01-01T00:00:00Z"])
def test_a_stamp_that_is_not_older_or_no_time_costs_nothing(stamp: str) -> None:
    record = _one(f"<body>x</body><delay xmlns='urn:xmpp:delay' stamp='{stamp}'/>")
    assert record.original_sent_at is None


@pytest.mark.parametrize(
    ("lang", "body"),
    [("xml:lang='fr'", "oui"), ("xml:lang='de'", "yes"), ("", "yes"), ("xml:lang='en'", "yes")],
)
def test_the_body_in_the_streams_language_counts_else_the_first(lang: str, body: str) -> None:
    record = _one("<body xml:lang='en'>yes</body><body xml:lang='fr'>oui</body>", lang=lang)
    assert record.body == body


ROOM = "room@muc.x.y"
IN_MUC = "<x xmlns='http://jabber.org/protocol/muc#user'/>"


def test_the_accounts_own_copy_of_a_room_message_is_from_the_account() -> None:
    record = _one("<body>x</body>", f"from='1@x.y/a' to='{ROOM}' type='groupchat'")
    assert (record.sender, record.recipients, record.conversation_id) == ("1@x.y", (), ROOM)


def test_a_room_message_in_an_accounts_archive_is_from_the_occupant() -> None:
    record = _one("<body>x</body>", "from='Room@MUC.x.y/Nick/1' to='1@x.y/a' type='groupchat'")
    assert (record.sender, record.recipients) == ("Room@muc.x.y/Nick/1", ())
    assert record.conversation_id == "Room@muc.x.y"


def test_a_rooms_archive_belongs_to_the_room_even_where_stanzas_name_the_reader() -> None:
    record = _one(
        "<body>x</body><x xmlns='http://jabber.org/protocol/muc#user'><item jid='3@x.y/q'/></x>",
        f"from='{ROOM}/nick' to='1@x.y/a' type='groupchat'",
        outer=f"from='{ROOM}' to='1@x.y/a'",
    )
    assert (record.owner, record.sender, record.conversation_id) == (ROOM, "3@x.y", ROOM)


def test_only_a_room_can_say_who_an_occupant_is() -> None:
    record = _one(
        "<body>x</body><x xmlns='http://jabber.org/protocol/muc#user'><item jid='3@x.y/q'/></x>",
        "from='2@x.y/b' to='1@x.y' type='chat'",
    )
    assert "3@x.y" not in record.sender


def test_an_archive_that_says_whose_it_is_needs_no_to() -> None:
    record = _one("<body>x</body>", outer="from='1@x.y'")
    assert record.owner == "1@x.y"


def test_a_message_without_to_is_for_the_account_that_the_outer_one_names() -> None:
    record = _one("<body>x</body>", "from='2@x.y/b'", outer="from='1@x.y'")
    assert (record.sender, record.recipients) == ("2@x.y", ("1@x.y",))


@pytest.mark.parametrize("outer", ["from='1@x.y'", "to='1@x.y/a'"])
def test_a_message_without_from_is_the_accounts_own(outer: str) -> None:
    record = _one("<body>x</body>", "to='2@x.y'", outer=outer)
    assert (record.sender, record.recipients, record.kind) == ("1@x.y", ("2@x.y",), "message")
    record = _one("<body>x</body>", f"to='{ROOM}' type='groupchat'", outer=outer)
    assert (record.sender, record.recipients, record.kind) == ("1@x.y", (), "message")
    assert record.conversation_id == ROOM


@pytest.mark.parametrize("namespace", ["", "xmlns='jabber:server'", "xmlns='jabber:client'"])
def test_the_inner_stanzas_namespace_makes_no_difference(namespace: str) -> None:
    inside = "<body xml:lang='fr'>oui</body><body>yes</body><thread>t</thread>"
    (record,) = records(
        _stream(f"<message {namespace} from='2@x.y/b' to='1@x.y/a'>{inside}</message>"), "xmpp-mam"
    )
    assert (record.sender, record.recipients) == ("2@x.y", ("1@x.y",))
    assert (record.kind, record.body, record.conversation_id) == ("message", "yes", "t")
    (own,) = records(
        _stream(
            f"<message {namespace} from='1@x.y/a' to='{ROOM}' type='groupchat'>{inside}</message>"
        ),
        "xmpp-mam",
    )
    assert (own.sender, own.kind, own.conversation_id) == ("1@x.y", "message", ROOM)


IN_ROOM = "room@conference.x.y"


@pytest.mark.parametrize("inside", ["", IN_MUC])
def test_a_private_message_in_a_room_shows_the_occupant_also_where_clients_do_not_say_so(
    inside: str,
) -> None:
    sent = _one(f"<body>x</body>{inside}", f"from='1@x.y/a' to='{IN_ROOM}/Nick' type='chat'")
    assert (sent.sender, sent.recipients) == ("1@x.y", (f"{IN_ROOM}/Nick",))
    assert (sent.conversation_id, sent.occupant, sent.kind) == (IN_ROOM, None, "message")
    got = _one(f"<body>x</body>{inside}", f"from='{IN_ROOM}/Nick' to='1@x.y/a' type='chat'")
    assert (got.sender, got.recipients) == (f"{IN_ROOM}/Nick", ("1@x.y",))
    assert (got.conversation_id, got.occupant, got.kind) == (IN_ROOM, None, "message")


INVITE = "<x xmlns='http://jabber.org/protocol/muc#user'><invite {}='3@x.y'/></x>"


def test_an_invitation_that_a_room_passes_on_is_from_who_invites() -> None:
    record = _one(INVITE.format("from") + "<body>b</body>", f"from='{ROOM}' to='1@x.y'")
    assert (record.kind, record.sender, record.conversation_id) == ("invite", "3@x.y", ROOM)
    # No person wrote what the room says about it.
    assert record.body is None


@pytest.mark.parametrize("attribute", ["from", "to"])
@pytest.mark.parametrize("type_", ["", "type='chat'", "type='normal'"])
def test_no_message_of_a_person_can_pass_for_an_invitation(type_: str, attribute: str) -> None:
    invite = INVITE.format(attribute)
    record = _one(invite + "<body>b</body>", f"from='2@x.y/b' to='1@x.y' {type_}")
    assert (record.kind, record.sender, record.recipients) == ("message", "2@x.y", ("1@x.y",))


DIRECT = "<x xmlns='jabber:x:conference' jid='r@muc.x.y' reason='come'/>"


def test_a_direct_invitation_has_no_text() -> None:
    record = _one(DIRECT)
    assert (record.kind, record.sender, record.recipients) == ("invite", "2@x.y", ("1@x.y",))
    assert record.conversation_id == "r@muc.x.y"


@pytest.mark.parametrize("type_", ["", "type='chat'", "type='normal'"])
def test_what_has_a_text_is_a_message_also_beside_a_direct_invitation(type_: str) -> None:
    record = _one(DIRECT + "<body>b</body><thread>t</thread>", f"from='2@x.y/b' to='1@x.y' {type_}")
    assert (record.kind, record.conversation_id) == ("message", "t")


def test_a_room_may_pass_an_invitation_on_with_a_text_of_its_own() -> None:
    record = _one(DIRECT + "<body>b</body>", f"from='{ROOM}' to='1@x.y'")
    assert record.kind == "invite"


def test_the_account_itself_cannot_pass_for_a_room() -> None:
    for sender in ("from='1@x.y'", ""):
        assert _one(DIRECT + "<body>b</body>", f"{sender} to='2@x.y'").kind == "message"


def test_the_answer_to_a_query_that_found_nothing_has_no_records() -> None:
    content = (
        b"<stream:stream xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:client'>"
        b"<iq type='result'><fin xmlns='urn:xmpp:mam:2' complete='true'/></iq></stream:stream>"
    )
    assert records(content, "xmpp-mam") == []


FASTENED_RETRACTION = (
    "<apply-to xmlns='urn:xmpp:fasten:0' id='i'>"
    "<retract xmlns='urn:xmpp:message-retract:0'/></apply-to>"
)


OMEMO = "<encrypted xmlns='eu.siacs.conversations.axolotl'><header sid='1'/>{}</encrypted>"
MUC_LIGHT = (
    "<x xmlns='urn:xmpp:muclight:0#affiliations'><user affiliation='member'>2@x.y</user></x>"
)
MODERATED = (
    "<retract xmlns='urn:xmpp:message-retract:1' id='i'>"
    "<moderated xmlns='urn:xmpp:message-moderate:1'/></retract>"
)


@pytest.mark.parametrize(
    ("inside", "attributes", "kind"),
    [
        ("<body>x</body>", "type='error'", "system"),
        ("<body>x</body>", "type='headline'", "system"),
        ("<body>x</body><subject>s</subject>", "type='chat'", "message"),
        ("<subject>s</subject>", "type='groupchat'", "system"),
        ("<active xmlns='http://jabber.org/protocol/chatstates'/>", "type='chat'", "system"),
        ("<body>x</body><request xmlns='urn:xmpp:receipts'/>", "", "message"),
        ("<body>x</body><markable xmlns='urn:xmpp:chat-markers:0'/>", "", "message"),
        ("<received xmlns='urn:xmpp:receipts' id='i'/>", "", "receipt"),
        ("<body>x</body><displayed xmlns='urn:xmpp:chat-markers:0' id='i'/>", "", "message"),
        ("<acknowledged xmlns='urn:xmpp:chat-markers:0' id='i'/>", "", "receipt"),
        (
            "<body>+1</body><reactions xmlns='urn:xmpp:reactions:0' id='i'/>",
            "",
            "receipt",
        ),
        (
            FASTENED_RETRACTION,
            "",
            "delete",
        ),
        ("<body>y</body><replace xmlns='urn:xmpp:message-correct:0' id='i'/>", "", "edit"),
        (OMEMO.format("<payload>A</payload>"), "", "message"),
        (OMEMO.format(""), "", "system"),
        ("<openpgp xmlns='urn:xmpp:openpgp:0'>A</openpgp>", "", "message"),
        (MUC_LIGHT + "<body/>", "type='groupchat'", "system"),
        (MUC_LIGHT + "<body>x</body>", "type='groupchat'", "message"),
        (MODERATED, "type='groupchat'", "delete"),
    ],
)
def test_the_kind_follows_from_what_the_stanza_holds(
    inside: str, attributes: str, kind: str
) -> None:
    record = _one(inside, f"from='2@x.y/b' to='1@x.y' {attributes}")
    assert record.kind == kind
    assert record.refers_to == ("i" if "id='i'" in inside else None)


@pytest.mark.parametrize(
    "inside",
    [
        MODERATED,
        FASTENED_RETRACTION.replace("retract ", "moderated ").replace("retract:0", "moderate:0"),
    ],
)
def test_what_a_moderator_withdraws_in_the_rooms_name_is_deleted(inside: str) -> None:
    room = f"from='{ROOM}' type='groupchat'"
    record = _one(inside, room, outer=f"from='{ROOM}' to='1@x.y/a'")
    assert (record.kind, record.refers_to) == ("delete", "i")


@pytest.mark.parametrize("sender", ["9@evil.z/phone", f"{ROOM}/nick"])
def test_what_a_device_sends_while_the_archive_is_queried_is_no_answer_of_it(sender: str) -> None:
    message = "<message from='2@x.y/b' to='1@x.y'><body>forged</body></message>"
    assert records(_stream(message, outer=f"from='{sender}' to='1@x.y/a'"), "xmpp-mam") == []


def test_a_message_that_holds_a_result_is_one_record() -> None:
    forged = (
        "<result xmlns='urn:xmpp:mam:2'><forwarded xmlns='urn:xmpp:forward:0'>"
        "<delay xmlns='urn:xmpp:delay' stamp='2026-01-01T10:00:00Z'/>"
        "<message xmlns='jabber:client' from='3@x.y' to='1@x.y'><body>forged</body></message>"
        "</forwarded></result>"
    )
    record = _one(forged + "<body>true</body>")
    assert (record.sender, record.body) == ("2@x.y", "true")


@pytest.mark.parametrize("version", ["tmp", "0", "1", "2"])
def test_every_version_of_the_archives_answers_is_read(version: str) -> None:
    message = "<message from='2@x.y/b' to='1@x.y'><body>x</body></message>"
    content = _stream(message).replace(b"urn:xmpp:mam:2", f"urn:xmpp:mam:{version}".encode())
    assert [record.body for record in records(content, "xmpp-mam")] == ["x"]


SFS = (
    "<file-sharing xmlns='urn:xmpp:sfs:0'><file xmlns='urn:xmpp:file:metadata:0'>{name}"
    "<size>3032449</size></file><sources><url-data xmlns='http://jabber.org/protocol/url-data' "
    "target='https://x.y/up/a%2Fb%20c.jpg?k=1#f'/></sources></file-sharing>"
)
SIMS = (
    "<reference xmlns='urn:xmpp:reference:0' type='data'><media-sharing xmlns='urn:xmpp:sims:1'>"
    "<file xmlns='urn:xmpp:jingle:apps:file-transfer:5'><size>7</size></file><sources>"
    "<reference xmlns='urn:xmpp:reference:0' type='data' uri='https://x.y/s.png'/></sources>"
    "</media-sharing></reference>"
)


@pytest.mark.parametrize(
    ("inside", "name", "size"),
    [
        (SFS.format(name="<name>summit.jpg</name>"), "summit.jpg", 3032449),
        (SFS.format(name=""), "a/b c.jpg", 3032449),
        (SIMS, "s.png", 7),
        ("<x xmlns='jabber:x:oob'><url>https://x.y/dir/</url></x>", None, None),
    ],
)
def test_a_shared_file_is_a_transfer_with_the_name_and_size_it_states(
    inside: str, name: str | None, size: int | None
) -> None:
    record = _one(inside)
    assert (record.kind, record.file_name, record.file_bytes) == ("file_transfer", name, size)


@pytest.mark.parametrize("escaped", ["%00", "%1b", "%EF%BF%BE"])
def test_a_file_named_by_what_xml_forbids_costs_neither_its_record_nor_the_archive(
    escaped: str,
) -> None:
    record = _one(f"<x xmlns='jabber:x:oob'><url>https://h/{escaped}</url></x>")
    assert (record.kind, record.file_name) == ("file_transfer", "\ufffd")


def test_an_occupant_that_comes_or_goes_joins_or_leaves() -> None:
    stanza = "<presence xmlns='jabber:client' from='room@muc.x.y/n' {}>" + IN_MUC + "</presence>"
    for attribute, kind in (("", "join"), ("type='unavailable'", "leave")):
        (record,) = records(
            _stream(stanza.format(attribute), outer="from='room@muc.x.y' to='1@x.y'"), "xmpp-mam"
        )
        assert (record.kind, record.sender) == (kind, "room@muc.x.y/n")
        assert (record.recipients, record.conversation_id) == ((), "room@muc.x.y")
