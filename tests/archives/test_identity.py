"""By what hash an archive is known."""

from eur_pipeline.archives.dialect import load_dialect
from eur_pipeline.archives.identity import archive_sha256

CONTENT, INDEX = "a" * 64, "b" * 64


def test_an_archive_is_known_by_its_content_whatever_it_is_called() -> None:
    dialect = load_dialect("avaya-ps")
    assert archive_sha256(dialect, CONTENT, None, "1.xml") == CONTENT


def test_where_the_dialect_reads_companion_and_name_they_belong_to_it() -> None:
    dialect = load_dialect("prosody-xmlarchive")
    known = {
        archive_sha256(dialect, CONTENT, companion, name)
        for companion in (INDEX, CONTENT, None)
        for name in ("1%402026.xml", "2%402026.xml")
    }
    assert len(known - {CONTENT}) == 6
    assert {len(sha256) for sha256 in known} == {64}
