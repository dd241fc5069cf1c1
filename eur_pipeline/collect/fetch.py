"""One file from the server to an unfinished file of ours, verified on the way.

Naming, recording and removing are the collector's; what is returned here may still be thrown away.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from eur_pipeline.collect.completeness import END_BYTES, Ending, ending
from eur_pipeline.collect.listing import ListedArchive
from eur_pipeline.collect.server import ArchiveServer
from eur_pipeline.storage import disk_errors, open_private


@dataclass(frozen=True)
class Fetched:
    """A file that arrived whole: its size was the same before, while and after it was read."""

    archive: ListedArchive
    path: Path
    sha256: str
    ending: Ending


def fetch(server: ArchiveServer, archive: ListedArchive, to: Path) -> Fetched | None:
    """Read the file into `to`; None when it changed or vanished meanwhile, to be tried later."""
    remote = archive.file
    if server.look(remote.path) != remote:
        return None
    digest, size, head, tail = hashlib.sha256(), 0, b"", b""
    with disk_errors(to.parent), open_private(to) as file:
        for block in server.read(remote):
            file.write(block)
            digest.update(block)
            size += len(block)
            head = head or block[:END_BYTES]
            tail = (tail + block)[-END_BYTES:]
    if size != remote.size or server.look(remote.path) != remote:
        return None
    return Fetched(archive, to, digest.hexdigest(), ending(head, tail, size))
