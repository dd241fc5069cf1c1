"""Reads many small documents of a flat dialect as if they were one, which costs as much as one.

What is not provably plain is for others to read, document by document; so are rejects and errors.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from eur_pipeline.archives.fast.columns import Columns
from eur_pipeline.archives.fast.markup import Markup
from eur_pipeline.archives.table import with_ordinals
from eur_pipeline.arrays import Positions, array_of


@dataclass(frozen=True, slots=True)
class Bundled:
    """The records of several documents, one after the other.

    Attributes:
        records: Numbered from 1 in each document.
        documents: The place, among the documents, of the one that each record stands in.
    """

    records: pa.RecordBatch
    documents: Positions

    def counts(self, of: int) -> list[int]:
        """How many records each of so many documents has."""
        counted: list[int] = np.bincount(self.documents, minlength=of).tolist()
        return counted


def read_bundle(documents: Sequence[bytes], columns: Columns) -> Bundled:
    """The records of what `cut.records_alone` gave of each document; raises NotPlainError.

    Each ends with the end of a record, so that none goes on into the next.
    """
    markup = Markup.of(b"".join(documents), columns.plan.record)
    records = columns.of(markup)
    begins = np.cumsum([0, *map(len, documents)])
    places = np.searchsorted(begins, markup.begins, side="right") - 1
    first = np.searchsorted(places, np.arange(len(documents)))
    ordinals = (np.arange(1, len(places) + 1) - first[places]).astype(np.int32)
    return Bundled(with_ordinals(records, array_of(ordinals, pa.int32())), places)
