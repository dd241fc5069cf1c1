"""Which way a document goes, region by region."""

import gzip
import io
import zipfile
from collections.abc import Iterator

import pytest

from eur_pipeline.archives import tables
from eur_pipeline.archives.containers import Document
from eur_pipeline.archives.dialect import Dialect
from eur_pipeline.archives.extract import Extractor
from eur_pipeline.archives.fast import reading
from eur_pipeline.archives.limits import Limits
from eur_pipeline.archives.reader import Before, read_document
from eur_pipeline.archives.record import Record, Reject

from ..reading import CASES
from .ways import AVAYA, fast, slowly

MESSAGE = (
    '<message time="1773014400000" kind="text"><from>1@x.y</from><to>2@x.y</to>'
    "<body>{}</body></message>\n"
)


def _archive(*bodies: str) -> bytes:
    return ("<im-archive>\n" + "".join(map(MESSAGE.format, bodies)) + "</im-archive>").encode()


@pytest.fixture
def slow_records(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The ordinals of the records that go the slow way."""
    ordinals: list[int] = []

    def noted(
        document: Document, dialect: Dialect, extractor: Extractor, limits: Limits, before: Before
    ) -> Iterator[Record | Reject]:
        for item in read_document(document, dialect, extractor, limits, before):
            ordinals.append(item.ordinal)
            yield item

    monkeypatch.setattr(tables, "read_document", noted)
    return ordinals


def test_usual_records_and_odd_markup_go_the_fast_way(slow_records: list[int]) -> None:
    for name in ("normal", "special", "empty"):
        assert not fast((CASES / "avaya-ps" / f"{name}.xml").read_bytes()).error
    assert slow_records == []


def test_only_the_region_with_an_odd_record_goes_the_slow_way(
    slow_records: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "REGION_BYTES", 300)
    content = _archive("one", "two", "three", "four", "<b>bold</b>", "six", "seven", "eight")
    outcome = fast(content)
    assert [record["body"] for record in outcome.records][4:6] == ["bold", "six"]
    assert [record["ordinal"] for record in outcome.records] == list(range(1, 9))
    assert slow_records == [5, 6]


def test_a_reject_names_its_line_in_the_whole_document(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "REGION_BYTES", 300)
    content = _archive("one", "two", "three", "four", "five").replace(b"<from>1@x.y</from>", b"", 1)
    content = content.replace(b"</im-archive>", b"<message/>\n</im-archive>")
    assert [reject.line for reject in fast(content).rejects] == [2, 7]
    assert fast(content) == slowly(content)


def test_after_damage_nothing_goes_the_fast_way(
    slow_records: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "REGION_BYTES", 300)
    content = _archive("one", "two", "three", "four", "<b>", "six", "seven", "eight")
    outcome = fast(content)
    assert outcome.error is not None
    assert outcome.records_before == len(outcome.records) == 4
    assert outcome == slowly(content)
    assert slow_records == []


@pytest.mark.parametrize("cut", [1, 9, 200])
def test_a_packed_archive_that_is_cut_off_gives_what_was_there(cut: int) -> None:
    packed = gzip.compress(_archive(*(f"message {n * n}" for n in range(2000))))[:-cut]
    outcome = fast(packed)
    assert outcome.error is not None
    assert outcome == slowly(packed)


def test_records_are_numbered_through_the_documents_of_a_zip() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("1.xml", _archive("one", "two"))
        archive.writestr("2.xml", _archive("three", "<b>", "five"))
    outcome = fast(content.getvalue())
    assert [record["ordinal"] for record in outcome.records] == [1, 2, 3]
    assert str(outcome.error).startswith("2.xml: ")
    assert outcome == slowly(content.getvalue())


def test_limits_that_a_region_could_be_beyond_leave_all_to_the_slow_way() -> None:
    content = _archive("x" * 1000, "y" * 100_000)
    for limits in (Limits(record_bytes=40_000), Limits(element_depth=2)):
        outcome = fast(content, limits=limits)
        assert outcome.error is not None
        assert outcome == slowly(content, limits=limits)


def test_little_is_read_ahead_of_what_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "REGION_BYTES", 10_000)
    source = io.BytesIO(_archive(*(["x" * 1000] * 1000)))
    parts = tables.read_tables(source, AVAYA, presence_domain=None)
    next(parts)
    assert source.tell() < 10_000 * 20
    assert sum(map(len, parts)) < 1000
