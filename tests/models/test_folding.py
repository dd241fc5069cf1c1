"""Which records are one message: deliveries may come in any order, split or repeated."""

import datetime as dt
import random
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eur_pipeline.models import build
from eur_pipeline.project import Project
from tests.models.lake_project import (
    CONFIGURATION,
    UPLOADED,
    Record,
    make_project,
    query,
    record,
    write_archive,
)

FOLDING = ("stg_lake__records", "int_records_keyed", "int_records_folded", "int_messages_united")
MIDNIGHT = dt.datetime(2026, 3, 10, tzinfo=dt.UTC)
ROOM = "room@conference.presence.example"


def deliver(project: Project, *archives: list[Record], **fields: Any) -> None:
    """Each list is an archive, uploaded an hour after the one before."""
    for number, records in enumerate(archives):
        hour = UPLOADED + dt.timedelta(hours=number)
        write_archive(project, f"{number}.xml", records, upload_hour=hour, **fields)


def messages(project: Project) -> list[tuple[Any, ...]]:
    build(project, FOLDING)
    return query(
        project,
        "select sender, sent_at, native_id, kind, body_characters, recipients "
        "from intermediate.int_messages_united order by all",
    )


def fold(path: Path, *archives: list[Record]) -> list[tuple[Any, ...]]:
    project = make_project(path)
    deliver(project, *archives)
    return messages(project)


some_records = st.lists(
    st.builds(
        lambda offset, sender, body, native_id: record(
            MIDNIGHT + dt.timedelta(milliseconds=offset), sender, body=body, native_id=native_id
        ),
        # Few values, so that equal records are frequent; on both sides of midnight.
        st.sampled_from([-400_000, -1, 0, 0, 1, 299_000, 700_000]),
        st.sampled_from(["10001", "10002"]),
        st.sampled_from(["ok", "yes"]),
        st.sampled_from([None, None, "1", "2"]),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(records=some_records, order=st.randoms(use_true_random=False), cut=st.integers(0, 12))
def test_order_splitting_and_repetition_of_deliveries_change_nothing(
    records: list[Record], order: random.Random, cut: int
) -> None:
    shuffled = order.sample(records, len(records))
    again = [records, shuffled, shuffled[:cut], shuffled[cut:], [*records[:cut]]]
    order.shuffle(again)
    with tempfile.TemporaryDirectory() as folder:
        once = fold(Path(folder, "once"), records)
        often = fold(Path(folder, "often"), *(archive for archive in again if archive))
    assert often == once


def test_equal_messages_of_one_millisecond_in_one_archive_stay_several(tmp_path: Path) -> None:
    three = [record("2026-03-10T12:00", body="ok")] * 3
    assert len(fold(tmp_path, three)) == 3


def test_there_are_as_many_messages_as_the_largest_view_has(tmp_path: Path) -> None:
    ok = record("2026-03-10T12:00", body="ok")
    assert len(fold(tmp_path, [ok], [ok, ok], [ok, ok, ok], [ok])) == 3


def test_two_owners_views_in_one_archive_show_one_message(tmp_path: Path) -> None:
    views = [record("2026-03-10T12:00", owner=owner) for owner in ("10001", "10002")]
    assert len(fold(tmp_path, views)) == 1


def test_a_copy_in_another_collection_is_a_copy(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    one = [record("2026-03-10T12:00")]
    deliver(project, one, collection="geneva_im")
    deliver(project, one, collection="boston_im")
    assert len(messages(project)) == 1


def test_one_file_landed_by_two_collections_is_one_message_with_one_id(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    for collection in ("geneva_im", "boston_im"):
        deliver(
            project,
            [record("2026-03-10T12:00")] * 2,
            collection=collection,
            archive_sha256="ab" * 32,
        )
    assert len(messages(project)) == 2


@pytest.mark.parametrize("hours", [-1, 0, 1])
def test_readings_of_one_archive_that_differ_in_every_field_are_one_message(
    tmp_path: Path, hours: int
) -> None:
    project = make_project(tmp_path)
    first = record("2026-03-10T00:30", recipients=["10002"])
    other = record("2026-03-09T23:30", "10001@b.example", recipients=["10002@b.example"], body=None)
    # The first collection by name counts, whichever is the first to bring it.
    later = UPLOADED + dt.timedelta(hours=hours)
    sha256 = "ab" * 32
    write_archive(project, "a.xml", [first] * 2, "boston_im", later, archive_sha256=sha256)
    write_archive(project, "a.xml", [other] * 2, "geneva_im", UPLOADED, archive_sha256=sha256)
    assert build(project).committed
    assert (
        query(project, "select sender, recipients, copies from messages")
        == [("10001@presence.example", ["10002@presence.example"], 1)] * 2
    )
    assert query(project, "select collection, messages, copies from archives order by 1") == [
        ("boston_im", 2, 0),
        ("geneva_im", 0, 2),
    ]


def test_recipients_unite_and_the_earliest_stamp_counts(tmp_path: Path) -> None:
    early = record("2026-03-09T23:59:59.990", native_id="7", recipients=["10003", "10002"])
    late = record("2026-03-10T00:00:00.010", native_id="7", recipients=["10004", "10002"])
    ((_, sent_at, *_, recipients),) = fold(tmp_path, [late], [early])
    assert sent_at == early["sent_at"]
    assert recipients == [f"1000{n}@presence.example" for n in (2, 3, 4)]


def test_an_id_that_a_client_uses_again_later_is_another_message(tmp_path: Path) -> None:
    times = ["12:00:00", "12:04:00", "12:08:00", "12:13:01"]
    records = [record(f"2026-03-10T{time}", native_id="1") for time in times]
    found = fold(tmp_path, records)
    assert [sent_at.strftime("%H:%M") for _, sent_at, *_ in found] == ["12:00", "12:13"]


def test_one_id_with_two_bodies_is_two_messages(tmp_path: Path) -> None:
    bodies = [record("2026-03-10T12:00", native_id="1", body=body) for body in ("a", "b")]
    assert len(fold(tmp_path, bodies)) == 2


def test_without_hashes_bodies_of_equal_lengths_count_as_equal(tmp_path: Path) -> None:
    hidden = {"body": None, "body_hash": None, "body_bytes": 4}
    records = [
        {**record("2026-03-10T12:00"), **hidden, "body_characters": length} for length in (3, 4)
    ]
    assert len(fold(tmp_path, records, records)) == 2


def test_different_files_sent_in_one_millisecond_are_different_messages(tmp_path: Path) -> None:
    files = [
        record("2026-03-10T12:00", kind="file_transfer", body=None, file_name=name)
        for name in ("a.pdf", "b.pdf")
    ]
    assert len(fold(tmp_path, files, files[::-1])) == 2


def test_without_a_conversation_the_set_of_parties_tells_chats_apart(tmp_path: Path) -> None:
    to_bo = record("2026-03-10T12:00", recipients=["10002"])
    to_both = record("2026-03-10T12:00", recipients=["10003", "10002"])
    other_order = record("2026-03-10T12:00", recipients=["10002", "10003"])
    assert len(fold(tmp_path, [to_bo, to_both], [other_order])) == 2


def test_an_occupant_is_the_address_behind_it(tmp_path: Path) -> None:
    shown = record("2026-03-10T12:00", native_id="5", conversation_id=ROOM)
    hidden = {**shown, "sender": f"{ROOM}/anna"}
    ((sender, *_),) = fold(tmp_path, [hidden], [shown])
    assert sender == "10001@presence.example"


def test_an_occupant_stays_one_where_two_addresses_sent_the_same(tmp_path: Path) -> None:
    shown = record("2026-03-10T12:00", native_id="5", conversation_id=ROOM)
    other = {**shown, "sender": "10002@presence.example"}
    hidden = {**shown, "sender": f"{ROOM}/anna"}
    assert len(fold(tmp_path, [hidden, shown, other])) == 3


def with_dialect(path: Path, setting: str) -> Project:
    """A project whose collections speak a dialect of its own."""
    built_in = Path("eur_pipeline/archives/dialects/avaya-ps.yml").read_text(encoding="utf-8")
    text = built_in.replace("name: avaya-ps", "name: own")
    key = setting.partition(":")[0]
    kept = [line for line in text.splitlines() if not line.startswith(key + ":")]
    configuration = CONFIGURATION.replace("dialect: avaya-ps", "dialect: own")
    project = make_project(path, configuration=configuration)
    project.dialects_path.mkdir()
    own = "\n".join([*kept, setting]) + "\n"
    (project.dialects_path / "own.yml").write_text(own, encoding="utf-8")
    return project


def test_archives_that_never_overlap_hold_no_copies(tmp_path: Path) -> None:
    project = with_dialect(tmp_path, "overlap: never")
    deliver(project, *[[record("2026-03-10T12:00", dialect="own")]] * 2)
    assert len(messages(project)) == 2


def test_copies_may_lie_as_far_apart_as_the_dialect_says(tmp_path: Path) -> None:
    project = with_dialect(tmp_path, "copy_skew_milliseconds: 20")
    times = ["2026-03-09T23:59:59.985", "2026-03-10T00:00:00.005", "2026-03-10T00:00:00.026"]
    deliver(project, *[[record(time, dialect="own")] for time in times])
    found = [sent_at.isoformat(timespec="milliseconds") for _, sent_at, *_ in messages(project)]
    assert found == ["2026-03-09T23:59:59.985+00:00", "2026-03-10T00:00:00.026+00:00"]


def test_overlapping_archives_of_one_owner_keep_every_message_of_a_series(tmp_path: Path) -> None:
    def series(owner: str, first: int, last: int, late: int = 0) -> list[Record]:
        return [
            record(f"2026-03-10T12:00:0{s}.{late:03}", owner=owner, dialect="xmpp-mam", body="ok")
            for s in range(first, last + 1)
        ]

    project = make_project(tmp_path)
    deliver(project, series("10001", 1, 5), series("10001", 4, 8), series("10002", 1, 8, late=20))
    assert len(messages(project)) == 8


def test_copies_are_found_in_a_dialect_that_no_collection_reads_any_more(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    times = ["2026-03-10T12:00:00.1", "2026-03-10T12:00:00.9"]
    deliver(project, *[[record(time, dialect="xmpp-mam")] for time in times])
    assert len(messages(project)) == 1


def test_a_build_is_undone_while_the_dialect_of_a_record_is_missing(tmp_path: Path) -> None:
    project = with_dialect(tmp_path, "overlap: never")
    deliver(project, *[[record("2026-03-10T12:00", dialect="own")]] * 2)
    assert build(project).committed
    configuration = project.config_path.read_text(encoding="utf-8")
    project.config_path.write_text(configuration.replace(": own", ": avaya-ps"), encoding="utf-8")
    (project.dialects_path / "own.yml").unlink()
    (failure,) = build(Project(tmp_path)).failures
    assert failure.test.name == "records_have_a_known_dialect"
    assert failure.sample == ({"dialect": "own", "records": 2},)


def test_both_parties_copies_without_ids_are_one_message_a_second_apart(tmp_path: Path) -> None:
    def copy(owner: str, at: str, body: str) -> Record:
        return record(at, owner=owner, dialect="xep-0136", body=body, conversation_id="t1")

    times = [("2026-03-10T12:00:00", "2026-03-10T12:00:01"), ("2026-03-10T12:00:05",) * 2]
    project = make_project(tmp_path)
    deliver(
        project,
        *(
            [copy(owner, pair[n], body) for pair, body in zip(times, ("a", "b"), strict=True)]
            for n, owner in enumerate(("10001", "10002"))
        ),
    )
    assert len(messages(project)) == 2
