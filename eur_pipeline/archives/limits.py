"""How much one archive may ask for before it is taken for an attack, or for damage.

Only the bounds and what their errors say; containers and the reader hold to them.
"""

import datetime as dt
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from eur_pipeline.archives import values
from eur_pipeline.errors import UnreadableArchiveError

# libxml2 itself goes no deeper.
_DEEPEST = 256
# More than there are between the earliest and the latest time that is believed.
_MOST_DAYS = 50_000


class Limits(BaseModel):
    """The bounds of one archive; what goes beyond one of them is unreadable.

    Those of time make rejects of single records; they hold where it is known when the archive was
    uploaded.

    Attributes:
        unpacked_bytes: What a packed archive may unpack to, all its documents together.
        unpacked_ratio: Unpacked bytes for each packed one; asked once more than 16 MiB are
            unpacked. Archives of messages reach 10 to 30, a bomb of one layer 1,000.
        members: Files in a zip, or parts of a gzip file.
        container_depth: Containers around a document: 1 is a zip or gzip file, 2 a gzip in a zip.
        element_depth: Elements around each other.
        record_bytes: Size of one record in the file. Its tree is in memory as a whole, and empty
            elements take many times their size.
        distinct_names: Names of elements, attributes and namespaces that differ in one document.
            libxml2 keeps them until the thread ends; with ours, 200 bytes each.
        joins_and_leaves: In an archive whose dialect finds recipients by them, together with all
            senders; they are in memory at once, 300 bytes each.
        days_before_upload: How old a record can be.
        days_after_upload: How far the clock or time zone of the server that stamps records can be
            ahead of the one that stamps uploads.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    unpacked_bytes: Annotated[int, Field(ge=1)] = 20_000_000_000
    unpacked_ratio: Annotated[int, Field(ge=1)] = 200
    members: Annotated[int, Field(ge=1)] = 100_000
    container_depth: Annotated[int, Field(ge=1, le=10)] = 2
    element_depth: Annotated[int, Field(ge=2, le=_DEEPEST)] = 200
    record_bytes: Annotated[int, Field(ge=1024)] = 2 * 1024 * 1024
    distinct_names: Annotated[int, Field(ge=1000)] = 200_000
    joins_and_leaves: Annotated[int, Field(ge=1)] = 500_000
    days_before_upload: Annotated[int, Field(ge=1, le=_MOST_DAYS)] = 3_660
    days_after_upload: Annotated[int, Field(ge=0, le=_MOST_DAYS)] = 1

    def times(self, uploaded: dt.datetime | None) -> tuple[dt.datetime, dt.datetime]:
        """Between which instants in UTC the records of an archive of that upload can lie."""
        if uploaded is None:
            return values.EARLIEST, values.LATEST
        return (
            uploaded.astimezone(dt.UTC) - dt.timedelta(days=self.days_before_upload),
            uploaded.astimezone(dt.UTC) + dt.timedelta(days=self.days_after_upload),
        )

    def exceeded(self, bound: str, what: str) -> UnreadableArchiveError:
        """The error for an archive beyond the bound of that name; `what` is counted by it."""
        return UnreadableArchiveError(
            f"expected at most {getattr(self, bound):,} {what}, found more; where that is right, "
            f"raise limits.{bound} in eur.yaml and read the archive again"
        )


DEFAULT_LIMITS = Limits()
