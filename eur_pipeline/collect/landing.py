"""The landing zone: raw archives exactly as received, each with its manifest.

What has a manifest is collected; this is the ledger. Getting the bytes here is the collector's job.
"""

import datetime as dt
from pathlib import PurePosixPath

from pydantic import BaseModel, ConfigDict

MANIFEST_SUFFIX = ".json"


class Manifest(BaseModel):
    """What is known of one landed archive; written beside it as `<archive>.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    collection: str
    upload_hour: dt.datetime
    name: str
    remote_path: str
    size: int
    mtime: dt.datetime | None
    sha256: str
    collected_at: dt.datetime
    key: str
    """Where the archive lies in the landing zone."""
    duplicate_of: str | None
    """The key of the archive of this collection that has the same content and was first."""
