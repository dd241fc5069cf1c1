"""Archives kept as files, and how tests read them."""

import io
from pathlib import Path

from eur_pipeline.archives.dialect import load_dialect
from eur_pipeline.archives.reader import read_archive
from eur_pipeline.archives.record import Record, Reject

CASES = Path(__file__).parents[1] / "cases"


def read(content: bytes, dialect: str = "avaya-ps") -> list[Record | Reject]:
    return list(
        read_archive(io.BytesIO(content), load_dialect(dialect), presence_domain="presence.example")
    )


def records(content: bytes, dialect: str = "avaya-ps") -> list[Record]:
    items = read(content, dialect)
    assert not [item for item in items if isinstance(item, Reject)]
    return [item for item in items if isinstance(item, Record)]
