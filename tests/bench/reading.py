"""Reading archives, beside a bare parse by lxml and beside others that make tables of XML."""

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from lxml import etree

from eur_pipeline.archives.dialect import load_dialect
from eur_pipeline.archives.tables import read_tables
from eur_pipeline.lake.files import FileParser
from tests.bench.archives import write_archive, write_archives
from tests.bench.measuring import Case

LARGE_BYTES, MEDIUM_BYTES, SMALL_BYTES = 200_000_000, 50_000_000, 5_000
SMALL_FILES = 5_000
_AVAYA = load_dialect("avaya-ps")
# Where each column of a record stands for those who know no dialects.
_PEERS_COLUMNS = {
    "sent_at": "@time",
    "conversation_id": "@conversation",
    "sender": "from",
    "recipient": "to",
    "body": "body",
}


@contextmanager
def one_large_archive(folder: Path) -> Iterator[Case]:
    """A large archive, to Parquet."""
    path = write_archive(folder / "archive.xml", LARGE_BYTES)
    target = folder / "records.parquet"
    yield Case(
        what=f"read {LARGE_BYTES:,} bytes of avaya-ps into Parquet",
        floor="lxml.etree.parse",
        subject=lambda: _parse([path], target),
        rival=lambda: etree.parse(path),
        target=1.6,
        note=lambda: f"eur parse takes {_peak_megabytes(path, target)} MB of memory",
    )


@contextmanager
def many_small_archives(folder: Path) -> Iterator[Case]:
    """Thousands of small ones, to Parquet."""
    paths = write_archives(folder / "archives", SMALL_FILES, SMALL_BYTES)
    target = folder / "records.parquet"
    parser = etree.XMLParser()
    yield Case(
        what=f"read {SMALL_FILES:,} archives of {SMALL_BYTES:,} bytes into Parquet",
        floor="lxml.etree.parse, one parser",
        subject=lambda: _parse(paths, target),
        rival=lambda: [etree.parse(path, parser) for path in paths],
        target=2.0,
    )


@contextmanager
def beside_pandas(folder: Path) -> Iterator[Case]:
    """To Arrow in memory, beside pandas."""
    path = write_archive(folder / "archive.xml", MEDIUM_BYTES)
    assert _digest(_ours(path)) == _digest(_pandas(path))
    yield Case(
        what=f"read {MEDIUM_BYTES:,} bytes of avaya-ps into memory",
        floor="pandas.read_xml, iterparse",
        subject=lambda: _ours(path),
        rival=lambda: _pandas(path),
        target=0.25,
    )


@contextmanager
def beside_xml2arrow(folder: Path) -> Iterator[Case]:
    """To Arrow in memory, beside a reader made for that."""
    path = write_archive(folder / "archive.xml", MEDIUM_BYTES)
    (folder / "tables.yaml").write_text(_xml2arrow_tables(), encoding="utf-8")
    # By name: type checkers know it where the extra `bench` is installed, and nowhere else.
    parser = import_module("xml2arrow").XmlToArrowParser(folder / "tables.yaml")

    def theirs() -> pa.Table:
        return pa.Table.from_batches([parser.parse(path)["messages"]])

    assert _digest(_ours(path)) == _digest(theirs())
    yield Case(
        what=f"read {MEDIUM_BYTES:,} bytes of avaya-ps into memory",
        floor="xml2arrow",
        subject=lambda: _ours(path),
        rival=theirs,
        target=1.1,
    )


def _peak_megabytes(path: Path, target: Path) -> int:
    """The most memory that `eur parse` takes for an archive."""
    # Not getrusage: what it says of a new process is at least what its parent took.
    program = (
        "import sys; from eur_pipeline.cli import app; app(sys.argv[1:], standalone_mode=False); "
        "print(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "parse", str(path), "-o", str(target)],
        capture_output=True,
        check=True,
        text=True,
    )
    return int(done.stdout.split()[-2]) // 1024


def _parse(paths: list[Path], target: Path) -> None:
    assert not [file.error for file in FileParser().parse(paths, target) if file.error]


def _ours(path: Path) -> pa.Table:
    with path.open("rb") as source:
        parts = read_tables(source, _AVAYA, presence_domain=None)
        return pa.Table.from_batches([part.records for part in parts])


def _pandas(path: Path) -> pa.Table:
    names = [place.removeprefix("@") for place in _PEERS_COLUMNS.values()]
    frame = pd.read_xml(path, iterparse={"message": names}, dtype=str)
    frame.columns = list(_PEERS_COLUMNS)
    return pa.Table.from_pandas(frame, preserve_index=False)


def _xml2arrow_tables() -> str:
    fields = "".join(
        f"      - {{name: {name}, xml_path: /im-archive/message/{place}, data_type: Utf8}}\n"
        for name, place in _PEERS_COLUMNS.items()
    )
    table = "  - name: messages\n    xml_path: /im-archive\n    levels: []\n    fields:\n"
    return "tables:\n" + table + fields


def _digest(table: pa.Table) -> str:
    """A hash of what the messages say, in whatever types they say it."""
    columns = {name: table[name] for name in table.column_names}
    if "recipients" in columns:
        columns["recipient"] = pc.list_element(columns["recipients"], 0)
        columns["sent_at"] = pc.divide(columns["sent_at"].cast(pa.int64()), 1000)
    said = hashlib.sha256()
    for name in _PEERS_COLUMNS:
        values = columns[name].cast(pa.string()).to_pylist()
        said.update("\0".join(f"{name}={value}" for value in values).encode())
    return said.hexdigest()
