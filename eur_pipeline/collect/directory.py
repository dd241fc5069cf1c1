"""What is in a remote folder, part by part: the next is on its way while one is taken apart.

asyncssh does the asking. Its own listing makes two objects of thirty fields of every entry and asks
for the next part when it is done with one, which took longer than the server takes. The format is
that of SFTP 3, draft-ietf-secsh-filexfer-02, chapters 5 and 7.
"""

import asyncio
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import asyncssh
from asyncssh.constants import (
    FILEXFER_ATTR_ACMODTIME,
    FILEXFER_ATTR_EXTENDED,
    FILEXFER_ATTR_MODIFYTIME,
    FILEXFER_ATTR_PERMISSIONS,
    FILEXFER_ATTR_SIZE,
    FILEXFER_ATTR_UIDGID,
    FXP_NAME,
    FXP_READDIR,
    FXP_STATUS,
)
from asyncssh.packet import SSHPacket, String

from eur_pipeline.collect.remote import Attributes

_NUMBER = struct.Struct(">I")
# Attributes by the flag that announces them, in the order in which they come, and their widths.
_FIELDS = {
    FILEXFER_ATTR_SIZE: {"size": "Q"},
    FILEXFER_ATTR_UIDGID: {"uid": "I", "gid": "I"},
    FILEXFER_ATTR_PERMISSIONS: {"mode": "I"},
    FILEXFER_ATTR_ACMODTIME: {"atime": "I", "mtime": "I"},
}
# Servers of Huawei set the flag of SFTP 4 for what they write as SFTP 3 does, says asyncssh.
_MEANINGLESS = FILEXFER_ATTR_MODIFYTIME
_WANTED = ("size", "uid", "mode", "mtime")

Part = list[tuple[str, Attributes]]


async def parts(sftp: Any, folder: str) -> AsyncIterator[Part]:
    """All entries of the folder, as many at once as the server sends.

    `sftp` is asyncssh's client; its errors are raised.
    """
    # There is no public way to an answer that has not been taken apart.
    handler = sftp._handler  # noqa: SLF001
    handle = await handler.opendir(sftp.compose_path(folder))
    answer = _ask(handler, handle)
    try:
        while True:
            content = _names(handler, *await answer)
            answer = _ask(handler, handle)
            # What was asked leaves in this turn of the loop.
            await asyncio.sleep(0)
            yield [(sftp.decode(name), attributes) for name, attributes in entries_of(content)]
    except asyncssh.SFTPEOFError:
        pass
    finally:
        answer.cancel()
        with suppress(asyncssh.SFTPError):
            await handler.close(handle)


def entries_of(content: bytes) -> Iterator[tuple[bytes, Attributes]]:
    """Names and attributes in an answer; raises SFTPBadMessage where it is not one."""
    try:
        (count,) = _NUMBER.unpack_from(content)
        at = _NUMBER.size
        for _ in range(count):
            name, at = _string(content, at)
            _, at = _string(content, at)
            attributes, at = _attributes(content, at)
            yield name, attributes
    except struct.error:
        raise asyncssh.SFTPBadMessage("a part of a listing is cut off") from None
    if at != len(content):
        raise asyncssh.SFTPBadMessage("a part of a listing goes on after its end")


def _ask(handler: Any, handle: bytes) -> asyncio.Future[tuple[int, SSHPacket]]:
    """Ask for the next part; what comes is the answer's type and content."""
    answer: asyncio.Future[tuple[int, SSHPacket]] = asyncio.get_running_loop().create_future()
    handler._send_request(FXP_READDIR, (String(handle),), answer)  # noqa: SLF001
    return answer


def _names(handler: Any, kind: int, packet: SSHPacket) -> bytes:
    """The content of an answer that is a part of a listing; raises what else it says."""
    if kind == FXP_STATUS:
        handler._process_status(packet)  # noqa: SLF001
    if kind != FXP_NAME:
        raise asyncssh.SFTPBadMessage(f"a listing is answered by what has type {kind}")
    return packet.get_remaining_payload()


def _string(content: bytes, at: int) -> tuple[bytes, int]:
    """The text there, and where it ends."""
    (length,) = _NUMBER.unpack_from(content, at)
    begin = at + _NUMBER.size
    return content[begin : begin + length], begin + length


def _attributes(content: bytes, at: int) -> tuple[Attributes, int]:
    """The attributes there, and where they end."""
    (flags,) = _NUMBER.unpack_from(content, at)
    layout = _layout(flags)
    at += _NUMBER.size
    attributes = layout.read(content, at)
    at += layout.fields.size
    if flags & FILEXFER_ATTR_EXTENDED:
        (count,) = _NUMBER.unpack_from(content, at)
        at += _NUMBER.size
        for _ in range(2 * count):
            _, at = _string(content, at)
    return attributes, at


@dataclass(frozen=True, slots=True)
class _Layout:
    """How attributes are written: their fields, and which of them is what, -1 where none is."""

    fields: struct.Struct
    size: int
    uid: int
    mode: int
    mtime: int

    def read(self, content: bytes, at: int) -> Attributes:
        values = (*self.fields.unpack_from(content, at), None)
        return Attributes(
            values[self.size], values[self.uid], values[self.mode], values[self.mtime]
        )


@lru_cache
def _layout(flags: int) -> _Layout:
    if flags & ~(sum(_FIELDS) | FILEXFER_ATTR_EXTENDED | _MEANINGLESS):
        raise asyncssh.SFTPBadMessage(f"a listing has attributes that SFTP 3 has not: {flags:#x}")
    said = [fields for flag, fields in _FIELDS.items() if flags & flag]
    names = [name for fields in said for name in fields]
    written = ">" + "".join(code for fields in said for code in fields.values())
    places = {name: names.index(name) if name in names else -1 for name in _WANTED}
    return _Layout(struct.Struct(written), **places)
