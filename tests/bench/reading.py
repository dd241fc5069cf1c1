"""Reading archives, beside a bare parse by lxml and beside others that make tables of XML."""

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from lxml import etree

from eur_pipeline.archives.dialect import load_dialect
from eur_pipeline.archives.tables import read_tables
from eur_pipeline.lake.files import FileParser
from tests.bench.archives import write_archive, write_archives
from tests.bench.measuring import Case
from tests.bench.memory import peak_of_parsing

LARGE_BYTES, MEDIUM_BYTES, SMALL_BYTES = 200_000_000, 50_000_000, 5_000
SMALL_FILES = 5_000
# Of small files pandas gets fewer, or it would take minutes.
FILES_FOR_PANDAS = 300
_AVAYA = load_dialect("avaya-ps")
# Where each column of a record stands for those who know no dialects.
_PEERS_COLUMNS = {
    "sent_at": "@time",
    "conversation_id": "@conversation",
    "sender": "from",
    "recipient": "to",
    "body": "body",
}
_COLUMNS = ["sent_at", "conversation_id", "sender", "recipients", "body"]


@contextmanager
def one_large_archive(folder: Path) -> Iterator[Case]:
    """A large archive, to Parquet."""
    path = write_archive(folder / "archive.xml", LARGE_BYTES)
    target = folder / "records.parquet"
    _parse([path], target)
    assert _digest(pq.read_table(target, columns=_COLUMNS)) == _digest(_by_lxml([path]))
    yield Case(
        what=f"read {LARGE_BYTES:,} bytes of avaya-ps into Parquet",
        floor="lxml.etree.parse",
        subject=lambda: _parse([path], target),
        rival=lambda: etree.parse(path),
        target=1.6,
        note=lambda: f"eur parse takes {peak_of_parsing(path, target).megabytes} MB of memory",
    )


@contextmanager
def many_small_archives(folder: Path) -> Iterator[Case]:
    """Thousands of small ones, to Parquet."""
    paths = write_archives(folder / "archives", SMALL_FILES, SMALL_BYTES)
    target = folder / "records.parquet"
    parser = etree.XMLParser()
    _parse(paths, target)
    assert _digest(pq.read_table(target, columns=_COLUMNS)) == _digest(_by_lxml(paths))
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
    yield _beside_pandas(
        f"read {MEDIUM_BYTES:,} bytes of avaya-ps into memory",
        [path],
        lambda: _ours([path]),
        target=0.25,
    )


@contextmanager
def many_beside_pandas(folder: Path) -> Iterator[Case]:
    """Small archives, ours even into Parquet."""
    paths = write_archives(folder / "archives", FILES_FOR_PANDAS, SMALL_BYTES)
    target = folder / "records.parquet"

    def ours() -> pa.Table:
        _parse(paths, target)
        return pq.read_table(target, columns=_COLUMNS)

    yield _beside_pandas(
        f"read {FILES_FOR_PANDAS} archives of {SMALL_BYTES:,} bytes", paths, ours, target=0.125
    )


def _beside_pandas(
    what: str, paths: list[Path], ours: Callable[[], pa.Table], target: float
) -> Case:
    """Beside its fastest way, tried once."""
    assert all(_digest(ours()) == _digest(way(paths)) for way in _PANDAS.values())
    name = min(_PANDAS, key=lambda name: _seconds(partial(_PANDAS[name], paths)))
    return Case(
        what=what,
        floor=f"pandas.read_xml, {name}",
        subject=ours,
        rival=lambda: _PANDAS[name](paths),
        target=target,
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

    assert _digest(_ours([path])) == _digest(theirs())
    yield Case(
        what=f"read {MEDIUM_BYTES:,} bytes of avaya-ps into memory",
        floor="xml2arrow",
        subject=lambda: _ours([path]),
        rival=theirs,
        target=1.1,
    )


def _parse(paths: list[Path], target: Path) -> None:
    assert not [file.error for file in FileParser().parse(paths, target) if file.error]


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _ours(paths: list[Path]) -> pa.Table:
    batches: list[pa.RecordBatch] = []
    for path in paths:
        with path.open("rb") as source:
            parts = read_tables(source, _AVAYA, presence_domain=None)
            batches.extend(part.records for part in parts)
    return pa.Table.from_batches(batches)


def _by_pandas(paths: list[Path], **how: Any) -> pa.Table:
    frame = pd.concat([pd.read_xml(path, dtype=str, **how) for path in paths])
    places = [place.removeprefix("@") for place in _PEERS_COLUMNS.values()]
    frame = frame[places].set_axis(list(_PEERS_COLUMNS), axis="columns")
    return pa.Table.from_pandas(frame, preserve_index=False)


_PANDAS: dict[str, Callable[[list[Path]], pa.Table]] = {
    "lxml": _by_pandas,
    "etree": partial(_by_pandas, parser="etree"),
    "iterparse": partial(
        _by_pandas,
        iterparse={"message": [place.removeprefix("@") for place in _PEERS_COLUMNS.values()]},
    ),
}


def _by_lxml(paths: list[Path]) -> pa.Table:
    """The same by hand, to compare with."""
    columns: dict[str, list[str]] = {name: [] for name in _PEERS_COLUMNS}
    for path in paths:
        for _, element in etree.iterparse(path, tag="message"):
            for name, place in _PEERS_COLUMNS.items():
                found = element.xpath(f"string({place})")
                columns[name].append(found)
            element.clear()
            del element.getparent()[0]
    return pa.table(columns)


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
        for chunk in columns[name].cast(pa.string()).chunks:
            said.update("".join(f"{name}={value}\0" for value in chunk.to_pylist()).encode())
    return said.hexdigest()
