"""What a server says of its folder: files, and what else lies there.

Names come from the server and are never used as a path of ours.
"""

import datetime as dt
import stat
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Protocol

from eur_pipeline.labels import clean

# No file is larger, as file systems and databases count in 64 bits with a sign.
_MOST_BYTES = 2**63 - 1

_KNOWN_INSTANTS = 4096

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFSOCK: "a socket",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
# A server that does not say what an entry is may mean a file; opening it will tell.
_MAY_BE_FILES = (0, stat.S_IFREG)


class Attributes(NamedTuple):
    """What a server says of an entry, as far as anybody asks; what it does not say is None.

    Attributes:
        uid: The number of its owner.
        mode: Its kind and rights, as `stat` has them.
        mtime: In seconds of the epoch.
    """

    size: int | None
    uid: int | None
    mode: int | None
    mtime: int | None


class Described(Protocol):
    """What is known of a file by whatever said it."""

    @property
    def size(self) -> int | None:
        """In bytes."""

    @property
    def mtime(self) -> int | None:
        """In seconds of the epoch."""


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


def remote_file(path: str, said: Described) -> RemoteFile:
    """The file of that path, as the server describes it."""
    return RemoteFile(path, said.size, None if said.mtime is None else _instant(said.mtime))


# Archives are uploaded many at a time.
@lru_cache(_KNOWN_INSTANTS)
def _instant(seconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def reason_to_leave(name: str, attributes: Attributes) -> str | None:
    """Why a listed entry is no archive, None where it may be one."""
    if not name:
        return "it has no name"
    if "/" in name or "\0" in name:
        return "its name is a path"
    if (attributes.size or 0) > _MOST_BYTES:
        return f"it says to have {attributes.size:,} bytes"
    kind = stat.S_IFMT(attributes.mode or 0)
    return None if kind in _MAY_BE_FILES else _KINDS.get(kind, "a special file")
