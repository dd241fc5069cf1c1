"""Whether an archive has arrived to its end."""

import gzip
import io
import re
import time
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eur_pipeline.collect import completeness
from eur_pipeline.collect.completeness import END_BYTES, Ending, ending, ending_of_gzip
from tests.conftest import archive_xml

prologues = st.lists(
    st.sampled_from(
        [b"<?xml version='1.0'?>", b"<!-- from <b> & co -->", b"<!DOCTYPE im-archive>", b" \n\t"]
    ),
    max_size=4,
).map(b"".join)
epilogues = st.lists(
    st.sampled_from([b"<!-- the > end -->", b"<?pi ?>", b" \r\n"]), max_size=4
).map(b"".join)
bodies = st.lists(
    st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="<>&"), max_size=20),
    max_size=4,
).map(lambda texts: archive_xml(*texts).partition(b"?>")[2])


def judged(content: bytes) -> Ending:
    return ending(content[:END_BYTES], content[-END_BYTES:], len(content))


def zipped(*members: bytes, comment: bytes = b"") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.comment = comment
        for number, member in enumerate(members):
            archive.writestr(zipfile.ZipInfo(f"{number}.xml"), member)
    return file.getvalue()


@given(prologues, bodies, epilogues)
def test_a_whole_document_is_complete(prologue: bytes, root: bytes, epilogue: bytes) -> None:
    assert judged(prologue + root + epilogue) is Ending.CLOSED


@given(prologues, bodies, st.data())
def test_no_cut_of_a_document_is_complete(
    prologue: bytes, root: bytes, data: st.DataObject
) -> None:
    document = prologue + root
    # A cut within leading white space leaves nothing that begins as XML, and nothing at all.
    cut = data.draw(st.integers(0, len(document) - 1))
    assert judged(document[:cut]) is not Ending.CLOSED


@pytest.mark.parametrize(
    "content",
    [
        b"<a/>",
        b"<a x='1'/>\n",
        b"<a></a>",
        b"<a></a >",
        b"\xef\xbb\xbf<a></a>",
        b"<ns:a xmlns:ns='x'></ns:a>",
        b"<a>" + b"x" * 3 * END_BYTES + b"</a>",
    ],
)
def test_every_way_to_close_a_root_is_known(content: bytes) -> None:
    assert judged(content) is Ending.CLOSED


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" \n",
        b"<",
        b"<a",
        b"<a>",
        b"<a></b>",
        b"<a></aa>",
        b"<aa></a>",
        b"<a><b/>",
        b"<?xml version='1.0'?>",
        b"<!-- only a comment -->",
        b"<a></a",
    ],
)
def test_what_is_not_closed_as_it_was_opened_is_incomplete(content: bytes) -> None:
    assert judged(content) is Ending.OPEN


@pytest.mark.parametrize("content", [gzip.compress(b"<a/>", mtime=0), "<a/>".encode("utf-16-le")])
def test_what_begins_neither_as_xml_nor_as_zip_cannot_be_judged(content: bytes) -> None:
    assert judged(content) is Ending.UNKNOWN


GZIP = gzip.compress(archive_xml("one", "two"), mtime=0)


def unpacked(content: bytes) -> Ending:
    return ending_of_gzip(io.BytesIO(content))


@given(st.integers(0, 2), st.data())
def test_no_gzip_file_that_breaks_off_within_a_part_is_complete(
    parts: int, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(2, len(GZIP) - 1))
    assert unpacked(GZIP * parts + GZIP[:cut]) is Ending.OPEN


@pytest.mark.parametrize("rest", [b"", GZIP, bytes(600), b"something else"])
def test_after_a_whole_gzip_file_another_part_may_come(rest: bytes) -> None:
    assert unpacked(GZIP + rest) is Ending.UNKNOWN


def test_where_a_gzip_file_unpacks_to_much_its_last_bytes_are_looked_for_too() -> None:
    packed = gzip.compress(bytes(5_000_000), mtime=0)
    assert unpacked(packed) is Ending.UNKNOWN
    assert unpacked(packed[:-1]) is Ending.OPEN


def test_a_damaged_gzip_file_does_not_wait_for_more() -> None:
    assert unpacked(GZIP[:20] + bytes(40) + GZIP[60:]) is Ending.UNKNOWN


def test_no_gzip_file_is_unpacked_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completeness, "_MOST_UNPACKED_BYTES", 1 << 20)
    assert unpacked(gzip.compress(bytes(5_000_000), mtime=0)[:-1]) is Ending.UNKNOWN
    assert unpacked(gzip.compress(b"", mtime=0) * 20_000 + GZIP[:20]) is Ending.UNKNOWN


@given(bodies, st.sampled_from(["utf-16-le", "utf-16-be"]), st.data())
def test_a_document_in_utf_16_is_judged_as_in_any_other(
    root: bytes, encoding: str, data: st.DataObject
) -> None:
    document = ("\ufeff" + root.decode()).encode(encoding)
    assert judged(document) is Ending.CLOSED
    assert judged(document[: data.draw(st.integers(0, len(document) - 1))]) is not Ending.CLOSED


@pytest.mark.parametrize("comment", [b"", b"PK\x05\x06" + bytes(18), b"x" * 4000])
def test_a_zip_ends_with_its_directory(comment: bytes) -> None:
    assert judged(zipped(b"<a/>" * 5000, b"<b/>", comment=comment)) is Ending.CLOSED
    assert judged(zipped(comment=comment)) is Ending.CLOSED


def test_a_zip_with_very_many_members_ends_with_its_directory() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(0x10000):
            archive.writestr(zipfile.ZipInfo(str(number)), b"")
    assert judged(file.getvalue()) is Ending.CLOSED
    assert judged(file.getvalue()[:-1]) is Ending.OPEN


@given(st.data())
def test_no_cut_of_a_zip_is_complete_even_where_a_zip_within_ends(data: st.DataObject) -> None:
    inner = zipped(b"<a/>")
    content = zipped(b"<a/>" * 100, inner, inner)
    ends = [m.end() + 18 for m in re.finditer(b"PK\x05\x06", content)][:-1]
    cut = data.draw(st.sampled_from(ends) | st.integers(4, len(content) - 1))
    assert judged(content[:cut]) is Ending.OPEN


@pytest.mark.parametrize(
    "unit",
    [b"<!--", b"-->", b"<?", b"?>", b"<!--x-->", b"<?x?>", b" ", b"<!DOCTYPE", b"<a ", b"</a"],
)
def test_hostile_input_is_judged_at_once(unit: bytes) -> None:
    content = unit * (2 * END_BYTES // len(unit))
    begun = time.process_time()
    judged(content)
    judged(b"<a>" + content)
    judged(content + b"-->")
    # Milliseconds; what backtracks takes minutes.
    assert time.process_time() - begun < 1
