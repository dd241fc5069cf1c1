"""Archives that are attacks, or nonsense: refused with a reason, at once, and nothing is opened.

Small ones are files in tests/cases/hostile, each with `reasons.json` saying what its error names
and how many records came before; large ones are made here. Containers are in test_containers.py.
"""

import io
import json
import os
import time
from pathlib import Path

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eur_pipeline.archives.dialect import load_dialect
from eur_pipeline.archives.limits import DEFAULT_LIMITS
from eur_pipeline.archives.reader import read_archive
from eur_pipeline.archives.record import Record
from eur_pipeline.errors import UnreadableArchiveError
from tests.conftest import archive_xml

from .fast.ways import fast, slowly
from .reading import CASES, read

HOSTILE = CASES / "hostile"
REASONS = json.loads((HOSTILE / "reasons.json").read_text(encoding="utf-8"))
XINCLUDE = "http://www.w3.org/2001/XInclude"
MEBIBYTE = 1024 * 1024
MESSAGE = b'<message time="1773014400000" kind="text"><from>1@x.y</from><body>%s</body></message>'


def refused(content: bytes) -> tuple[str, int]:
    """The reason why an archive cannot be read, and how many records came before."""
    with pytest.raises(UnreadableArchiveError) as error:
        read(content)
    return str(error.value), error.value.records_before


def test_every_hostile_file_is_listed() -> None:
    assert {p.name for p in HOSTILE.glob("*.xml")} == set(REASONS)


@pytest.mark.parametrize("name", REASONS)
def test_a_hostile_file_is_refused_with_its_reason(name: str) -> None:
    found, records_before = refused((HOSTILE / name).read_bytes())
    expected = REASONS[name]
    assert expected["reason"] in found
    assert records_before == expected["records_before"]


FLOODS = {
    "attributes": lambda: b"".join(b' a%d=""' % n for n in range(300_000)).join(
        [b"<im-archive><message", b"/></im-archive>"]
    ),
    "attributes of the root": lambda: b"".join(b' a%d=""' % n for n in range(300_000)).join(
        [b"<im-archive", b"/>"]
    ),
    "namespaces": lambda: b"".join(b' xmlns:a%d="u"' % n for n in range(200_000)).join(
        [b"<im-archive><message", b"/></im-archive>"]
    ),
    "one attribute": lambda: b"<im-archive a='" + b"x" * 3 * MEBIBYTE + b"'/>",
    "one name": lambda: b"<" + b"a" * 3 * MEBIBYTE + b"/>",
    "one text": lambda: archive_xml("x" * 3 * MEBIBYTE),
    "text outside of records": lambda: b"<im-archive>" + b"x" * 3 * MEBIBYTE + b"</im-archive>",
    "one comment": lambda: b"<im-archive><!--" + b"x" * 3 * MEBIBYTE + b"--></im-archive>",
    "one instruction": lambda: b"<?x " + b"x" * 3 * MEBIBYTE + b"?><im-archive/>",
    "empty elements": lambda: archive_xml("x").replace(b"<body>", b"<body>" + b"<a/>" * 600_000),
}


@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_is_refused_by_the_size_of_a_record(flood: str) -> None:
    content = FLOODS[flood]()
    before = psutil.Process().memory_info().rss
    begun = time.process_time()
    assert "limits.record_bytes" in refused(content)[0]
    # Fractions of a second, and tens of mebibytes: what explodes takes minutes, and gibibytes.
    assert time.process_time() - begun < 20
    assert psutil.Process().memory_info().rss - before < 150 * MEBIBYTE


NAMES = {
    "elements": b"<a%d/>",
    "attributes": b"<a b%d=''/>",
    "namespaces": b"<a xmlns='u%d'/>",
    "prefixes": b"<a xmlns:b%d='u'/>",
}


@pytest.mark.parametrize("names", NAMES)
def test_names_without_end_are_refused_because_the_parser_forgets_none(names: str) -> None:
    flood = b"".join(NAMES[names] % n for n in range(1_500_000))
    content = b"<im-archive>" + MESSAGE % b"x" + flood + b"</im-archive>"
    before = psutil.Process().memory_info().rss
    reason, records_before = refused(content)
    assert "limits.distinct_names" in reason
    assert records_before == 1
    assert psutil.Process().memory_info().rss - before < 80 * MEBIBYTE


def test_some_names_in_each_of_many_records_are_refused_alike_in_both_ways() -> None:
    records = b"".join(MESSAGE % (b"<a%d/>" % n + b" " * 2000) for n in range(1500))
    content = b"<im-archive>" + records + b"</im-archive>"
    limits = DEFAULT_LIMITS.model_copy(update={"distinct_names": 1000})
    found = fast(content, limits=limits)
    assert found == slowly(content, limits=limits)
    assert "limits.distinct_names" in (found.error or "")
    assert found.records_before == len(found.records)
    assert len(found.records) > 900
    assert fast(content).error is None


@pytest.mark.parametrize("entities", [b"&nothing;", b"&nothing;&more;"])
@pytest.mark.parametrize(
    "next_chunk",
    [
        b"<im-archive>" + MESSAGE % b"two" + b"</im-archive>",
        b"<!DOCTYPE im-archive [<!ENTITY a 'b'>]><im-archive>" + MESSAGE % b"&a;",
        MESSAGE % b"two" + b"</im-archive>",
    ],
)
def test_what_follows_an_unknown_entity_is_not_taken_for_another_document(
    entities: bytes, next_chunk: bytes
) -> None:
    beginning = b"<im-archive>\n" + MESSAGE % b"one" + entities
    content = beginning.ljust(32 * 1024) + next_chunk
    assert refused(content) == (
        "not well-formed XML, or cut off, at line 2 (undeclared entity)",
        1,
    )
    assert fast(content) == slowly(content)


@pytest.mark.parametrize("depth", [DEFAULT_LIMITS.element_depth + 1, 100_000])
def test_depth_is_refused_by_its_bound(depth: int) -> None:
    content = archive_xml("x").replace(b"<body>", b"<body>" + b"<a>" * depth)
    assert "limits.element_depth" in refused(content)[0]


def test_elements_as_deep_as_the_bound_are_read() -> None:
    depth = DEFAULT_LIMITS.element_depth - 3
    nested = b"<a>" * depth + b"deep" + b"</a>" * depth
    (record,) = read(b"<im-archive>" + MESSAGE % nested + b"</im-archive>")
    assert isinstance(record, Record)
    assert record.body == "deep"


@pytest.mark.parametrize("entities", [10, 100_000])
def test_a_quadratic_blow_up_is_refused_unexpanded(entities: int) -> None:
    declared = b'<!DOCTYPE im-archive [<!ENTITY a "%b">]><im-archive>' % (b"x" * 50_000)
    content = declared + MESSAGE % (b"&a;" * entities) + b"</im-archive>"
    before = psutil.Process().memory_info().rss
    assert refused(content) == (refused(b"<!DOCTYPE a><im-archive/>")[0], 0)
    assert psutil.Process().memory_info().rss - before < 50 * MEBIBYTE


def test_a_hostile_file_opens_no_other(tmp_path: Path) -> None:
    """A named pipe that anybody opened would hold its reader up for ever."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    opened = [
        f'<!DOCTYPE im-archive SYSTEM "{pipe}"><im-archive/>',
        f'<!DOCTYPE im-archive [<!ENTITY % p SYSTEM "{pipe}"> %p;]><im-archive/>',
        f'<!DOCTYPE im-archive [<!ENTITY e SYSTEM "{pipe}">]><im-archive>&e;</im-archive>',
        f'<im-archive><x:include xmlns:x="{XINCLUDE}" href="{pipe}"/></im-archive>',
    ]
    for content in opened:
        refused(content.encode())
    harmless = f'<?xml-stylesheet href="{pipe}"?><im-archive xmlns="" base="{pipe}"/>'
    assert read(harmless.encode()) == []


# Encodings.

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=30).filter(
    lambda text: not {"\ufffe", "\uffff"} & set(text)
)
ENCODINGS = {
    # How it is declared, None: not at all; and how it is written.
    "UTF-8": ("UTF-8", "utf-8"),
    "UTF-8, not declared": (None, "utf-8"),
    "UTF-8 with byte order mark": ("UTF-8", "utf-8-sig"),
    "UTF-8 with byte order mark, not declared": (None, "utf-8-sig"),
    "UTF-16": ("UTF-16", "utf-16"),
    "UTF-16, not declared": (None, "utf-16"),
    "UTF-16, another one declared": ("UTF-8", "utf-16"),
    "UTF-16 without byte order mark, another one declared": ("UTF-8", "utf-16-le"),
    "UTF-16LE": ("UTF-16", "utf-16-le"),
    "UTF-16BE": ("UTF-16", "utf-16-be"),
}
ONE_BYTE = ["ISO-8859-1", "ISO-8859-15", "windows-1252", "ISO-8859-5", "KOI8-R"]


def document(text: str, declared: str | None) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace("]]>", "]]&gt;")
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    return f"{declaration}<im-archive>{MESSAGE.decode() % escaped.join(['«', '»'])}</im-archive>"


@pytest.mark.parametrize("name", ENCODINGS)
@settings(max_examples=20)
@given(text=TEXTS)
def test_unicode_is_read_however_it_is_written(name: str, text: str) -> None:
    declared, codec = ENCODINGS[name]
    content = document(text, declared).encode(codec)
    # A byte order mark is a part of the encoding, not of the text.
    (record,) = read(content)
    assert isinstance(record, Record)
    assert record.body == f"«{text}»"


@pytest.mark.parametrize("encoding", ONE_BYTE)
def test_a_declared_encoding_of_one_byte_is_read(encoding: str) -> None:
    text = bytes(range(0xC0, 0x100)).decode(encoding)
    content = document(text, encoding).replace("«", "").replace("»", "")
    (record,) = read(content.encode(encoding))
    assert isinstance(record, Record)
    assert record.body == text


WRONGLY_DECLARED = {
    "UTF-8 is Latin-1": document("é", "UTF-8").encode("latin-1"),
    "nothing is Latin-1": document("é", None).encode("latin-1"),
    "ASCII is UTF-8": document("é", "US-ASCII").encode(),
    "UTF-16 is UTF-8": document("é", "UTF-16").encode(),
    "nobody's": document("é", "klingon").encode(),
    "UTF-32": document("é", "UTF-32").encode("utf-32"),
    "EBCDIC": document("x", "cp037").replace("«", "").replace("»", "").encode("cp037"),
}


@pytest.mark.parametrize("name", WRONGLY_DECLARED)
def test_a_wrong_or_unknown_encoding_is_refused_with_a_reason(name: str) -> None:
    reason, records_before = refused(WRONGLY_DECLARED[name])
    assert records_before == 0
    assert "encoding" in reason


def test_an_archive_that_is_cut_in_the_middle_of_a_character_is_refused() -> None:
    for codec in ("utf-8", "utf-16"):
        content = document("𝔘", None).encode(codec)
        assert refused(content[: content.index("𝔘".encode(codec)[-4:]) + 3])


def test_records_before_a_damage_are_read_and_counted() -> None:
    good = MESSAGE % b"good"
    source = io.BytesIO(b"<im-archive>" + good * 3 + b"<message>\x00")
    items = read_archive(source, load_dialect("avaya-ps"), presence_domain=None)
    assert [next(items).ordinal for _ in range(3)] == [1, 2, 3]
    with pytest.raises(UnreadableArchiveError) as error:
        next(items)
    assert error.value.records_before == 3
