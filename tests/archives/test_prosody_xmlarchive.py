"""The day files of a real XMPP server, against what its clients sent; and damaged ones."""

import datetime as dt
from collections import Counter
from pathlib import Path
from urllib.parse import unquote

import pytest

from eur_pipeline.archives.record import Record, Reject
from eur_pipeline.errors import UnreadableArchiveError

from .prosody_run import DOMAIN, TRUTH, archived_in, compared, is_stamp_of, row_of
from .reading import CASES, read, records

FOLDER = CASES / "prosody-xmlarchive"
FILES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.xml"))
ROOM_FILES = [file for file in FILES if "/muc_log/" in file]
DESK = f"desk-7f3a@conference.{DOMAIN}"
OF_PRESENCE = ("join", "leave")


def _read(file: str) -> list[Record]:
    path = FOLDER / file
    index = path.with_suffix(".list").read_bytes()
    return records(path.read_bytes(), "prosody-xmlarchive", f"/somewhere/{file}", index)


def _said(file: str) -> list[Record]:
    return [record for record in _read(file) if record.kind not in OF_PRESENCE]


def _owner(file: str) -> str:
    host, _, name = (unquote(part) for part in file.split("/"))
    return f"{name.rpartition('@')[0]}@{host}"


@pytest.mark.parametrize("file", FILES)
def test_every_stanza_says_what_its_client_sent_and_to_whom(file: str) -> None:
    for record in _said(file):
        says, ought = compared(record, row_of(record), _owner(file), joins_are_told=True)
        assert says == ought


@pytest.mark.parametrize("file", FILES)
def test_every_archived_event_is_there_as_often_as_it_is_archived(file: str) -> None:
    found = Counter(row_of(record)["n"] for record in _said(file))
    assert found == archived_in(f"xmlarchive/{file}", _owner(file))


@pytest.mark.parametrize("file", FILES)
def test_sent_at_is_the_time_in_the_index(file: str) -> None:
    for record in _said(file):
        assert is_stamp_of(record.sent_at, row_of(record))


@pytest.mark.parametrize("file", FILES)
def test_the_owner_is_in_the_names_of_file_and_folder(file: str) -> None:
    assert {record.owner for record in _read(file)} == {_owner(file)}


@pytest.mark.parametrize("file", ROOM_FILES)
def test_a_rooms_archive_tells_who_came_and_went(file: str) -> None:
    room = _owner(file)
    told = [
        (record.kind, record.sender, record.conversation_id)
        for record in _read(file)
        if record.kind in OF_PRESENCE
    ]
    rows = [row for row in TRUTH if row["type"] == "presence" and row["room"] == room]
    came_and_went = [
        ("leave" if row["kind"] == "nick-change" else row["kind"],
         f"{room}/{row.get('old_nick', row['nick'])}", room)
        for row in rows
    ]  # fmt: skip
    # At the end of the run all clients were cut off.
    assert told[: len(rows)] == came_and_went
    assert {kind for kind, *_ in told[len(rows) :]} == {"leave"}


def _day(
    *stanzas: str, when: str = "2026-01-01T10:00:00Z", with_: str = "2@x.y"
) -> tuple[bytes, bytes]:
    """A day file of these stanzas, and its index."""
    content, index = b"", ""
    for stanza in stanzas:
        written = stanza.encode() + b"\n"
        index += (
            f'item({{["offset"]={len(content)};["length"]={len(written)};'
            f'["when"]="{when}";["with"]="{with_}";}});\n'
        )
        content += written
    return content, index.encode()


def _items(
    content: bytes, index: bytes | None, path: str = "x%2ey/archive/1%402026-01-01.xml"
) -> list[Record | Reject]:
    return read(content, "prosody-xmlarchive", path, index)


def _stanza(body: str, sender: str = "2@x.y/b", recipient: str = "1@x.y") -> str:
    return f"<message from='{sender}' to='{recipient}'><body>{body}</body></message>"


def _bodies(items: list[Record | Reject]) -> list[str | None]:
    return [item.body if isinstance(item, Record) else "REJECT" for item in items]


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("x%2ey/archive/1%402026-01-01.xml", "1@x.y"),
        ("/srv/prosody/x%2ey/archive2/1%402026-01-01.xml", "1@x.y"),
        ("/upload/archives/1%402026-01-01.xml", "1@x.y"),
        ("1%402026%2d01%2d01.xml", "1@x.y"),
        ("renamed.xml", None),
        ("", None),
    ],
)
def test_without_the_hosts_folder_the_host_is_that_of_the_users_side(
    path: str, owner: str | None
) -> None:
    content, index = _day(_stanza("in"), with_="2@x.y")
    (record,) = _items(content, index, path)
    assert isinstance(record, Record)
    assert record.owner == owner


def test_a_note_to_oneself_without_to_is_for_the_account_in_the_name() -> None:
    content, index = _day("<message from='1@x.y/a'><body>note</body></message>", with_="1@x.y")
    (record,) = _items(content, index)
    assert isinstance(record, Record)
    assert (record.sender, record.recipients, record.owner) == ("1@x.y", ("1@x.y",), "1@x.y")


def test_two_users_of_one_name_at_two_hosts_are_told_apart_by_the_index() -> None:
    stanza = _stanza("hi", sender="1@x.y/a", recipient="1@other.z")
    for with_, owner in (("1@other.z", "1@x.y"), ("1@x.y", "1@other.z")):
        content, index = _day(stanza, with_=with_)
        (record,) = _items(content, index, "1%402026-01-01.xml")
        assert isinstance(record, Record)
        assert record.owner == owner


@pytest.mark.parametrize(
    ("when", "instant"),
    [
        ("2026-01-01T10:00:00Z", dt.datetime(2026, 1, 1, 10, tzinfo=dt.UTC)),
        ("2026-01-01T10:00:00.25Z", dt.datetime(2026, 1, 1, 10, 0, 0, 250_000, dt.UTC)),
        ("1767261600", dt.datetime(2026, 1, 1, 10, tzinfo=dt.UTC)),
        ("1767261600.25", dt.datetime(2026, 1, 1, 10, 0, 0, 250_000, dt.UTC)),
    ],
)
def test_times_are_read_as_every_version_writes_them(when: str, instant: dt.datetime) -> None:
    (record,) = _items(*_day(_stanza("x"), when=when))
    assert isinstance(record, Record)
    assert record.sent_at == instant


def test_an_entry_without_a_time_is_a_reject() -> None:
    (reject,) = _items(*_day(_stanza("x"), when="\x01"))
    assert isinstance(reject, Reject)
    assert (reject.field, reject.ordinal) == ("sent_at", 1)


def test_of_several_bodies_the_one_in_the_stanzas_language_counts() -> None:
    bodies = "<body xml:lang='fr'>oui</body><body>yes</body>"
    for language, body in (("en", "yes"), ("fr", "oui"), ("de", "yes")):
        content, index = _day(
            f"<message xml:lang='{language}' from='2@x.y/b' to='1@x.y'>{bodies}</message>"
        )
        (record,) = _items(content, index)
        assert isinstance(record, Record)
        assert record.body == body


def test_a_day_file_without_its_index_is_unreadable() -> None:
    content, _ = _day(_stanza("x"))
    with pytest.raises(UnreadableArchiveError, match=r"ends in \.list beside it"):
        _items(content, None)


def test_what_no_entry_covers_is_a_reject_and_the_others_are_read() -> None:
    content, index = _day(_stanza("a"), _stanza("b"), _stanza("c"))
    first, _, third = index.splitlines(keepends=True)
    items = _items(content, first + third)
    assert _bodies(items) == ["a", "REJECT", "c"]
    (reject,) = (item for item in items if isinstance(item, Reject))
    assert "no entry" not in reject.reason
    assert "expected an entry of the index for these bytes" in reject.reason
    assert "b</body>" in reject.raw
    assert reject.byte_offset == len(content) // 3
    assert [item.ordinal for item in items] == [1, 2, 3]


def test_white_space_between_stanzas_is_nothing() -> None:
    content, index = _day(_stanza("a"))
    assert _bodies(_items(content + b"\n \n", index)) == ["a"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b'"offset"]=0', b'"offset"]=1', "an entry of the index for these bytes"),
        (b'"length"]=', b'"length"]=9', "found the file cut off"),
        (b'"length"]=', b'"length"]=-', "expected an offset and a length"),
        (b'"length"]=', b'"length"]=99999999', "at most 2,097,152 bytes"),
    ],
)
def test_an_entry_that_points_elsewhere_costs_no_other_stanza(
    old: bytes, new: bytes, said: str
) -> None:
    content, index = _day(_stanza("only one"))
    items = _items(content, index.replace(old, new, 1))
    assert {type(item) for item in items} == {Reject}
    assert any(said in item.reason for item in items if isinstance(item, Reject))


def test_one_stanza_is_not_read_twice() -> None:
    content, index = _day(_stanza("a"))
    assert _bodies(_items(content, index * 2)) == ["a", "REJECT"]


TOMBSTONE = (
    "<message from='r@muc.x.y/n' type='groupchat'>"
    "<moderated xmlns='urn:xmpp:message-moderate:0' by='r@muc.x.y/m'>"
    "<retracted xmlns='urn:xmpp:message-retract:0'/></moderated></message>"
)


def _withdrawn() -> tuple[list[bytes], bytes]:
    """The stanzas of a day file whose first was withdrawn at its end, and its index."""
    said = "<message from='r@muc.x.y/n' type='groupchat'><body>{}</body></message>"
    content, index = _day(said.format("a"), said.format("b"), TOMBSTONE)
    first, second, new = index.decode().splitlines()
    replacing = f'{new[:-3]}["replaces"]={first.removeprefix("item(")[:-2]};}});'
    return content.splitlines(keepends=True), f"{replacing}\n{second}\n".encode()


def test_what_was_withdrawn_was_said_before() -> None:
    stanzas, index = _withdrawn()
    items = _items(b"".join(stanzas), index)
    assert _bodies(items) == ["a", "b", None]
    assert [item.kind for item in items if isinstance(item, Record)] == [
        "message",
        "message",
        "delete",
    ]


def test_what_was_blanked_out_is_no_record() -> None:
    (first, *others), index = _withdrawn()
    content = b" " * len(first) + b"".join(others)
    assert _bodies(_items(content, index)) == ["b", None]
    only, its_index = _day(_stanza("a"))
    assert _bodies(_items(b" " * len(only), its_index)) == ["REJECT"]


def test_an_entry_must_hold_one_stanza_and_no_more() -> None:
    content, index = _day(_stanza("a") + _stanza("forged"), "<iq/>", "<message>", "text")
    assert _bodies(_items(content, index)) == ["REJECT"] * 4


@pytest.mark.parametrize(
    "content",
    [
        "<!DOCTYPE message [<!ENTITY e 'x'>]><message from='2@x.y'><body>&amp;</body></message>",
        "<message><xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='x'/></message>",
        "<a>" * 201 + "</a>" * 201,
    ],
)
def test_what_no_archive_may_have_is_refused_here_too(content: str) -> None:
    with pytest.raises(UnreadableArchiveError) as caught:
        _items(*_day(_stanza("before"), content))
    assert caught.value.records_before == 1


def test_cut_anywhere_it_gives_fewer_records_and_a_reason_never_a_wrong_one() -> None:
    content, index = _day(*(_stanza(f"text {n}") for n in range(3)))
    whole = _items(content, index)
    for cut in range(len(content)):
        found = _items(content[:cut], index)
        good = [item for item in found if isinstance(item, Record)]
        assert good == whole[: len(good)]
        assert len(good) == 3 or len(found) > len(good)
    for cut in range(len(index) - len("});\n")):
        found = _items(content, index[:cut])
        good = [item for item in found if isinstance(item, Record)]
        assert good == whole[: len(good)]
        assert len(found) > len(good)


@pytest.mark.parametrize("file", [Path(ROOM_FILES[0]).name, "x.xml", "%00%ff@2026-01-01.xml"])
def test_no_name_is_too_strange(file: str) -> None:
    assert _bodies(_items(*_day(_stanza("x")), file)) == ["x"]


def test_who_comes_and_goes_is_told_by_nickname_only() -> None:
    stay = "<presence {} from='r@muc.x.y/Nick'>{}</presence>"
    content, index = _day(
        stay.format("", "<x xmlns='http://jabber.org/protocol/muc'/>"),
        stay.format("type='unavailable'", ""),
        with_="presence",
    )
    came, left = _items(content, index, "muc%2ex%2ey/muc_log/r%402026-01-01.xml")
    assert isinstance(came, Record)
    assert isinstance(left, Record)
    assert (came.kind, left.kind) == ("join", "leave")
    for record in (came, left):
        assert (record.sender, record.conversation_id) == ("r@muc.x.y/Nick", "r@muc.x.y")
        assert (record.occupant, record.recipients) == ("r@muc.x.y/Nick", ())
