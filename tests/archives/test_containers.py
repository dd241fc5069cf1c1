"""Zip and gzip files: what lies in them is read as if it lay there by itself, and within bounds."""

import contextlib
import gzip
import io
import itertools
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eur_pipeline.archives.containers import Contents, documents
from eur_pipeline.archives.dialect import load_dialect
from eur_pipeline.archives.limits import DEFAULT_LIMITS, Limits
from eur_pipeline.archives.reader import read_archive, roots_in
from eur_pipeline.archives.record import Record, Reject
from eur_pipeline.errors import UnreadableArchiveError
from tests.conftest import archive_xml

from .packing import zipped
from .reading import CASES, read

NORMAL = (CASES / "avaya-ps" / "normal.xml").read_bytes()
BAD = (CASES / "avaya-ps" / "bad-records.xml").read_bytes()
RECORDS = read(NORMAL)
MEBIBYTE = 1024 * 1024


def items(
    content: bytes, limits: Limits = DEFAULT_LIMITS, contents: Contents | None = None
) -> Iterator[Record | Reject]:
    return read_archive(
        io.BytesIO(content),
        load_dialect("avaya-ps"),
        presence_domain="presence.example",
        limits=limits,
        contents=contents,
    )


def why_unreadable(content: bytes, limits: Limits = DEFAULT_LIMITS) -> str:
    with pytest.raises(UnreadableArchiveError) as error:
        list(items(content, limits))
    return str(error.value)


PACKED = {
    "gzip": gzip.compress(NORMAL),
    "gzip in gzip": gzip.compress(gzip.compress(NORMAL)),
    "gzip in parts": gzip.compress(NORMAL[:100]) + gzip.compress(NORMAL[100:]),
    "gzip filled up": gzip.compress(NORMAL) + bytes(100_000),
    "deflated": zipped({"a.xml": NORMAL}),
    "stored": zipped({"a.xml": NORMAL}, zipfile.ZIP_STORED),
    "gzip in zip": zipped({"a.xml.gz": gzip.compress(NORMAL)}),
    "any name": zipped({"a file of any name": NORMAL, "folder/": b""}),
    "UTF-16": zipped({"a": NORMAL.replace(b"UTF-8", b"UTF-16").decode().encode("utf-16")}),
}


@pytest.mark.parametrize("packed", PACKED)
def test_a_packed_document_gives_the_records_of_the_document(packed: str) -> None:
    assert read(PACKED[packed]) == RECORDS


def test_records_of_a_zip_are_numbered_through_all_its_documents() -> None:
    found = read(zipped({"1.xml": NORMAL, "2.xml": BAD, "3.xml": NORMAL}))
    assert [item.ordinal for item in found] == list(range(1, 23))
    assert {item.member for item in found if isinstance(item, Reject)} == {"2.xml"}


ATTACHMENTS = {
    "photo.png": b"\x89PNG\r\n",
    "empty.txt": b"",
    "note.txt": b"<3 you",
    "drawing.svg": b"<!DOCTYPE svg [<!ENTITY e 'x'>]><svg>&e;</svg>",
    "page.xml": b"<html>" * 10_000,
    "letter.docx": zipped({"word/document.xml": NORMAL}),
    "bomb.gz": gzip.compress(gzip.compress(gzip.compress(b"x"))),
    "damaged.gz": gzip.compress(os.urandom(1000))[:500],
    "zeros.gz": gzip.compress(bytes(1000)),
}


def test_what_is_no_document_of_the_dialect_is_an_attachment_and_only_counted() -> None:
    contents = Contents()
    found = list(items(zipped({**ATTACHMENTS, "1": NORMAL, "2": NORMAL}), contents=contents))
    assert len(found) == 2 * len(RECORDS)
    assert contents == Contents(documents=2, attachments=len(ATTACHMENTS))


@pytest.mark.parametrize(
    "members", [{}, {"readme.txt": b"hello"}, ATTACHMENTS], ids=["empty", "a text", "many"]
)
def test_a_zip_without_a_document_of_the_dialect_is_unreadable(members: dict[str, bytes]) -> None:
    expected = f"expected a document of the dialect in the zip, found none among {len(members)}"
    assert expected in why_unreadable(zipped(members))


def test_a_damaged_member_is_named_and_the_records_before_it_are_counted() -> None:
    packed = zipped({"good.xml": NORMAL, "cut.xml": NORMAL[:-40]})
    with pytest.raises(UnreadableArchiveError, match=r"^cut\.xml: not well-formed XML") as error:
        list(items(packed))
    assert error.value.records_before == 2 * len(RECORDS) - 1


DAMAGED_AT_THE_BEGINNING = {
    "a line before the declaration": b"\n" + NORMAL,
    "another encoding than declared": NORMAL.replace(b"UTF-8", b"UTF-16"),
    "UTF-16 cut off": NORMAL.decode().encode("utf-16")[1:],
    "an entity": b"<!DOCTYPE im-archive [<!ENTITY e 'x'>]>" + NORMAL.partition(b"?>")[2],
}


@pytest.mark.parametrize("damage", DAMAGED_AT_THE_BEGINNING)
def test_a_document_damaged_at_its_beginning_is_no_attachment(damage: str) -> None:
    packed = zipped({"good.xml": NORMAL, "bad.xml": DAMAGED_AT_THE_BEGINNING[damage]})
    assert why_unreadable(packed).startswith("bad.xml: ")


def broken_checksums() -> dict[str, bytes]:
    """Archives of which all can be unpacked, and only then is found to be damaged."""
    packed = gzip.compress(archive_xml(*(f"body {n}" for n in range(1000))))
    member = zipped({"1.xml": archive_xml(*(f"body {n}" for n in range(1000)))})
    directory = member.rindex(b"PK\x01\x02")
    return {
        "gzip": packed[:-8] + bytes(4) + packed[-4:],
        "zip": member[: directory + 16] + bytes(4) + member[directory + 20 :],
    }


@pytest.mark.parametrize("packed", ["gzip", "zip"])
@pytest.mark.parametrize("asked", [1, 1000, 16 * 1024, 32 * 1024, 1024 * 1024])
def test_how_much_can_be_read_before_damage_depends_on_no_reader(packed: str, asked: int) -> None:
    def read_of_all(size: int) -> int:
        (document,) = documents(io.BytesIO(broken_checksums()[packed]), lambda _: True)
        parts: list[int] = []
        with pytest.raises(UnreadableArchiveError):
            parts.extend(map(len, iter(partial(document.source.read, size), b"")))
        return sum(parts)

    assert read_of_all(asked) == read_of_all(4096) > 100_000


def test_a_document_packed_twice_and_damaged_is_no_attachment() -> None:
    many = gzip.compress(archive_xml(*(os.urandom(10).hex() for _ in range(5_000))))
    assert why_unreadable(zipped({"a.xml": NORMAL, "b.xml.gz": many[:-10]})).startswith("b.xml.gz:")


def test_a_zip_in_a_gzip_is_not_searched() -> None:
    assert "found a zip; unpack it first" in why_unreadable(gzip.compress(zipped({"a": NORMAL})))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_another_compression_than_deflate_is_unreadable_and_named(method: int) -> None:
    reason = why_unreadable(zipped({"a.xml": NORMAL}, method))
    assert reason.startswith("a.xml: expected files that are stored or deflated")
    assert f"found method {method}" in reason


def test_an_encrypted_zip_is_unreadable_and_says_so() -> None:
    packed = bytearray(zipped({"a.xml": NORMAL}))
    packed[6] |= 1  # the flag in the member's own header ...
    packed[packed.index(b"PK\x01\x02") + 8] |= 1  # ... and in the directory
    assert "without a password, found an encrypted one" in why_unreadable(bytes(packed))


def test_a_members_name_is_never_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = ["../up.xml", "/tmp/absolute.xml", "C:\\a.xml", "a/../../b.xml", "..", "x" * 60_000]
    found = read(zipped(dict.fromkeys(names, BAD)))
    assert len(found) == 12 * len(names)
    assert max(len(i.member or "") for i in found if isinstance(i, Reject)) == 200
    assert list(tmp_path.iterdir()) == []
    assert list(tmp_path.parent.glob("*.xml")) == []


def test_nothing_may_follow_a_gzip_file() -> None:
    assert "found more" in why_unreadable(gzip.compress(NORMAL) + b"and more")


@given(st.sampled_from(["gzip", "zip"]), st.data())
def test_wherever_a_container_is_cut_off_it_is_never_taken_for_a_whole_one(
    kind: str, data: st.DataObject
) -> None:
    packed = gzip.compress(NORMAL) if kind == "gzip" else zipped({"a": NORMAL, "b": NORMAL})
    assert why_unreadable(packed[: data.draw(st.integers(0, len(packed) - 1))])


@given(st.sampled_from(["gzip", "zip"]), st.data())
def test_a_changed_byte_never_changes_a_record(kind: str, data: st.DataObject) -> None:
    packed = bytearray(gzip.compress(NORMAL) if kind == "gzip" else zipped({"a": NORMAL}))
    packed[data.draw(st.integers(0, len(packed) - 1))] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(UnreadableArchiveError):
        assert list(items(bytes(packed))) == RECORDS


# Bounds.


def spaces(mebibytes: int) -> Iterator[bytes]:
    """A document of little but white space, in pieces."""
    yield b"<im-archive>"
    yield from itertools.repeat((b" " * 1000 + b"<a/>") * 1044, mebibytes)
    yield b"</im-archive>"


def gzip_bomb(mebibytes: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(map(packer.compress, spaces(mebibytes))) + packer.flush()


def zip_bomb(mebibytes: int) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a", "w") as a:
        for piece in spaces(mebibytes):
            a.write(piece)
    return file.getvalue()


@pytest.mark.parametrize("bomb", [gzip_bomb, zip_bomb])
def test_a_bomb_is_unreadable_by_its_ratio_before_it_takes_memory(bomb: object) -> None:
    packed = bomb(100)  # type: ignore[operator]
    assert len(packed) < MEBIBYTE
    before = psutil.Process().memory_info().rss
    assert "limits.unpacked_ratio" in why_unreadable(packed)
    assert psutil.Process().memory_info().rss - before < 50 * MEBIBYTE


BEYOND = {
    "unpacked_bytes": (1_000, gzip.compress(NORMAL)),
    "unpacked_bytes of all": (1_500, zipped({"a": NORMAL, "b": NORMAL})),
    "unpacked_ratio": (2, gzip_bomb(20)),
    "members": (2, zipped({"a": NORMAL, "b": NORMAL, "c": b""})),
    "members in parts": (2, gzip.compress(NORMAL) + gzip.compress(b"") * 2),
    "container_depth": (1, gzip.compress(gzip.compress(NORMAL))),
    "element_depth": (2, NORMAL),
    "record_bytes": (1024, archive_xml("x" * 1000)),
}


@pytest.mark.parametrize("beyond", BEYOND)
def test_an_error_names_the_bound_and_its_value(beyond: str) -> None:
    bound, _, _ = beyond.partition(" ")
    value, content = BEYOND[beyond]
    reason = why_unreadable(content, Limits(**{bound: value}))
    assert f"limits.{bound} in eur.yaml" in reason
    assert f"at most {value:,} " in reason


def test_what_unpacks_to_little_may_have_any_ratio() -> None:
    document = b"<im-archive>" + b" " * MEBIBYTE + b"</im-archive>"
    assert list(items(gzip.compress(document), Limits(unpacked_ratio=1))) == []


def test_a_zip_with_a_directory_beyond_reason_is_refused_before_it_takes_memory() -> None:
    entry = struct.pack("<4s42x", b"PK\x01\x02")
    count = 600_000
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, count * len(entry), 4, 0)
    packed = b"PK\x03\x04" + entry * count + end
    before = psutil.Process().memory_info().rss
    assert "limits.members" in why_unreadable(packed)
    assert psutil.Process().memory_info().rss - before < 60 * MEBIBYTE


def test_a_zip_of_overlapping_members_is_bounded_by_what_it_unpacks_to() -> None:
    """A hundred directory entries share one member, so the zip's size says nothing."""
    single = zipped({"a": archive_xml(*["x" * 10_000] * 100)})
    start = single.index(b"PK\x01\x02")
    end = single.index(b"PK\x05\x06")
    entry, count = single[start:end], 100
    tail = struct.pack(
        "<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, len(entry) * count, start, 0
    )
    assert "limits.unpacked_ratio" in why_unreadable(single[:start] + entry * count + tail)


def test_ten_thousand_small_documents_take_no_memory_to_speak_of() -> None:
    small = archive_xml("one", "two")
    packed = zipped({f"{number}.xml": small for number in range(10_000)})
    before = psutil.Process().memory_info().rss
    contents = Contents()
    assert sum(1 for _ in items(packed, contents=contents)) == 20_000
    assert contents.documents == 10_000
    assert psutil.Process().memory_info().rss - before < 50 * MEBIBYTE


def test_the_roots_of_all_documents_are_known_without_a_dialect() -> None:
    packed = zipped({"a": b"text", "b": b"<log/>", "c": gzip.compress(NORMAL)})
    assert list(roots_in(io.BytesIO(packed))) == ["log", "im-archive"]
