"""Whether an archive has arrived to its end."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eur_pipeline.collect.completeness import END_BYTES, Ending, ending
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
    return ending(content[:END_BYTES], content[-END_BYTES:])


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


@pytest.mark.parametrize("content", [b"PK\x03\x04 and so on", "<a></a>".encode("utf-16")])
def test_what_does_not_begin_as_xml_cannot_be_judged(content: bytes) -> None:
    assert judged(content) is Ending.UNKNOWN


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
