"""The dialect of an archive whose root element several dialects have."""

import gzip
import io
from pathlib import Path

import pytest

from eur_pipeline.archives.choosing import best_dialect
from eur_pipeline.archives.dialect import load_dialect, parse_dialect

from .reading import CASES

FILEDUMPS = [load_dialect(name) for name in ("actiance-filedump", "bloomberg-ib")]
OWN = """\
description: of the project
records: FileDump/Conversation/Message
fields:
  sent_at: {xpath: DateTimeUTC, format: epoch_seconds_or_milliseconds}
  sender: LoginName
"""


def _chosen(content: bytes) -> str | None:
    found = best_dialect(io.BytesIO(content), FILEDUMPS)
    return None if found is None else found.name


@pytest.mark.parametrize(
    "path",
    sorted(path for one in FILEDUMPS for path in (CASES / one.name).glob("*.xml")),
    ids=lambda path: f"{path.parent.name}/{path.name}",
)
def test_the_one_that_can_read_most_records_is_chosen(path: Path) -> None:
    assert _chosen(path.read_bytes()) == path.parent.name
    assert _chosen(gzip.compress(path.read_bytes())) == path.parent.name


def test_an_archive_is_known_by_its_beginning_even_if_it_is_damaged_later() -> None:
    content = (CASES / "bloomberg-ib" / "chat.xml").read_bytes()
    assert _chosen(content[: len(content) // 2]) == "bloomberg-ib"


@pytest.mark.parametrize("content", [b"<FileDump/>", b"<FileDump><x/></FileDump>", b"<FileDump>"])
def test_where_none_reads_anything_none_is_chosen(content: bytes) -> None:
    assert _chosen(content) is None


def test_of_dialects_that_read_equally_well_the_first_is_chosen() -> None:
    own = parse_dialect(OWN, "own", "own.yml")
    content = (CASES / "actiance-filedump" / "channel.xml").read_bytes()
    for candidates in ([own, *FILEDUMPS], [FILEDUMPS[0], own]):
        assert best_dialect(io.BytesIO(content), candidates) is candidates[0]
