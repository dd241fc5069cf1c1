"""Every message that was sent, in lake and published database, and none that was not."""

import hashlib
from collections import Counter
from typing import Any

import pytest

from .demo import DemoFiles, Row, milliseconds

pytestmark = pytest.mark.xdist_group("demo")


def _as_sent(row: Row, *body: object) -> tuple[Any, ...]:
    """A message by the keys of the truth, its body by whatever is known of it."""
    return (
        row["native_id"],
        row["sent_at"],
        row["sender"],
        tuple(row["recipients"]),
        row["conversation_id"],
        row["kind"],
        row["file_name"],
        row["file_bytes"],
        row["collection"],
        row["archive_name"],
        *body,
    )


def _lengths(body: str | None) -> tuple[int | None, int | None]:
    return (None, None) if body is None else (len(body), len(body.encode()))


def test_the_demo_has_what_makes_chats_difficult(files: DemoFiles) -> None:
    bodies = [row["body"] for row in files.truth]
    assert {"message", "file_transfer", "invite"} <= {row["kind"] for row in files.truth}
    assert {"geneva_im", "boston_im"} == {row["collection"] for row in files.truth}
    assert None in bodies
    assert "" in bodies
    assert max(len(body.encode()) for body in bodies if body) > 60_000
    assert any("\N{HEBREW LETTER SHIN}" in body for body in bodies if body)
    assert max(len(row["recipients"]) for row in files.truth) > 1
    assert max(Counter(map(repr, files.truth)).values()) > 1, "no equal messages in one instant"


def test_every_message_is_in_the_lake_field_by_field(files: DemoFiles) -> None:
    stored = Counter(
        _as_sent({**row, "sent_at": milliseconds(row["sent_at"])}, row["body"])
        for row in files.lake("messages")
    )
    assert stored == Counter(_as_sent(row, row["body"]) for row in files.truth)


def test_the_lake_measures_bodies_as_they_were_sent(files: DemoFiles) -> None:
    for row in files.lake("messages"):
        assert (row["body_characters"], row["body_bytes"]) == _lengths(row["body"])


def test_the_lake_says_which_archive_a_record_is_from(files: DemoFiles) -> None:
    archives = {(u["collection"], u["archive_name"]): u["sha256"] for u in files.uploads}
    for row in files.lake("messages"):
        assert row["archive_sha256"] == archives[row["collection"], row["archive_name"]]
        assert row["record_id"] == f"{row['archive_sha256'][:16]}-{row['ordinal']}"


def test_every_message_is_published_with_the_length_of_its_body(files: DemoFiles) -> None:
    columns = (
        "native_id, sent_at, sender, recipients, conversation_id, kind, file_name, file_bytes, "
        "collection, archive_name, body_characters, body_bytes"
    )
    published = Counter(
        (native_id, milliseconds(sent_at), sender, tuple(recipients), *rest)
        for native_id, sent_at, sender, recipients, *rest in files.published(
            f"select {columns} from messages"
        )
    )
    # A message's recipients are a set, and published in order.
    sent = Counter(
        _as_sent({**row, "recipients": sorted(row["recipients"])}, *_lengths(row["body"]))
        for row in files.truth
    )
    assert published == sent


def test_no_table_of_the_published_database_has_bodies_or_raw_text(files: DemoFiles) -> None:
    columns = {name for (name,) in files.published("select column_name from duckdb_columns()")}
    assert "body_characters" in columns
    assert not columns & {"body", "raw"}


def test_no_body_is_in_the_published_file(files: DemoFiles) -> None:
    content = files.published_path.read_bytes()
    # Long enough that nothing else says the same by chance, and more than one part of each.
    bodies = {row["body"] for row in files.truth if row["body"] and len(row["body"]) > 40}
    assert len(bodies) > 100
    for body in bodies:
        encoded = body.encode()
        assert encoded[:30] not in content
        assert encoded[-30:] not in content


def test_archives_are_landed_byte_for_byte_and_none_is_left_on_the_server(
    files: DemoFiles,
) -> None:
    landed = Counter(
        (m["collection"], m["name"], hashlib.sha256(files.landed(m)).hexdigest())
        for m in files.manifests
    )
    uploaded = Counter((u["collection"], u["archive_name"], u["sha256"]) for u in files.uploads)
    assert landed == uploaded
    assert files.remote_files() == []


def test_every_archive_is_accounted_for(files: DemoFiles) -> None:
    messages = Counter((row["collection"], row["archive_name"]) for row in files.truth)
    expected = {
        (u["collection"], u["archive_name"], u["sha256"], u["bytes"], u["uploaded_at"]): (
            messages[u["collection"], u["archive_name"]],
            messages[u["collection"], u["archive_name"]],
            0,
            0,
            "read",
        )
        for u in files.uploads
    }
    archives = {
        (collection, name, sha256, size, milliseconds(uploaded_at).replace(".000Z", "Z")): counts
        for collection, name, sha256, size, uploaded_at, *counts in files.published(
            "select collection, archive_name, archive_sha256, bytes, uploaded_at, "
            "records, messages, copies, rejects, status from archives"
        )
    }
    assert {key: tuple(counts) for key, counts in archives.items()} == expected
