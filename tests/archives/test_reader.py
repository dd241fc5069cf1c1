"""Archives that are damaged, hostile or merely large."""

import io
import itertools
import threading
from pathlib import Path
from socketserver import BaseRequestHandler, TCPServer

import psutil
import pytest

from eur_pipeline.archives.dialect import load_dialect
from eur_pipeline.archives.limits import DEFAULT_LIMITS, Limits
from eur_pipeline.archives.reader import read_archive
from eur_pipeline.archives.record import RAW_BYTES, Record, Reject
from eur_pipeline.errors import UnreadableArchiveError

from .reading import CASES, read

MESSAGE = b'<message time="1773014400000" kind="text"><from>1@x.y</from><body>%s</body></message>'


def _unreadable(
    content: bytes, dialect: str = "avaya-ps", limits: Limits = DEFAULT_LIMITS
) -> tuple[UnreadableArchiveError, int]:
    """The error that ends the reading, and how many records came before it."""
    source = io.BytesIO(content)
    seen = 0
    try:
        for _ in read_archive(source, load_dialect(dialect), presence_domain=None, limits=limits):
            seen += 1
    except UnreadableArchiveError as error:
        return error, seen
    pytest.fail("the archive was read to its end")


def test_a_broken_archive_says_where_and_how_many_records_came_before() -> None:
    error, seen = _unreadable((CASES / "avaya-ps" / "broken.xml").read_bytes())
    assert seen == error.records_before == 1
    assert "line 4" in str(error)


@pytest.mark.parametrize(("content", "said"), [(b"", "file is empty"), (b" \n", "document empty")])
def test_an_empty_file_is_no_archive(content: bytes, said: str) -> None:
    error, seen = _unreadable(content)
    assert seen == 0
    assert said in str(error)


def test_wherever_an_archive_is_cut_off_it_is_never_taken_for_a_whole_one() -> None:
    whole = b"<im-archive>" + MESSAGE % b"one" + MESSAGE % "zwölf".encode() + b"</im-archive>"
    assert len(read(whole)) == 2
    for length in range(len(whole)):
        error, seen = _unreadable(whole[:length])
        assert error.records_before == seen


def test_another_root_element_is_named_with_the_one_that_was_expected() -> None:
    error, seen = _unreadable(b"<log>" + MESSAGE % b"x" + b"</log>")
    assert seen == 0
    assert "log" in str(error)
    assert "im-archive" in str(error)


def test_an_error_never_quotes_what_people_wrote() -> None:
    error, _ = _unreadable(b"<im-archive>" + MESSAGE % b"<my-secret> &undefined-secret;")
    assert "secret" not in str(error)
    (reject,) = read(
        b'<im-archive><message time="my secret"><from>1@x.y</from></message></im-archive>'
    )
    assert isinstance(reject, Reject)
    assert "secret" not in reject.reason


def _laughs(place: str) -> bytes:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE im-archive [<!ENTITY l0 "ha">{entities}]><im-archive {place}'.encode()


DECLARATIONS = {
    "nothing": b"<!DOCTYPE im-archive><im-archive>",
    "external": b'<!DOCTYPE im-archive SYSTEM "http://127.0.0.1:9/a.dtd"><im-archive>',
    "entity": b'<!DOCTYPE im-archive [<!ENTITY e "x">]><im-archive>',
    "file": b'<!DOCTYPE im-archive [<!ENTITY e SYSTEM "file:///etc/passwd">]><im-archive>',
    "parameter": b'<!DOCTYPE im-archive [<!ENTITY % p SYSTEM "file:///x"> %p;]><im-archive>',
    "laughs in text": _laughs(">&l9;"),
    "laughs in an attribute": _laughs('server="&l9;">'),
}


@pytest.mark.parametrize("declared", DECLARATIONS)
def test_an_archive_with_a_document_type_is_refused_before_any_record(declared: str) -> None:
    error, seen = _unreadable(DECLARATIONS[declared] + MESSAGE % b"x" + b"</im-archive>")
    assert seen == error.records_before == 0


def test_a_document_type_is_refused_in_every_encoding() -> None:
    text = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE im-archive><im-archive/>'
    error, _ = _unreadable(text.encode("utf-16"))
    assert "DOCTYPE" in str(error)


def test_the_refusal_says_what_was_found() -> None:
    error, seen = _unreadable((CASES / "avaya-ps" / "dtd.xml").read_bytes())
    assert seen == 0
    assert "DOCTYPE" in str(error)


def test_nothing_that_an_archive_names_is_fetched(tmp_path: Path) -> None:
    asked = threading.Event()

    class Notice(BaseRequestHandler):
        def handle(self) -> None:
            asked.set()

    with TCPServer(("127.0.0.1", 0), Notice) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/"
        _unreadable(f'<!DOCTYPE im-archive SYSTEM "{url}a.dtd"><im-archive/>'.encode())
        include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{url}b"/>'
        _unreadable(f'<?xml-stylesheet href="{url}c"?><im-archive>{include}</im-archive>'.encode())
        server.shutdown()
    assert not asked.is_set()


def test_elements_nested_beyond_reason_end_the_reading() -> None:
    error, _ = _unreadable(b"<im-archive><message>" + b"<a>" * 100_000)
    assert error.records_before == 0


def test_a_record_of_endless_size_ends_the_reading() -> None:
    content = b"<im-archive>" + MESSAGE % b"x" * 5_000 + b"<message>" + b"<a/>" * 100_000
    error, seen = _unreadable(content, limits=Limits(record_bytes=200_000))
    assert seen == error.records_before == 5_000
    assert "at most 200,000 bytes in a record" in str(error)
    assert "limits.record_bytes" in str(error)


def test_a_reject_far_down_names_no_wrong_line() -> None:
    content = b"<im-archive>" + b"\n" * 70_000 + b"<message/></im-archive>"
    (reject,) = read(content)
    assert isinstance(reject, Reject)
    assert reject.line is None


def test_the_raw_text_of_a_reject_is_cut_off() -> None:
    body = "ü".encode() * RAW_BYTES
    (reject,) = read(
        b"<im-archive>" + (MESSAGE % body).replace(b"1773014400000", b"x") + b"</im-archive>"
    )
    assert isinstance(reject, Reject)
    assert RAW_BYTES - 1 <= len(reject.raw.encode()) <= RAW_BYTES
    assert reject.raw.startswith("<message")


def test_records_stand_only_where_the_dialect_says() -> None:
    nested = b"<folder>" + MESSAGE % b"elsewhere" + b"</folder>"
    (record,) = read(b"<im-archive>" + nested + MESSAGE % b"here" + b"</im-archive>")
    assert isinstance(record, Record)
    assert record.body == "here"


def test_an_archive_of_other_elements_only_is_of_another_layout() -> None:
    nested = b"<im-archive><folder>" + MESSAGE % b"x" + b"</folder></im-archive>"
    error, seen = _unreadable(nested)
    assert seen == error.records_before == 0
    assert "expected records at im-archive/message; found none among 4 elements" in str(error)
    assert "records_expected" in str(error)


@pytest.mark.parametrize("root", [b"<im-archive/>", b"<im-archive a='b'> <!-- c --> </im-archive>"])
def test_a_root_without_elements_is_an_archive_without_records(root: bytes) -> None:
    assert read(root) == []


def test_a_record_inside_a_record_is_part_of_it() -> None:
    inner = b"<message time='1773014400000'><from>2@x.y</from></message>"
    (record,) = read(b"<im-archive>" + MESSAGE % inner + b"</im-archive>")
    assert isinstance(record, Record)
    assert record.sender == "1@x.y"


class _Endless(io.RawIOBase):
    """An archive of any number of records that never exists as a whole."""

    def __init__(self, records: int) -> None:
        message = MESSAGE % (b"x" * 4000)
        whole = itertools.chain([b"<im-archive>"], itertools.repeat(message, records))
        self._parts = itertools.chain(whole, [b"</im-archive>"])

    def readable(self) -> bool:
        return True

    def read(self, _size: int = -1) -> bytes:
        return next(self._parts, b"")


def test_memory_does_not_grow_with_the_archive() -> None:
    process = psutil.Process()
    source = _Endless(15_000)  # 60 MB
    reading = read_archive(source, load_dialect("avaya-ps"), presence_domain=None)  # type: ignore[arg-type]
    for _ in itertools.islice(reading, 1000):
        pass
    before = process.memory_info().rss
    assert sum(1 for _ in reading) == 14_000
    assert process.memory_info().rss - before < 20_000_000
