"""Dialects that tests declare themselves, and what they read."""

import io

from eur_pipeline.archives.dialect import parse_dialect
from eur_pipeline.archives.reader import read_archive
from eur_pipeline.archives.record import Record, Reject


def read_as(declared: str, content: str) -> list[Record | Reject]:
    """What a dialect declared so reads in a document of that content."""
    dialect = parse_dialect("description: test\n" + declared, "own", "own.yml")
    source = io.BytesIO(content.encode())
    return list(read_archive(source, dialect, presence_domain="x.y"))


def records_as(declared: str, content: str) -> list[Record]:
    """The same, where every record can be read."""
    items = read_as(declared, content)
    assert not [item for item in items if isinstance(item, Reject)]
    return [item for item in items if isinstance(item, Record)]
