"""Small archives are read many at a time, and nobody can see it but by the clock."""

import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eur_pipeline.lake import small_files
from eur_pipeline.lake.files import FileParser, ParsedFile
from tests.archives.fast.generated import DOCUMENTS, damaged_documents
from tests.archives.reading import CASES
from tests.conftest import archive_xml

PLAIN = [archive_xml("a", "b"), archive_xml(), archive_xml("ä < ö".replace("<", "&lt;"))]


def _parsed(folder: Path, contents: list[bytes], **how: Any) -> tuple[Any, Any]:
    paths = [folder / f"{number}.xml" for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    output = folder / "out.parquet"
    output.unlink(missing_ok=True)
    files = FileParser(presence_domain="presence.example", **how).parse(paths, output)
    return files, pq.read_table(output).to_pylist() if output.exists() else None


def _one_by_one(folder: Path, contents: list[bytes]) -> tuple[Any, Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(small_files, "SMALL_BYTES", -1)
        return _parsed(folder, contents)


@settings(max_examples=60)
@given(
    contents=st.lists(
        st.one_of(DOCUMENTS, DOCUMENTS, damaged_documents(), st.sampled_from(PLAIN)), max_size=6
    ),
    bundle_bytes=st.sampled_from([1, 300, 512 * 1024]),
)
def test_many_files_give_what_each_gives_alone(contents: list[bytes], bundle_bytes: int) -> None:
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(small_files, "_BUNDLE_BYTES", bundle_bytes)
        assert _parsed(Path(name), contents) == _one_by_one(Path(name), contents)


def test_plain_files_are_read_together_and_others_between_them_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone: list[str] = []
    read_alone = FileParser._parse_one

    def noted(self: FileParser, path: Path, spool: Any) -> ParsedFile:
        alone.append(path.name)
        return read_alone(self, path, spool)

    monkeypatch.setattr(FileParser, "_parse_one", noted)
    odd = archive_xml("x").replace(b"<body>", b"<!-- odd --><body>")
    xmpp = (CASES / "xmpp-mam" / "mam_josé.xml").read_bytes()
    files, rows = _parsed(tmp_path, [*PLAIN, odd, xmpp, b"<im-archive>", PLAIN[0]])
    assert [file.path.name for file in files] == [f"{number}.xml" for number in range(7)]
    assert [file.records for file in files][:4] == [2, 0, 1, 1]
    assert [file.error is None for file in files] == [True] * 5 + [False, True]
    # A bundle with an odd one in it is read one by one, and so is what is of another dialect.
    assert "6.xml" not in alone
    assert {"4.xml", "5.xml"} <= set(alone)
    assert [row["archive_name"] for row in rows][:4] == ["0.xml", "0.xml", "2.xml", "3.xml"]


def test_a_named_dialect_holds_for_small_files_too(tmp_path: Path) -> None:
    files, rows = _parsed(tmp_path, PLAIN, dialect="avaya-ps")
    told = {replace(file, path=Path()).dialect for file in files}
    assert told == {"avaya-ps"}
    assert {row["dialect"] for row in rows} == told
    files, rows = _parsed(tmp_path, PLAIN, dialect="xmpp-mam")
    assert [file.error is None for file in files] == [False] * 3
    assert rows is None


def test_an_own_dialect_with_the_same_root_is_asked_too(tmp_path: Path) -> None:
    dialects = tmp_path / "dialects"
    dialects.mkdir()
    text = (
        "description: own\nrecords: im-archive/entry\n"
        "fields: {sent_at: {xpath: '@time', format: epoch_milliseconds}, sender: from}\n"
    )
    (dialects / "own.yml").write_text(text, encoding="utf-8")
    entry = b'<im-archive><entry time="1773014400000"><from>1@x.y</from></entry></im-archive>'
    parsed = partial(_parsed, tmp_path, project_dialects=dialects)
    files, _ = parsed([entry, PLAIN[0]])
    assert [file.dialect for file in files] == ["own", "avaya-ps"]
