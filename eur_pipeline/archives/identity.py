"""The hash by which an archive is known, wherever it comes from and however often.

What it is compared with is the business of those who collect and read.
"""

import hashlib

from eur_pipeline.archives.dialect import Dialect


def archive_sha256(dialect: Dialect, content: str, companion: str | None, name: str) -> str:
    """SHA-256 of the archive, from that of its content and of its companion's.

    Where the dialect reads the companion, or the owner from the name, these belong to the archive:
    two users' files can be equal to the byte.
    """
    if dialect.companion_suffix is None and not dialect.owner_in_name:
        return content
    parts = (content, companion or "", name if dialect.owner_in_name else "")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
