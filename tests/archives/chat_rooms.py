"""Rooms whose people come, talk and go, and writers that archive them as each dialect has it.

The writers share nothing with the readers; what a text looks like in XML is the library's business.
"""

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st
from lxml import etree

BEGIN = dt.datetime(2026, 3, 9, 12, tzinfo=dt.UTC)
_NO_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TICKS_BEGIN = dt.datetime(1, 1, 1, tzinfo=dt.UTC)

texts = st.text(max_size=40).map(lambda text: _NO_XML.sub("", text))


@dataclass(frozen=True)
class Step:
    """Somebody joins, leaves or says something in a room, some seconds after the step before."""

    what: str
    who: int
    room: int
    text: str
    seconds: int


@dataclass(frozen=True)
class Event:
    """One step that can happen, and who is to receive what was said in it."""

    what: str
    who: str
    room: str
    text: str
    at: dt.datetime
    recipients: frozenset[str]


steps = st.lists(
    st.builds(
        Step,
        what=st.sampled_from(["join", "leave", "say", "say"]),
        who=st.integers(0, 3),
        room=st.integers(0, 1),
        text=texts,
        seconds=st.integers(1, 100_000),
    ),
    max_size=25,
)


def events(drawn: Sequence[Step]) -> list[Event]:
    """What happens: nobody comes who is there, nobody goes or speaks but who is."""
    present: dict[int, set[int]] = {0: set(), 1: set()}
    found, at = [], BEGIN
    for step in drawn:
        there = present[step.room]
        if (step.what == "join") == (step.who in there):
            continue
        at += dt.timedelta(seconds=step.seconds)
        if step.what == "join":
            there.add(step.who)
        elif step.what == "leave":
            there.remove(step.who)
        others = there - {step.who} if step.what == "say" else set()
        recipients = frozenset(f"p{one}@x.example" for one in others)
        found.append(
            Event(
                step.what, f"p{step.who}@x.example", f"room{step.room}", step.text, at, recipients
            )
        )
    return found


def _written(root: etree._Element) -> bytes:
    return etree.tostring(root, encoding="utf-8", xml_declaration=True)


def _add(parent: etree._Element, name: str, text: object) -> etree._Element:
    added = etree.SubElement(parent, name)
    added.text = str(text)
    return added


def _rooms(said: Sequence[Event]) -> list[str]:
    return sorted({event.room for event in said})


_DUMPED = {"join": "ParticipantEntered", "leave": "ParticipantLeft", "say": "Message"}


def _in_heaps(event: Event) -> int:
    return ["join", "say", "leave"].index(event.what)


def _as_filedump(said: Sequence[Event], unit: int) -> bytes:
    root = etree.Element("FileDump")
    for room in _rooms(said):
        conversation = etree.SubElement(root, "Conversation", Perspective=room)
        _add(conversation, "RoomID", room)
        # All joins first, then what was said, then all leaves.
        for event in sorted((e for e in said if e.room == room), key=_in_heaps):
            element = etree.SubElement(conversation, _DUMPED[event.what])
            _add(element, "LoginName", event.who)
            _add(element, "DateTimeUTC", int(event.at.timestamp()) * unit)
            if event.what == "say":
                _add(element, "Content", event.text)
        _add(conversation, "EndTimeUTC", 0)
    return _written(root)


def _as_bloomberg(said: Sequence[Event]) -> bytes:
    root = etree.Element("FileDump")
    for room in _rooms(said):
        conversation = etree.SubElement(root, "Conversation")
        _add(conversation, "RoomID", room)
        for event in (e for e in said if e.room == room):
            element = etree.SubElement(conversation, _DUMPED[event.what], InteractionType="N")
            user = etree.SubElement(element, "User")
            _add(user, "LoginName", "SOMEBODY")
            _add(user, "CorporateEmailAddress", event.who)
            _add(element, "DateTimeUTC", int(event.at.timestamp()))
            if event.what == "say":
                _add(element, "Content", event.text)
    return _written(root)


def _lync_event(parent: etree._Element, name: str, event: Event) -> None:
    kind = {"join": "JOIN", "leave": "PART", "say": "CHAT"}[event.what]
    element = etree.SubElement(parent, name, type=kind, content=event.text, id="0")
    etree.SubElement(element, "Sender", UserName="N", id="1", uri=event.who)
    ticks = (event.at - _TICKS_BEGIN) // dt.timedelta(microseconds=1) * 10
    etree.SubElement(element, "DateTimeUTC", long=str(ticks))


def _as_lync(said: Sequence[Event]) -> bytes:
    root = etree.Element("Conversations")
    for room in _rooms(said):
        conversation = etree.SubElement(root, "Conversation")
        etree.SubElement(conversation, "Channel", uri=room)
        own = [event for event in said if event.room == room]
        _lync_event(conversation, "FirstMessage", own[0])
        messages = etree.SubElement(conversation, "Messages")
        for event in own:
            _lync_event(messages, "Message", event)
    return _written(root)


WRITERS: dict[str, tuple[str, Callable[[Sequence[Event]], bytes]]] = {
    "actiance-filedump in seconds": ("actiance-filedump", lambda said: _as_filedump(said, 1)),
    "actiance-filedump in milliseconds": (
        "actiance-filedump",
        lambda said: _as_filedump(said, 1000),
    ),
    "bloomberg-ib": ("bloomberg-ib", _as_bloomberg),
    "lync-persistent-chat": ("lync-persistent-chat", _as_lync),
}


def as_audit_log(said: Sequence[Event]) -> bytes:
    """Openfire's log of what one says to another; who comes and goes is not in it."""
    namespace = "{http://www.jivesoftware.org}"
    root = etree.Element(f"{namespace}jive")
    for event in said:
        stamp = f"{event.at:%b %d, %Y %I:%M:%S:000 %p}"
        packet = etree.SubElement(root, f"{namespace}packet", status="auth", timestamp=stamp)
        message = etree.SubElement(packet, "{jabber:client}message", type="chat")
        message.set("from", f"{event.who}/desk")
        message.set("to", "somebody@x.example/phone")
        _add(message, "{jabber:client}body", event.text)
    return _written(root)
