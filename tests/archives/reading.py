"""Archives kept as files, and how tests read them."""

import io
from pathlib import Path

from eur_pipeline.archives.dialect import load_dialect
from eur_pipeline.archives.reader import read_archive
from eur_pipeline.archives.record import Record, Reject
from eur_pipeline.archives.surroundings import Surroundings

CASES = Path(__file__).parents[1] / "cases"


def read(
    content: bytes, dialect: str = "avaya-ps", path: str = "", companion: bytes | None = None
) -> list[Record | Reject]:
    beside = None if companion is None else io.BytesIO(companion)
    return list(
        read_archive(
            io.BytesIO(content),
            load_dialect(dialect),
            presence_domain="presence.example",
            surroundings=Surroundings(path, beside),
        )
    )


def records(
    content: bytes, dialect: str = "avaya-ps", path: str = "", companion: bytes | None = None
) -> list[Record]:
    items = read(content, dialect, path, companion)
    assert not [item for item in items if isinstance(item, Reject)]
    return [item for item in items if isinstance(item, Record)]
