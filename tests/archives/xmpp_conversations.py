"""Conversations of XMPP users, and writers that archive them as each dialect has it.

The writers share nothing with the readers; what a text looks like in XML is the library's business.
"""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from hypothesis import strategies as st
from lxml import etree

OWNER, OTHER = "1@x.y", "2@x.y"
BEGIN = dt.datetime(2026, 3, 9, 12, tzinfo=dt.UTC)
_NO_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

texts = st.text(max_size=40).map(lambda text: _NO_XML.sub("", text))
names = st.text(min_size=1, max_size=12).map(lambda t: _NO_XML.sub("", t).strip() or "n")


@dataclass(frozen=True)
class Said:
    """One message of the owner or the other, some seconds after the one before."""

    is_owners: bool
    body: str
    seconds: int
    id: str | None


conversations = st.lists(
    st.builds(
        Said,
        is_owners=st.booleans(),
        body=texts,
        seconds=st.integers(0, 100_000),
        id=st.one_of(st.none(), st.from_regex(r"[a-z0-9]{1,9}", fullmatch=True)),
    ),
    max_size=6,
)


def times(said: Sequence[Said]) -> list[dt.datetime]:
    """When each was said."""
    found, moment = [], BEGIN
    for one in said:
        moment += dt.timedelta(seconds=one.seconds)
        found.append(moment)
    return found


def _stamp(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def stanza(one: Said, namespace: str = "") -> etree._Element:
    """The message on the wire."""
    prefix = f"{{{namespace}}}" if namespace else ""
    message = etree.Element(f"{prefix}message", type="chat")
    sides = (OWNER, OTHER) if one.is_owners else (OTHER, OWNER)
    message.set("from", f"{sides[0]}/device")
    message.set("to", sides[1])
    if one.id is not None:
        message.set("id", one.id)
    etree.SubElement(message, f"{prefix}body").text = one.body
    return message


def _result(one: Said, moment: dt.datetime) -> etree._Element:
    result = etree.Element("{urn:xmpp:mam:2}result", id="an-id-of-the-archive")
    forwarded = etree.SubElement(result, "{urn:xmpp:forward:0}forwarded")
    etree.SubElement(forwarded, "{urn:xmpp:delay}delay", stamp=_stamp(moment))
    forwarded.append(stanza(one, "jabber:client"))
    return result


def as_stream(said: Sequence[Said]) -> bytes:
    """XEP-0313."""
    stream = etree.Element("{http://etherx.jabber.org/streams}stream")
    for one, moment in zip(said, times(said), strict=True):
        outer = etree.SubElement(stream, "{jabber:client}message", to=f"{OWNER}/reader")
        outer.append(_result(one, moment))
    return etree.tostring(stream)


def as_export(said: Sequence[Said]) -> bytes:
    """XEP-0227."""
    pie = "{urn:xmpp:pie:0}"
    data = etree.Element(f"{pie}server-data")
    host = etree.SubElement(data, f"{pie}host", jid="x.y")
    user = etree.SubElement(host, f"{pie}user", name="1", password="secret")
    archive = etree.SubElement(user, "{urn:xmpp:pie:0#mam}archive")
    for one, moment in zip(said, times(said), strict=True):
        archive.append(_result(one, moment))
    return etree.tostring(data)


def as_collection(said: Sequence[Said]) -> bytes:
    """XEP-0136; it keeps no ids."""
    iq = etree.Element("{jabber:client}iq", type="result", to=f"{OWNER}/reader")
    chat = etree.SubElement(iq, "{urn:xmpp:archive}chat", start=_stamp(BEGIN))
    chat.set("with", f"{OTHER}/device")
    for one in said:
        side = "to" if one.is_owners else "from"
        message = etree.SubElement(chat, f"{{urn:xmpp:archive}}{side}", secs=str(one.seconds))
        etree.SubElement(message, "{urn:xmpp:archive}body").text = one.body
    return etree.tostring(iq)


def lua(text: str) -> str:
    """A text as Lua writes it."""
    escaped = re.sub(r'[\x00-\x1f"\\]', lambda found: f"\\{ord(found[0]):03}", text)
    return f'"{escaped}"'


def as_day_file(
    stanzas: Sequence[etree._Element], moments: Sequence[dt.datetime], with_: Sequence[str]
) -> tuple[bytes, bytes]:
    """Prosody's file of the stanzas, and its index."""
    content, index = b"", ""
    for element, moment, other in zip(stanzas, moments, with_, strict=True):
        written = etree.tostring(element, encoding="utf-8") + b"\n"
        index += (
            f'item({{\n\t["offset"] = {len(content)};\n\t["with"] = {lua(other)};\n'
            f'\t["length"] = {len(written)};\n\t["when"] = "{_stamp(moment)}";\n}});\n'
        )
        content += written
    return content, index.encode()


def day_file_path(user: str, host: str, store: str = "archive") -> str:
    """Where Prosody keeps it: every byte but letters and digits is encoded."""
    parts = (host, store, f"{user}@2026-03-09")
    encoded = [
        "".join(c if c.isalnum() and c.isascii() else quote(c, safe="").lower() for c in part)
        for part in parts
    ]
    return "/".join(part.replace("-", "%2d").replace(".", "%2e") for part in encoded) + ".xml"
