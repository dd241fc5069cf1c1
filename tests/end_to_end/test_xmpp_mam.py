"""Real archives of a real XMPP server as one more collection, from upload to published tables."""

import datetime as dt
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from eur_pipeline.project import Project
from eur_pipeline.simulator.sftp_server import SftpServer
from tests.conftest import Remote, project_at

from .command import eur
from .demo import lake_rows, published

pytestmark = pytest.mark.xdist_group("xmpp-mam")

CASES = Path(__file__).parent.parent / "cases" / "xmpp-mam"
UPLOADED = dt.datetime(2026, 11, 23, 22, 15, tzinfo=dt.UTC)
DOMAIN = "presence.example.test"
KINDS = {
    **dict.fromkeys(("im", "reply", "empty-body", "muc-pm"), "message"),
    "file": "file_transfer",
}

Row = dict[str, Any]
# What identifies a message here, and what it says: sender, recipients, kind, body (or its lengths).
Said = tuple[str, tuple[str, ...], str, Any]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project that has collected the archives, read them and published."""
    home = tmp_path_factory.mktemp("xmpp")
    folder = home / "remote" / "archives"
    folder.mkdir(parents=True)
    with SftpServer(
        root=folder.parent, user="avaya", password="correct", host_key_path=home / "host_key"
    ) as server:
        remote = Remote(server, folder)
        project = project_at(
            home / "project",
            remote,
            dialect="xmpp-mam",
            presence_domain=DOMAIN,
            start=dt.date(2026, 11, 1),
        )
        for path in sorted(CASES.glob("*.xml")):
            remote.put(path.name, path.read_bytes(), UPLOADED)
        done = eur("run", "--dir", project.path)
        assert done.returncode == 0, done.stderr
        assert remote.names() == []
    return project


@pytest.fixture(scope="module")
def sent() -> list[Row]:
    """The two-party messages and files that the server archived, as the clients sent them.

    The one without an id was not searched for; it is in the archives of its two parties.
    """
    rows = [json.loads(line) for line in (CASES / "truth.jsonl").open(encoding="utf-8")]
    return [
        row
        for row in rows
        if row["kind"] in KINDS and row["room"] is None and row["archived_in"] != []
    ]


def rows_of(kind: str) -> list[Row]:
    """What the clients sent of that kind."""
    rows = (json.loads(line) for line in (CASES / "truth.jsonl").open(encoding="utf-8"))
    return [row for row in rows if row["kind"] == kind]


def said_in_truth(row: Row) -> Said:
    body = row["body"]
    text = None if body is None else body.replace("\r\n", "\n").replace("\r", "\n")
    # A note to oneself names nobody: its recipient is the account.
    recipients = tuple(sorted(row["recipients"])) or (row["sender"],)
    return row["sender"], recipients, KINDS[row["kind"]], text


def is_two_party(row: Row) -> bool:
    """Whether a message or file went from one to another; in rooms nobody is named as recipient."""
    parties = [row["sender"], *row["recipients"]]
    in_room = len(parties) == 1 or any("conference." in party for party in parties)
    return row["kind"] in KINDS.values() and not in_room


def is_archives_stamp(stamp: dt.datetime, sent_utc: str) -> bool:
    """The archive's stamp is a whole second, less than one before the client noted the time."""
    early = dt.datetime.fromisoformat(sent_utc) - stamp
    return stamp.microsecond == 0 and dt.timedelta(0) <= early < dt.timedelta(seconds=1)


def test_every_archive_was_read_to_its_end(project: Project) -> None:
    found = published(project.path, "select archive_name, status, rejects from archives")

    assert sorted(found) == [(path.name, "read", 0) for path in sorted(CASES.glob("*.xml"))]


def test_the_lake_has_what_was_said(project: Project, sent: list[Row]) -> None:
    stored = {
        (r["sender"], tuple(sorted(r["recipients"])), r["kind"], r["body"])
        for r in lake_rows(project.path, "messages")
        if is_two_party(r)
    }

    assert stored == {said_in_truth(row) for row in sent}


def test_the_lakes_times_are_the_archives_stamps(project: Project, sent: list[Row]) -> None:
    by_id = {(row["sender"], row["id"]): row["sent_utc"] for row in sent}
    records = [r for r in lake_rows(project.path, "messages") if is_two_party(r)]

    assert len(records) > len(sent)
    for record in records:
        assert is_archives_stamp(record["sent_at"], by_id[record["sender"], record["native_id"]])


def test_every_message_is_published_once_though_both_parties_have_a_copy(
    project: Project, sent: list[Row]
) -> None:
    # One in private within a room is named by nickname in one copy and by address in the other.
    expected = Counter(
        (sender, recipients, kind, None if body is None else (len(body), len(body.encode())))
        for sender, recipients, kind, body in map(said_in_truth, [*sent, *rows_of("muc-pm")])
    )
    rows = published(
        project.path,
        "select sender, recipients, kind, body_characters, body_bytes from messages",
    )
    found = Counter(
        (sender, tuple(sorted(recipients)), kind, None if bytes_ is None else (characters, bytes_))
        for sender, recipients, kind, characters, bytes_ in rows
        if is_two_party({"sender": sender, "recipients": recipients, "kind": kind})
    )

    assert found == expected


def test_published_times_are_the_archives_stamps(project: Project, sent: list[Row]) -> None:
    by_id = {(row["sender"], row["id"]): row["sent_utc"] for row in sent}
    rows = published(project.path, "select sender, native_id, sent_at from messages")
    found = {(sender, native_id): at for sender, native_id, at in rows}

    for key, sent_utc in by_id.items():
        assert is_archives_stamp(found[key], sent_utc)
