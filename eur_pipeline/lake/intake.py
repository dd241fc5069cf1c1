"""One archive's records on their way into spools: the same for the lake and for `eur parse`.

What an archive says is the business of `archives`; what is told of it, and to whom, the callers'.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np

from eur_pipeline.archives.containers import Contents
from eur_pipeline.archives.dialect import Dialect
from eur_pipeline.archives.limits import DEFAULT_LIMITS, Limits
from eur_pipeline.archives.record import Reject
from eur_pipeline.archives.surroundings import ALONE, Surroundings
from eur_pipeline.archives.tables import read_tables
from eur_pipeline.errors import UnreadableArchiveError
from eur_pipeline.lake.records import BodyPolicy, Origin, message_batch, reject_row
from eur_pipeline.lake.spool import Spool

# Of an archive's rejects so many are described; all are counted.
REASONS_KEPT = 5


@dataclass(slots=True)
class Tally:
    """What was read of one archive.

    Attributes:
        contents: The documents and attachments that it consists of.
        reasons: What is wrong with the first rejects.
    """

    records: int = 0
    rejects: int = 0
    contents: Contents = field(default_factory=Contents)
    reasons: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Intake:
    """Reads archives of one dialect into spools.

    Attributes:
        rejects: None: they are counted, not stored.
        extension_length: Of how many digits a number is that gets the presence domain; None: any.
    """

    dialect: Dialect
    policy: BodyPolicy
    messages: Spool
    rejects: Spool | None = None
    presence_domain: str | None = None
    extension_length: int | None = None
    limits: Limits = DEFAULT_LIMITS

    def take(
        self,
        source: BinaryIO,
        origin: Origin,
        uploaded: dt.datetime | None = None,
        surroundings: Surroundings = ALONE,
    ) -> Tally:
        """Store all of the archive; UnreadableArchiveError, and nothing of it is stored."""
        try:
            tally = self._read(source, origin, uploaded, surroundings)
        except UnreadableArchiveError:
            self._each(Spool.roll_back)
            raise
        self._each(Spool.commit)
        return tally

    def _read(
        self,
        source: BinaryIO,
        origin: Origin,
        uploaded: dt.datetime | None,
        surroundings: Surroundings,
    ) -> Tally:
        tally = Tally()
        parts = read_tables(
            source,
            self.dialect,
            presence_domain=self.presence_domain,
            extension_length=self.extension_length,
            uploaded=uploaded,
            limits=self.limits,
            contents=tally.contents,
            surroundings=surroundings,
        )
        for part in parts:
            all_of_it = np.zeros(part.records.num_rows, np.int64)
            rows = message_batch(part.records, [origin], all_of_it, self.policy)
            self.messages.add_batch(rows)
            tally.records += part.records.num_rows
            for reject in part.rejects:
                self._reject(reject, origin, tally)
        return tally

    def _reject(self, reject: Reject, origin: Origin, tally: Tally) -> None:
        if self.rejects is not None:
            self.rejects.add(reject_row(reject, origin, self.policy), len(reject.raw))
        tally.rejects += 1
        if len(tally.reasons) < REASONS_KEPT:
            tally.reasons.append(_described(reject))

    def _each(self, step: Callable[[Spool], None]) -> None:
        for spool in (self.messages, self.rejects):
            if spool is not None:
                step(spool)


def _described(reject: Reject) -> str:
    where = f"{reject.member}, " if reject.member else ""
    return f"{where}record {reject.ordinal}, {reject.field}: {reject.reason}"
