"""Reading an archive into records, beside a bare parse of the same file by lxml."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lxml import etree

from eur_pipeline.archives.dialect import load_dialect
from eur_pipeline.archives.reader import read_archive
from tests.bench.measuring import Case
from tests.conftest import archive_xml

MESSAGES = 50_000


@contextmanager
def one_archive(folder: Path) -> Iterator[Case]:
    """One archive of avaya-ps."""
    path = folder / "archive.xml"
    path.write_bytes(archive_xml(*(f"message {n} of a busy day" for n in range(MESSAGES))))
    dialect = load_dialect("avaya-ps", None)

    def read() -> None:
        with path.open("rb") as source:
            count = sum(1 for _ in read_archive(source, dialect, presence_domain=None))
        assert count == MESSAGES

    yield Case(
        what=f"read {MESSAGES:,} records of avaya-ps ({path.stat().st_size:,} bytes)",
        floor="lxml.etree.parse",
        subject=read,
        rival=lambda: etree.parse(path),
    )
