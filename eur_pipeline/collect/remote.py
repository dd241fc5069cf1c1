"""What a server says of its folder: files, and what else lies there.

Names come from the server and are never used as a path of ours.
"""

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache

import asyncssh

from eur_pipeline.collect.directory import Attributes
from eur_pipeline.labels import clean

# No file is larger, as file systems and databases count in 64 bits with a sign.
_MOST_BYTES = 2**63 - 1

_KNOWN_INSTANTS = 4096

_KINDS = {
    asyncssh.FILEXFER_TYPE_DIRECTORY: "a folder",
    asyncssh.FILEXFER_TYPE_SYMLINK: "a symbolic link",
    asyncssh.FILEXFER_TYPE_SOCKET: "a socket",
    asyncssh.FILEXFER_TYPE_FIFO: "a pipe",
    asyncssh.FILEXFER_TYPE_CHAR_DEVICE: "a device",
    asyncssh.FILEXFER_TYPE_BLOCK_DEVICE: "a device",
    asyncssh.FILEXFER_TYPE_SPECIAL: "a special file",
}


@dataclass(frozen=True, order=True, slots=True)
class RemoteFile:
    """One file in a remote folder, as the server lists it.

    `path` decodes bytes that are no UTF-8 to surrogates, so that the server gets them back as they
    were; `label` is how the file is called everywhere else. What the server does not tell is None.
    """

    path: str
    size: int | None
    mtime: dt.datetime | None

    @property
    def label(self) -> str:
        r"""The path as clean text: control characters and other bytes as `\xNN`, `\` as two."""
        return clean(self.path)

    @property
    def name(self) -> str:
        """The last part of the label."""
        return self.label.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Listing:
    """A remote folder: its files, in order, and why everything else in it is left alone."""

    files: list[RemoteFile]
    left_alone: dict[str, str]


def remote_file(path: str, attributes: Attributes | asyncssh.SFTPAttrs) -> RemoteFile:
    """The file of that path, as the server describes it."""
    mtime = attributes.mtime
    return RemoteFile(path, attributes.size, None if mtime is None else _instant(mtime))


# Archives are uploaded many at a time.
@lru_cache(_KNOWN_INSTANTS)
def _instant(seconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def reason_to_leave(name: str, attributes: Attributes | asyncssh.SFTPAttrs) -> str | None:
    """Why a listed entry is no archive, None where it may be one.

    A server that does not say what an entry is may mean a file; opening it will tell.
    """
    if not name:
        return "it has no name"
    if "/" in name or "\0" in name:
        return "its name is a path"
    if (attributes.size or 0) > _MOST_BYTES:
        return f"it says to have {attributes.size:,} bytes"
    return _KINDS.get(attributes.type)
