"""The sections of a dialect's file: what each may say, and what they demand of themselves.

The file as a whole is `dialect.py`'s business, applying it that of `extract.py`.
"""

import datetime as dt
from collections.abc import Iterator
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

from eur_pipeline.archives import values
from eur_pipeline.archives.record import Kind
from eur_pipeline.archives.values import TimeFormat
from eur_pipeline.config import TimeZoneName

Key = tuple[str | int, ...]


class Overlap(StrEnum):
    """Whether one message can stand in several archives of this dialect."""

    NEVER = "never"
    POSSIBLE = "possible"


class Layout(StrEnum):
    """Archives in which it takes more than XML to find the records.

    `prosody-day-file`: stanzas one after another, told apart by the index beside the file.
    """

    PROSODY_DAY_FILE = "prosody-day-file"


class Participants(StrEnum):
    """Who receives a message that names no recipient.

    `present`: whoever is in the conversation at that moment, as its joins and leaves say.
    """

    PRESENT = "present"


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _as_list_of_sections(value: object) -> object:
    return [value] if isinstance(value, dict) else value


# Several are tried in order; the first that finds something counts.
XPaths = Annotated[tuple[str, ...], BeforeValidator(_as_list)]


class Section(BaseModel):
    """A part of the file; a key that it does not have is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Instant(Section):
    """Where an instant stands, how it is written, and the zone of times that name none.

    Attributes:
        pattern: How it is written where `format` is `pattern`, in the codes of Python's strptime.
    """

    xpath: str
    format: TimeFormat
    pattern: str | None = None
    time_zone: TimeZoneName = "UTC"

    @cached_property
    def zone(self) -> dt.tzinfo:
        """The zone of times that name none."""
        return ZoneInfo(self.time_zone)

    def read(self, text: str) -> dt.datetime:
        """The instant in UTC; raises ValueError."""
        return values.instant(text, self.format, self.zone, self.pattern)

    def expressions(self, key: Key) -> Iterator[tuple[Key, str]]:
        """Every XPath with its place in the file."""
        yield (*key, "xpath"), self.xpath

    @model_validator(mode="after")
    def _has_a_pattern_where_one_is_used(self) -> Self:
        if (self.format is TimeFormat.PATTERN) != (self.pattern is not None):
            raise ValueError("a `pattern` with `format: pattern`, and with no other")
        if self.pattern is not None:
            values.check_pattern(self.pattern)
        return self


class Time(Instant):
    """An instant that can also be told from the record before.

    Attributes:
        start: What the first record of the element around the records counts from, where `format`
            is `seconds_after_previous`.
    """

    start: Instant | None = None

    def expressions(self, key: Key) -> Iterator[tuple[Key, str]]:
        """Every XPath with its place in the file."""
        yield from super().expressions(key)
        if self.start is not None:
            yield from self.start.expressions((*key, "start"))

    @property
    def is_relative(self) -> bool:
        """Whether it is told from the record before."""
        return self.format is TimeFormat.SECONDS_AFTER_PREVIOUS

    @model_validator(mode="after")
    def _has_a_start_where_one_is_used(self) -> Self:
        if self.is_relative != (self.start is not None):
            raise ValueError("a `start` with `format: seconds_after_previous`, and with no other")
        if self.start is not None and self.start.format is TimeFormat.SECONDS_AFTER_PREVIOUS:
            raise ValueError("a `start` that is an instant of its own")
        return self


Times = Annotated[tuple[Time, ...], BeforeValidator(_as_list_of_sections)]


class Fields(Section):
    """An XPath for each field of a record, seen from the dialect's `content`.

    Attributes:
        sent_at: Of several, the first whose XPath finds something counts.
        sender: Its resource is cut off.
        sender_in_room: Used where `sender` finds nothing; `ROOM/nick` is kept whole.
        recipients: All that is found counts; resources are cut off.
        recipients_in_room: Likewise, with `ROOM/nick` kept whole.
        occupant: As whom the sender is in the room to all of whom it was said; kept whole.
        owner: Whose copy it is. Found first: the other XPaths can use it as `$owner`.
        account: Whose archive it is, where the owner can also be a room; found next, as `$account`.
    """

    sent_at: Times
    sender: XPaths = ()
    sender_in_room: XPaths = ()
    recipients: XPaths = ()
    recipients_in_room: XPaths = ()
    occupant: XPaths = ()
    owner: XPaths = ()
    account: XPaths = ()
    native_id: XPaths = ()
    original_sent_at: Times = ()
    conversation_id: XPaths = ()
    body: XPaths = ()
    file_name: XPaths = ()
    file_bytes: XPaths = ()
    refers_to: XPaths = ()

    @model_validator(mode="after")
    def _tells_older_stamps_by_themselves(self) -> Self:
        if any(time.is_relative for time in self.original_sent_at):
            raise ValueError("an `original_sent_at` that is an instant of its own")
        return self

    def expressions(self, key: Key) -> Iterator[tuple[Key, str]]:
        """Every XPath with its place in the file."""
        for name, found in self:
            for part in found:
                if isinstance(part, Time):
                    yield from part.expressions((*key, name))
                else:
                    yield (*key, name), part


class Direction(Section):
    """Between the owner and one other: which way a record went, where it names no sender.

    Attributes:
        sent: True for what the owner sent.
        received: True for what the owner received.
        other: The other side's address.
    """

    sent: str
    received: str
    other: XPaths

    def expressions(self, key: Key) -> Iterator[tuple[Key, str]]:
        """Every XPath with its place in the file."""
        yield (*key, "sent"), self.sent
        yield (*key, "received"), self.received
        yield from (((*key, "other"), expression) for expression in self.other)


class FileTransfers(Section):
    """A file transfer told in two records: what the second leaves out is taken from the first.

    What counts as a transfer the `kinds` say, by the end alone: a start need not have one.

    Attributes:
        start: True for the record that begins one.
        end: True for the record that ends one.
        key: The same in both, and in no other transfer that is under way.
    """

    start: str
    end: str
    key: str

    def expressions(self, key: Key) -> Iterator[tuple[Key, str]]:
        """Every XPath with its place in the file."""
        yield (*key, "start"), self.start
        yield (*key, "end"), self.end
        yield (*key, "key"), self.key


class KindRule(Section):
    """The kind of the records for which the XPath is true, or finds something."""

    when: str
    kind: Kind
