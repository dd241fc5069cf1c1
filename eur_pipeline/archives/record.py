"""What an archive says, record by record, in the same terms for every dialect.

How a record is found in XML is the reader's business; how it is stored is the lake's.
"""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

# A reject's raw text is cut off after so many bytes.
RAW_BYTES = 4096


class Kind(StrEnum):
    """What a record is about; by default only messages and file transfers are billed."""

    MESSAGE = "message"
    FILE_TRANSFER = "file_transfer"
    EDIT = "edit"
    DELETE = "delete"
    RECEIPT = "receipt"
    INVITE = "invite"
    JOIN = "join"
    LEAVE = "leave"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Record:
    """One record of an archive.

    Attributes:
        ordinal: Its place among all records of the archive, the unreadable ones included; from 1.
        native_id: The id its sender gave it.
        sent_at: The archive's stamp, in UTC; this one is billed.
        original_sent_at: An older stamp inside a delayed message, in UTC; its sender wrote it.
        sender: A bare address, or `ROOM/nick` where the address behind it is not shown.
        occupant: As whom the sender is in the room to all of whom it was said: `ROOM/nick`, or the
            address where there are no nicknames. None where the recipients are named.
        recipients: Likewise; in rooms those whom this archive shows to be there.
        owner: Whose copy this is.
        file_bytes: The size as the sender states it; None where that is no size.
        body: None where there was none; an empty one is an empty string.
        refers_to: The id of the message that this one edits, deletes, acknowledges or answers.
    """

    ordinal: int
    native_id: str | None
    sent_at: dt.datetime
    original_sent_at: dt.datetime | None
    sender: str
    occupant: str | None
    recipients: tuple[str, ...]
    owner: str | None
    conversation_id: str | None
    kind: Kind
    body: str | None
    file_name: str | None
    file_bytes: int | None
    refers_to: str | None

    @property
    def body_characters(self) -> int | None:
        """Length of the body in Unicode code points."""
        return None if self.body is None else len(self.body)

    @property
    def body_bytes(self) -> int | None:
        """Length of the body in UTF-8."""
        return None if self.body is None else len(self.body.encode())


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that is there but cannot be read.

    Attributes:
        field: The field that could not be read; `record` where it is not known which.
        reason: What was found and what was expected; never a body.
        raw: The record's XML, cut off after 4 KiB.
        member: The file that it stands in, where the archive is a zip.
        byte_offset: Where it begins in the file, as far as an index beside the archive tells.
    """

    ordinal: int
    line: int | None
    field: str
    reason: str
    raw: str
    member: str | None = None
    byte_offset: int | None = None
