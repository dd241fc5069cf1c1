"""One run of a real XMPP server: its archives in three formats are its messages, once each."""

import dataclasses
import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from eur_pipeline.archives.record import Record
from eur_pipeline.models import build
from eur_pipeline.project import Project
from tests.archives.prosody_run import ARCHIVED, DOMAIN, messages_of, row_of
from tests.archives.reading import CASES, records
from tests.models.lake_project import UPLOADED, make_project, query, write_archive

FORMATS = ("xmpp-mam", "xep-0227", "prosody-xmlarchive")


def _archives(dialect: str) -> Iterator[tuple[str, list[Record]]]:
    folder = CASES / dialect
    for path in sorted(folder.rglob("*.xml")):
        index = path.with_suffix(".list")
        companion = index.read_bytes() if index.exists() else None
        name = path.relative_to(folder).as_posix()
        yield f"{dialect}/{name}", records(path.read_bytes(), dialect, name, companion)


def _row(record: Record, dialect: str) -> dict[str, Any]:
    body = record.body
    return {
        **dataclasses.asdict(record),
        "recipients": list(record.recipients),
        "kind": str(record.kind),
        "body_characters": record.body_characters,
        "body_bytes": record.body_bytes,
        "body_hash": None if body is None else hashlib.sha256(body.encode()).hexdigest(),
        "dialect": dialect,
    }


def _deliver(project: Project, dialects: Iterable[str]) -> list[Record]:
    """Store the run's archives, each in an hour of its own, and build."""
    found = [(dialect, *archive) for dialect in dialects for archive in _archives(dialect)]
    for number, (dialect, name, read) in enumerate(found):
        rows = [_row(record, dialect) for record in read]
        hour = UPLOADED + dt.timedelta(hours=number)
        write_archive(project, name, rows, upload_hour=hour)
    assert build(project).committed
    return [record for _, _, read in found for record in read]


def _published(project: Project) -> Counter[tuple[Any, ...]]:
    rows = query(
        project,
        "select native_id, kind, sender, recipients, body_characters from messages "
        "where kind not in ('join', 'leave')",
    )
    return Counter((*row[:3], frozenset(row[3]), row[4]) for row in rows)


@pytest.mark.parametrize("order", [FORMATS, FORMATS[::-1]])
def test_three_formats_together_tell_every_message_once_and_to_whom_it_went(
    tmp_path: Path, order: tuple[str, ...]
) -> None:
    project = make_project(tmp_path)
    read = _deliver(project, order)
    found = _published(project)
    assert len(read) > 3 * len(ARCHIVED)
    assert found == messages_of(ARCHIVED, joins_are_told=True)


def test_day_files_alone_tell_it_too(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    _deliver(project, ["prosody-xmlarchive"])
    assert _published(project) == messages_of(ARCHIVED, joins_are_told=True)


def test_streams_alone_name_no_recipients_in_rooms(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    read = _deliver(project, ["xmpp-mam"])
    streamed = {row_of(record)["n"] for record in read}
    told = [row for row in ARCHIVED if row["n"] in streamed]
    assert _published(project) == messages_of(told, joins_are_told=False)


def test_nobody_foreign_was_there(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    text = project.config_path.read_text(encoding="utf-8")
    own = text.replace("company_domains: [presence.example]", f"company_domains: [{DOMAIN}]")
    project.config_path.write_text(own, encoding="utf-8")
    _deliver(Project(tmp_path), ["prosody-xmlarchive"])
    rooms = "select distinct destination from messages where conversation_id like '%@conference.%'"
    assert query(Project(tmp_path), rooms) == [("internal",)]
