"""What is written in a dialect of XMPP archives is read back: conversations and rooms at random."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from eur_pipeline.archives.record import Record

from .reading import read, records
from .xmpp_conversations import (
    BEGIN,
    OTHER,
    OWNER,
    Said,
    as_collection,
    as_day_file,
    as_export,
    as_stream,
    conversations,
    day_file_path,
    names,
    stanza,
    times,
)

ROOM = "r@muc.x.y"
PATH = day_file_path("1", "x.y")
SHORT = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


def _day(said: Sequence[Said]) -> tuple[bytes, bytes]:
    return as_day_file([stanza(one) for one in said], times(said), [OTHER] * len(said))


def _read_day(said: Sequence[Said]) -> list[Record]:
    content, index = _day(said)
    return records(content, "prosody-xmlarchive", PATH, index)


WAYS: dict[str, Callable[[Sequence[Said]], list[Record]]] = {
    "xmpp-mam": lambda said: records(as_stream(said), "xmpp-mam"),
    "xep-0227": lambda said: records(as_export(said), "xep-0227"),
    "xep-0136": lambda said: records(as_collection(said), "xep-0136"),
    "prosody-xmlarchive": _read_day,
}


def _ought(said: Sequence[Said], *, ids: bool) -> list[tuple[Any, ...]]:
    return [
        (
            OWNER if one.is_owners else OTHER,
            (OTHER if one.is_owners else OWNER,),
            one.body,
            moment,
            one.id if ids else None,
            "message",
            OWNER,
        )
        for one, moment in zip(said, times(said), strict=True)
    ]


def _says(record: Record) -> tuple[Any, ...]:
    who = (record.sender, record.recipients, record.body, record.sent_at)
    return (*who, record.native_id, record.kind, record.owner)


@pytest.mark.parametrize("dialect", WAYS)
@given(said=conversations)
@SHORT
def test_a_conversation_is_read_as_it_was_written(dialect: str, said: list[Said]) -> None:
    found = [_says(record) for record in WAYS[dialect](said)]
    assert found == _ought(said, ids=dialect != "xep-0136")


@given(said=conversations, data=st.data())
@SHORT
def test_a_day_file_or_index_with_other_bytes_in_it_never_fails_otherwise_than_told(
    said: list[Said], data: st.DataObject
) -> None:
    parts = list(_day(said))
    number = data.draw(st.integers(0, 1))
    part = parts[number]
    begin = data.draw(st.integers(0, len(part)))
    end = data.draw(st.integers(begin, min(len(part), begin + 20)))
    parts[number] = part[:begin] + data.draw(st.binary(max_size=20)) + part[end:]
    found = read(parts[0], "prosody-xmlarchive", PATH, parts[1])
    assert [item.ordinal for item in found] == list(range(1, len(found) + 1))


_Step = tuple[str, int]
_steps = st.lists(
    st.tuples(st.sampled_from(["join", "leave", "say"]), st.integers(0, 3)), max_size=25
)


def _room(
    steps: Sequence[_Step], nicknames: Sequence[str]
) -> tuple[list[etree._Element], list[set[str]]]:
    """The room's stanzas, and who receives each; nobody leaves or speaks but who is there."""
    present: set[int] = set()
    stanzas, ought = [], []
    for what, who in steps:
        if (what == "join") == (who in present):
            continue
        make = _say if what == "say" else _stay
        stanzas.append(make(what, who, nicknames[who]))
        present = {"join": present | {who}, "leave": present - {who}, "say": present}[what]
        ought.append({f"p{other}@x.y" for other in present - {who}} if what == "say" else set())
    return stanzas, ought


def _stay(what: str, _who: int, nickname: str) -> etree._Element:
    presence = etree.Element("presence")
    presence.set("from", f"{ROOM}/{nickname}")
    if what == "leave":
        presence.set("type", "unavailable")
    return presence


def _say(_what: str, who: int, nickname: str) -> etree._Element:
    message = etree.Element("message", type="groupchat")
    message.set("from", f"{ROOM}/{nickname}")
    etree.SubElement(message, "body").text = "x"
    muc = etree.SubElement(message, "{http://jabber.org/protocol/muc#user}x")
    etree.SubElement(muc, "{http://jabber.org/protocol/muc#user}item", jid=f"p{who}@x.y")
    return message


@given(steps=_steps, nicknames=st.lists(names, min_size=4, max_size=4, unique=True))
@SHORT
def test_in_a_room_whoever_is_there_receives(steps: list[_Step], nicknames: list[str]) -> None:
    stanzas, ought = _room(steps, nicknames)
    with_ = ["presence" if s.tag == "presence" else "message<groupchat" for s in stanzas]
    content, index = as_day_file(stanzas, [BEGIN] * len(stanzas), with_)
    found = records(content, "prosody-xmlarchive", day_file_path("r", "muc.x.y", "muc_log"), index)
    # Whoever was silent during a stay is known by nickname only.
    known = {f"{ROOM}/{nick}": f"p{who}@x.y" for who, nick in enumerate(nicknames)}
    assert [{known.get(name, name) for name in r.recipients} for r in found] == ought
    assert [r.sent_at for r in found] == [BEGIN] * len(found)
