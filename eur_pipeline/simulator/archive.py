"""How Presence Services would archive an interval: cut into documents, each written as XML.

The layout is the one that the dialect `avaya-ps` reads. Sending it anywhere is `presence.py`'s job.
"""

import datetime as dt
import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from lxml import etree

from eur_pipeline.simulator.chat import MILLISECOND, Message
from eur_pipeline.simulator.company import PRESENCE_DOMAIN

# A busy hour of the demo's larger site then makes two archives.
RECORDS_PER_ARCHIVE = 300

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
KINDS = {"message": "text", "file_transfer": "file", "invite": "invitation"}


@dataclass(frozen=True)
class Interval:
    """The time between two uploads of a site: from `start` until before `end`, both UTC."""

    site: str
    start: dt.datetime
    end: dt.datetime


@dataclass(frozen=True)
class Archive:
    """One document of an interval's messages."""

    interval: Interval
    name: str
    messages: tuple[Message, ...]

    @cached_property
    def content(self) -> bytes:
        """The document, in UTF-8."""
        return _document(self)

    @cached_property
    def sha256(self) -> str:
        """Hexadecimal SHA-256 of the content."""
        return hashlib.sha256(self.content).hexdigest()


def cut(
    interval: Interval, messages: Sequence[Message], *, most_records: int = RECORDS_PER_ARCHIVE
) -> Iterator[Archive]:
    """The archives of an interval, at least one; messages of one millisecond stay together."""
    first, number = 0, 1
    while first < len(messages) or number == 1:
        end = min(first + most_records, len(messages))
        while 0 < end < len(messages) and messages[end].sent_at == messages[end - 1].sent_at:
            end += 1
        name = f"im_{interval.site}_{interval.end:%Y%m%dT%H%MZ}_{number:02}.xml"
        yield Archive(interval, name, tuple(messages[first:end]))
        first, number = end, number + 1


def _document(archive: Archive) -> bytes:
    interval = archive.interval
    attributes = {
        "server": f"ps-{interval.site}.{PRESENCE_DOMAIN}",
        "from": f"{interval.start:%Y-%m-%dT%H:%M:%SZ}",
        "to": f"{interval.end:%Y-%m-%dT%H:%M:%SZ}",
    }
    document = io.BytesIO()
    with etree.xmlfile(document, encoding="UTF-8") as file:
        file.write_declaration()
        with file.element("im-archive", attributes):
            file.write("\n")
            for message in archive.messages:
                file.write(_element(message))
                file.write("\n")
    return document.getvalue()


def _element(message: Message) -> etree._Element:
    element = etree.Element(
        "message",
        time=str((message.sent_at - EPOCH) // MILLISECOND),
        conversation=message.conversation_id,
        kind=KINDS[message.kind],
    )
    etree.SubElement(element, "from").text = message.sender
    for recipient in message.recipients:
        etree.SubElement(element, "to").text = recipient
    if message.body is not None:
        etree.SubElement(element, "body").text = message.body
    if message.file_name is not None:
        etree.SubElement(element, "file", name=message.file_name, size=str(message.file_bytes))
    return element
