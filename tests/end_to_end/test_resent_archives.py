"""Archives that come again: as they were, in another order, split, or overlapping others."""

import datetime as dt
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from eur_pipeline.demo import demo_server
from eur_pipeline.project import Project
from eur_pipeline.run import run

from .conftest import Demo
from .demo import DemoFiles

pytestmark = pytest.mark.xdist_group("demo")

RESENT_AT = dt.datetime(2025, 10, 1, 14, 30, tzinfo=dt.UTC)

# Counts when asked, on a connection that it keeps open, until its input ends.
ANALYST = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
for line in sys.stdin:
    print(connection.execute("select count(*) from archives").fetchone()[0], flush=True)
"""


@dataclass(frozen=True)
class Resent:
    """The demo after old archives came again, and what an analyst saw who was there all along."""

    before: DemoFiles
    after: DemoFiles
    records: dict[str, int]
    seen_by_analyst: list[int]


@pytest.fixture(scope="module")
def resent(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Resent:
    """A copy of the demo's project, with old archives uploaded again and collected."""
    project = _copy(demo.files.path, tmp_path_factory.mktemp("resent") / "project")
    after = DemoFiles(project.path)
    with demo_server(project), _analyst(after.published_path) as count:
        records = _send_again(demo.files, project.path / "sftp" / "files" / "geneva")
        seen = [count()]
        run(project, None, lambda _: seen.append(count()))
        seen.append(count())
    return Resent(demo.files, after, records, seen)


def _copy(demo: Path, path: Path) -> Project:
    """The whole project, with all it ever did; its server's port is free again."""
    shutil.copytree(demo, path)
    return Project(path)


@contextmanager
def _analyst(database: Path) -> Iterator[Callable[[], int]]:
    """Another process that has the database open; what it answers when it is asked to count."""
    command = [sys.executable, "-c", ANALYST, str(database)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        questions, answers = process.stdin, process.stdout

        def count() -> int:
            questions.write("?\n")
            questions.flush()
            return int(answers.readline())

        yield count
        questions.close()


def _send_again(demo: DemoFiles, folder: Path) -> dict[str, int]:
    """Upload the largest old archives in all these ways; how many records each new file has."""
    geneva = [m for m in demo.manifests if m["collection"] == "geneva_im"]
    by_size = sorted(geneva, key=lambda manifest: -manifest["size"])
    copied, reordered, divided, *overlapping = (demo.landed(m) for m in by_size[:5])
    (_, end_of_one), (start_of_another, _) = map(_halves, overlapping)
    files = {
        "copied.xml": copied,
        "reordered.xml": _archive(reversed(_records(reordered))),
        "first_half.xml": _archive(_halves(divided)[0]),
        "second_half.xml": _archive(_halves(divided)[1]),
        "overlap.xml": _archive([*end_of_one, *start_of_another]),
    }
    for name, content in files.items():
        path = folder / name
        path.write_bytes(content)
        os.utime(path, (RESENT_AT.timestamp(), RESENT_AT.timestamp()))
    return {name: len(_records(content)) for name, content in files.items()}


def _records(archive: bytes) -> list[etree._Element]:
    return list(etree.fromstring(archive, etree.XMLParser(huge_tree=True)))


def _halves(archive: bytes) -> tuple[list[etree._Element], list[etree._Element]]:
    records = _records(archive)
    assert len(records) > 1
    middle = len(records) // 2
    return records[:middle], records[middle:]


def _archive(records: Iterable[etree._Element]) -> bytes:
    root = etree.Element("im-archive")
    root.extend(list(records))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


@pytest.mark.parametrize(
    "mart",
    [
        "usage_by_person_daily",
        "usage_by_department_daily",
        "charges_by_person_monthly",
        "charges_by_cost_centre_monthly",
    ],
)
def test_usage_and_charges_are_what_they_were_row_for_row(resent: Resent, mart: str) -> None:
    sql = f"select * from {mart} order by all"
    before = resent.before.published(sql)
    assert before
    assert resent.after.published(sql) == before


def test_messages_are_the_same_ones(resent: Resent) -> None:
    sql = (
        "select sent_at, sender, recipients, conversation_id, kind, file_name, file_bytes, "
        "body_characters, body_bytes, person_id, destination from messages order by all"
    )
    assert resent.after.published(sql) == resent.before.published(sql)


def test_an_archive_under_a_new_name_is_a_duplicate_and_is_not_read(resent: Resent) -> None:
    assert _new_archives(resent)["copied.xml"] == ("duplicate", 0, 0, 0, 0)


def test_what_came_again_otherwise_is_read_and_counted(resent: Resent) -> None:
    new = _new_archives(resent)
    assert set(new) == set(resent.records)
    for name in new.keys() - {"copied.xml"}:
        status, records, *_ = new[name]
        assert (status, records) == ("read", resent.records[name])


def test_copies_are_as_many_as_records_came_again(resent: Resent) -> None:
    came_again = sum(n for name, n in resent.records.items() if name != "copied.xml")
    sums = "select sum(messages), sum(copies), sum(rejects) from archives"
    [(messages, _, _)] = resent.before.published(sums)
    assert resent.after.published(sums) == [(messages, came_again, 0)]
    assert resent.after.published("select sum(copies) from messages") == [(came_again,)]


def test_the_records_of_every_archive_are_its_messages_copies_and_rejects(resent: Resent) -> None:
    rows = resent.after.published("select records, messages + copies + rejects from archives")
    assert len(rows) == len(resent.before.uploads) + len(resent.records)
    assert all(records == accounted for records, accounted in rows)


def test_whatever_came_again_is_landed_and_removed_from_the_server(resent: Resent) -> None:
    assert len(resent.after.manifests) == len(resent.before.manifests) + len(resent.records)
    assert resent.after.remote_files() == []


def test_an_analyst_kept_the_same_database_while_a_new_one_was_published(resent: Resent) -> None:
    assert set(resent.seen_by_analyst) == {len(resent.before.uploads)}
    assert len(resent.seen_by_analyst) > 3
    [(now,)] = resent.after.published("select count(*) from archives")
    assert now == len(resent.before.uploads) + len(resent.records)


def _new_archives(resent: Resent) -> dict[str, tuple[Any, ...]]:
    """Status and counts of the archives that came again, by name."""
    rows = resent.after.published(
        "select archive_name, status, records, messages, copies, rejects from archives "
        f"where uploaded_at = timestamptz '{RESENT_AT}'"
    )
    return {name: tuple(counts) for name, *counts in rows}
