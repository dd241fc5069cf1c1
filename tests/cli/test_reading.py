"""What a person sees of files while they are read."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from eur_pipeline.archives.containers import documents
from eur_pipeline.cli.reading import reading_progress
from eur_pipeline.lake.files import FileParser
from tests.archives.packing import zipped
from tests.conftest import archive_xml


def _terminal(*, height: int = 20) -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=120, height=height)


def _said(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def _parse(paths: list[Path], console: Console, output: Path) -> None:
    with reading_progress(console, paths) as shown:
        parser = FileParser(open_file=shown.open_file, on_written=shown.written)
        assert not [file for file in parser.parse(paths, output) if file.error]


def test_a_thousand_files_are_one_bar(tmp_path: Path) -> None:
    paths = [tmp_path / f"{n:04}.xml" for n in range(1000)]
    for path in paths:
        path.write_bytes(archive_xml("a"))
    console = _terminal()
    _parse(paths, console, tmp_path / "out.parquet")
    said = _said(console)
    assert "1,000/1,000 files, 0999.xml" in said
    assert "100%" in said
    assert said.count("\n") < 1000


def test_writing_the_records_is_shown_too(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes(archive_xml("a"))
    console = _terminal()
    _parse([path], console, tmp_path / "out.parquet")
    assert "writing" in _said(console)


def test_no_name_of_a_file_is_taken_for_an_instruction_to_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "[red]a\x1b[2J.xml"
    path.write_bytes(archive_xml("a"))
    console = _terminal()
    _parse([path], console, tmp_path / "out.parquet")
    assert "\x1b[2J" not in _said(console)
    assert "[red]a" in _said(console)


def test_reading_a_part_again_does_not_move_the_bar_back(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes(b"x" * 1000)
    with (
        reading_progress(_terminal(), [path]) as shown,
        shown.open_file(path) as file,
        pytest.MonkeyPatch.context() as patch,
    ):
        told: list[int] = []
        patch.setattr(shown, "read_so_far", told.append)
        file.read(600)
        file.seek(0)
        file.read(300)
        file.read()
    assert told == [600, 1000]


def test_a_zip_is_not_read_when_its_directory_is(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({f"{n}.xml": archive_xml(f"a {n}") for n in range(20)}))
    told: list[int] = []
    with (
        reading_progress(_terminal(), [path]) as shown,
        shown.open_file(path) as file,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(shown, "read_so_far", told.append)
        for document in documents(file, lambda _: True):
            while document.source.read(1000):
                pass
        patch.undo()
    assert told == sorted(told)
    # Of each member some is told of; the directory takes the rest of the file.
    assert len(told) > 20
    assert told[-1] < path.stat().st_size


def test_where_there_is_no_terminal_there_is_no_bar(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes(archive_xml("a"))
    console = Console(file=io.StringIO(), width=120)
    _parse([path], console, tmp_path / "out.parquet")
    assert _said(console) == ""
