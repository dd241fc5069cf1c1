"""What is proposed for archives of an unknown layout, and what is said where nothing can be."""

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from eur_pipeline.archives.dialect import dialect_names, parse_dialect
from eur_pipeline.archives.infer.proposal import Proposal, propose
from eur_pipeline.archives.limits import Limits
from eur_pipeline.archives.reader import read_archive
from eur_pipeline.archives.record import Kind, Record, Reject
from eur_pipeline.errors import UnreadableArchiveError
from tests.archives.reading import CASES, read

AVAYA = CASES / "avaya-ps"
OTHERS = sorted(
    path
    for dialect in dialect_names()
    if dialect != AVAYA.name
    for path in (CASES / dialect).rglob("*.xml")
)


def _sample(folder: Path, content: str | bytes, name: str = "sample") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def _log(*entries: str) -> str:
    return f"<log>{''.join(entries)}</log>"


def _entry(at: str, text: str = "two words", more: str = "") -> str:
    return f'<e at="{at}"><from>a@x.y</from><to>b@x.y</to><text>{text}</text>{more}</e>'


def _read_by(proposal: Proposal, content: bytes) -> list[Record | Reject]:
    dialect = parse_dialect(proposal.text, "own", "own.yml")
    return list(read_archive(io.BytesIO(content), dialect, presence_domain="presence.example"))


def _told(items: list[Record | Reject]) -> list[object]:
    return [
        (i.ordinal, i.sent_at, i.sender, i.recipients, i.body, i.file_name, i.file_bytes, i.kind)
        if isinstance(i, Record)
        else (i.ordinal, i.field)
        for i in items
    ]


@pytest.mark.parametrize("name", ["normal", "special", "bad-records"])
def test_avayas_layout_is_found_as_the_built_in_dialect_has_it(name: str) -> None:
    sample = AVAYA / f"{name}.xml"
    content = sample.read_bytes()
    assert _told(_read_by(propose([sample]), content)) == _told(read(content))


@pytest.mark.parametrize("sample", OTHERS, ids=lambda path: path.name)
def test_of_every_case_a_dialect_that_reads_something_is_proposed_or_it_says_why_not(
    sample: Path,
) -> None:
    found = _proposed(sample)
    if isinstance(found, str):
        assert str(sample) in found or "by hand" in found
    else:
        items = _read_by(found, sample.read_bytes())
        assert any(isinstance(item, Record) for item in items)


def _proposed(sample: Path) -> Proposal | str:
    try:
        return propose([sample])
    except UnreadableArchiveError as error:
        return str(error)


def test_what_a_stanza_says_is_found_in_xmpp_archives() -> None:
    sample = CASES / "xmpp-mam" / "mam_56207.xml"
    theirs, ours = (
        {(r.native_id, r.sent_at, r.sender) for r in items if isinstance(r, Record) and r.body}
        for items in (
            read(sample.read_bytes(), "xmpp-mam"),
            _read_by(propose([sample]), sample.read_bytes()),
        )
    )
    of_people = {one for one in theirs if "/" not in one[2]}
    assert len(of_people) > 20
    assert of_people <= ours


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (("2026-03-09T00:00:00Z", "2026-03-09T00:00:01Z"), "format: iso"),
        (("1773014400", "1773014401.5"), "format: epoch_seconds}"),
        (("1773014400000", "1773014401500"), "format: epoch_milliseconds}"),
        (("1773014400000", "1773014401"), "format: epoch_seconds_or_milliseconds"),
        (("639086112000000000", "639086112010000000"), "format: dotnet_ticks"),
        (("09.03.2026 00:00:00", "13.03.2026 00:00:00"), "pattern: '%d.%m.%Y %H:%M:%S'"),
        (("03/09/2026 12:00:00 AM", "03/13/2026 01:00:00 PM"), "pattern: '%m/%d/%Y %I:%M:%S %p'"),
    ],
)
def test_the_way_of_writing_times_is_found(
    tmp_path: Path, texts: tuple[str, str], found: str
) -> None:
    proposal = propose([_sample(tmp_path, _log(*map(_entry, texts)))])
    assert found in proposal.text
    assert (proposal.read, proposal.rejects) == (2, 0)


def test_what_can_be_read_in_two_ways_is_a_doubt(tmp_path: Path) -> None:
    proposal = propose([_sample(tmp_path, _log(_entry("03/09/2026 00:00:00")))])
    assert any("could also be %d/%m/%Y" in doubt for doubt in proposal.doubts)


def test_every_doubt_stands_in_the_file_as_a_comment(tmp_path: Path) -> None:
    proposal = propose([_sample(tmp_path, _log(_entry("2026-03-09T00:00:00")))])
    assert any("time_zone" in doubt for doubt in proposal.doubts)
    assert all(f"#   - {doubt}" in proposal.text.splitlines() for doubt in proposal.doubts)


def test_records_below_days_and_in_namespaces_are_found(tmp_path: Path) -> None:
    days = "".join(
        f'<d:day date="{day}">' + 3 * f'<d:im sent="{day}T10:00:00Z" who="a@x.y">hi you</d:im>'
        + "</d:day>"
        for day in ("2026-03-09", "2026-03-10")
    )  # fmt: skip
    proposal = propose([_sample(tmp_path, f'<d:log xmlns:d="urn:d">{days}</d:log>')])
    assert proposal.dialect.records == ("n1:log/n1:day/n1:im",)
    assert {(r.sender, r.body) for r in proposal.records} == {("a@x.y", "hi you")}
    assert proposal.read == 6
    assert any("by its addresses alone" in doubt for doubt in proposal.doubts)


def test_names_with_the_prefix_that_needs_no_declaration_are_found(tmp_path: Path) -> None:
    entry = "<xml:e xml:at='2026-03-09T00:00:00Z' from='a@x.y'>hi you</xml:e>"
    assert propose([_sample(tmp_path, _log(entry, entry))]).read == 2


def test_elements_beside_each_other_that_look_the_same_are_all_records(tmp_path: Path) -> None:
    entry = _entry("2026-03-09T00:00:00Z")
    other = entry.replace("<e ", "<f ").replace("</e>", "</f>")
    proposal = propose([_sample(tmp_path, _log(entry, other, entry))])
    assert set(proposal.dialect.records) == {"log/e", "log/f"}
    assert proposal.read == 3


def test_kinds_come_from_words_where_there_are_such(tmp_path: Path) -> None:
    words = ("chatMessage", "fileTransfer", "messageDeleted", "userJoined", "wobble")
    entries = [_entry("2026-03-09T00:00:00Z", more=f"<type>{word}</type>") for word in words]
    proposal = propose([_sample(tmp_path, _log(*entries))])
    assert [r.kind for r in proposal.records] == [
        Kind.MESSAGE,
        Kind.FILE_TRANSFER,
        Kind.DELETE,
        Kind.JOIN,
        Kind.MESSAGE,
    ]
    assert any("'wobble' is a message only because" in doubt for doubt in proposal.doubts)


def test_several_samples_packed_or_in_other_encodings_are_one_layout(tmp_path: Path) -> None:
    text = _log(_entry("2026-03-09T00:00:00Z", "grüße euch"))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.xml", text)
        archive.writestr("photo.svg", "<svg><a/></svg>")
    samples = [
        _sample(tmp_path, f'<?xml version="1.0" encoding="UTF-16"?>{text}'.encode("utf-16"), "1"),
        _sample(tmp_path, gzip.compress(text.encode()), "2"),
        _sample(tmp_path, packed.getvalue(), "3"),
        _sample(tmp_path, "<other/>", "4"),
    ]
    proposal = propose(samples)
    assert [r.body for r in proposal.records] == ["grüße euch"] * 3


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no xml",
        b"\x1f\x8b garbage",
        b"PK\x03\x04 garbage",
        bytes(range(256)),
        b"<a/>",
        b"<a><b/><b/></a>",
        b"<a><b at='2026-03-09T00:00:00Z'/></a>",
        b"<html><p>one</p><p>two</p></html>",
        b"<a><b at='2026-03-09T00:00:00Z' from='x@y.z'>",
    ],
)
def test_garbage_is_an_error_that_says_what_is_wrong(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UnreadableArchiveError, match=r"expected|not well-formed"):
        propose([_sample(tmp_path, content)])


def test_a_sample_that_is_missing_or_a_folder_is_named(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(UnreadableArchiveError, match="cannot be read"):
            propose([path])


@pytest.mark.parametrize("path", sorted((CASES / "hostile").glob("*.xml")), ids=lambda p: p.name)
def test_a_hostile_sample_is_refused_or_read_without_harm(path: Path) -> None:
    try:
        proposal = propose([path])
    except UnreadableArchiveError:
        return
    assert "<!" not in proposal.text
    assert proposal.read


def test_a_doctype_is_refused(tmp_path: Path) -> None:
    content = "<!DOCTYPE log>" + _log(_entry("2026-03-09T00:00:00Z"))
    with pytest.raises(UnreadableArchiveError, match="DOCTYPE"):
        propose([_sample(tmp_path, content)])


def test_the_bounds_of_archives_hold_for_samples(tmp_path: Path) -> None:
    deep = "<a>" * 20 + "</a>" * 20
    with pytest.raises(UnreadableArchiveError, match="element_depth"):
        propose([_sample(tmp_path, deep)], Limits(element_depth=10))
    long = _log(_entry("2026-03-09T00:00:00Z", "x" * 200_000))
    with pytest.raises(UnreadableArchiveError, match="record_bytes"):
        propose([_sample(tmp_path, long)], Limits(record_bytes=1024))
    names = "".join(f"<n{number}/>" for number in range(3000))
    with pytest.raises(UnreadableArchiveError, match="names repeat"):
        propose([_sample(tmp_path, _log(names))])


def test_no_text_of_a_message_stands_in_the_proposal(tmp_path: Path) -> None:
    entries = [_entry("2026-03-09T00:00:00Z", f"secret plan {n}", f"<k{n}/>") for n in range(3)]
    proposal = propose([_sample(tmp_path, _log(*entries))])
    assert "secret" not in proposal.text


def test_kinds_are_told_by_words_that_speak_for_themselves_whatever_their_place_is_called(
    tmp_path: Path,
) -> None:
    kinds = ["message", "file", "message", "typing"] * 5
    sample = _sample(
        tmp_path,
        _log(
            *(
                f'<e at="2026-03-09T07:{n:02}:00Z" evt="{kind}" src="a@x.y" text="two words">'
                f'<dst addr="b@x.y"/></e>'
                for n, kind in enumerate(kinds)
            )
        ),
    )
    proposal = propose([sample])
    found = [i.kind for i in _read_by(proposal, sample.read_bytes()) if isinstance(i, Record)]
    meant = {"message": Kind.MESSAGE, "file": Kind.FILE_TRANSFER, "typing": Kind.SYSTEM}
    assert found == [meant[kind] for kind in kinds]
    assert any("'typing' (5 records) is taken for system" in doubt for doubt in proposal.doubts)


def test_an_id_that_stands_apart_from_the_sender_is_a_doubt_and_uris_are_addresses(
    tmp_path: Path,
) -> None:
    sample = _sample(
        tmp_path,
        _log(
            *(
                f'<e at="2026-03-09T07:{n:02}:00Z" messageId="m-{n}"><From><Uri>sip:a@X.y</Uri>'
                f"</From><To><Uri>sip:b@x.y;transport=tls</Uri></To><text>two words</text></e>"
                for n in range(20)
            )
        ),
    )
    proposal = propose([sample])
    assert any("native_id: 'message id'" in doubt for doubt in proposal.doubts)
    for item in _read_by(proposal, sample.read_bytes()):
        assert isinstance(item, Record)
        assert (item.sender, item.recipients) == ("a@x.y", ("b@x.y",))
