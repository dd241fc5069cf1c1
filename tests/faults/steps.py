"""The steps of collecting an archive, by which the test tools say where a fault strikes."""

from enum import StrEnum


class Step(StrEnum):
    """What is done for every archive, in this order; the first six and the last ask the server.

    `STAT` is a look at a file before it was opened, `VERIFY` every one after that.
    """

    CONNECT = "connect"
    LIST = "list"
    STAT = "stat"
    OPEN = "open"
    READ = "read"
    VERIFY = "verify"
    HASH = "hash"
    SYNC = "fsync"
    RENAME = "rename"
    INDEX = "index"
    MANIFEST = "manifest"
    REMOVE = "remove"
