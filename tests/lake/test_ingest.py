"""From landed archives to the lake: nothing is lost, and doing it again changes nothing."""

import datetime as dt
import gzip
import hashlib
import hmac
import io
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from eur_pipeline.errors import ConfigurationError
from eur_pipeline.lake import lake, schema
from eur_pipeline.lake.lake import file_key
from eur_pipeline.project import Project
from eur_pipeline.storage import LocalStore

from .conftest import HOUR, House

CASES = Path(__file__).parents[1] / "cases" / "avaya-ps"
DAY = dt.timedelta(days=1)
MIDNIGHT = dt.datetime(2026, 3, 9, tzinfo=dt.UTC)


def message(at: dt.datetime, body: str = "hello") -> str:
    milliseconds = round(at.timestamp() * 1000)
    return (
        f'<message time="{milliseconds}" kind="text"><from>1@presence.example</from>'
        f"<to>2@presence.example</to><body>{body}</body></message>"
    )


def archive(*messages: str) -> bytes:
    return ("<im-archive>" + "".join(messages) + "</im-archive>").encode()


def case(name: str) -> bytes:
    return (CASES / f"{name}.xml").read_bytes()


def test_a_record_is_stored_with_all_that_is_known_of_it(house: House) -> None:
    manifest = house.land("geneva.xml", case("normal"))
    house.ingest()
    row = house.rows("messages")[0]
    body = "Can you check the 10y?"
    assert row == {
        "record_id": f"{manifest.sha256[:16]}-1",
        "native_id": None,
        "sent_at": MIDNIGHT + dt.timedelta(milliseconds=123),
        "original_sent_at": None,
        "sender": "56207@presence.example",
        "occupant": None,
        "recipients": ["56208@presence.example", "56209@partner.example"],
        "owner": None,
        "conversation_id": "c-1",
        "kind": "message",
        "body": body,
        "body_characters": 22,
        "body_bytes": 22,
        "body_hash": hmac.new(house.key.encode(), body.encode(), hashlib.sha256).hexdigest(),
        "file_name": None,
        "file_bytes": None,
        "refers_to": None,
        "collection": "im",
        "upload_hour": HOUR,
        "archive_sha256": manifest.sha256,
        "archive_name": "geneva.xml",
        "ordinal": 1,
        "dialect": "avaya-ps",
    }


def test_the_files_have_the_columns_of_the_schema_and_no_others(house: House) -> None:
    house.land("a.xml", case("bad-records"))
    house.ingest()
    store = LocalStore(house.project.lake_path)
    for table, columns in schema.TABLES.items():
        (key,) = store.files(table)
        assert pq.read_schema(store.path(key)).equals(columns)


def test_records_lie_under_the_utc_date_of_their_stamp(house: House) -> None:
    before, after = MIDNIGHT - dt.timedelta(milliseconds=1), MIDNIGHT
    house.land("a.xml", archive(message(before), message(after)))
    assert house.ingest().dates_touched == (dt.date(2026, 3, 8), dt.date(2026, 3, 9))
    assert [key for key in house.files() if key.startswith("messages")] == [
        "messages/event_date=2026-03-08/im--2026-03-09T01Z.parquet",
        "messages/event_date=2026-03-09/im--2026-03-09T01Z.parquet",
    ]


def test_a_bad_archive_is_set_aside_and_the_others_go_on(house: House) -> None:
    house.land("1.xml", case("normal"))
    house.land("2.xml", case("broken"))
    house.land("3.xml", case("dtd"))
    house.land("4.xml", archive(message(MIDNIGHT)))
    report = house.ingest()
    assert (report.archives, report.unreadable, report.records, report.rejects) == (4, 2, 6, 0)
    rows = {row["archive_name"]: row for row in house.rows("archives")}
    assert [rows[f"{n}.xml"]["status"] for n in (1, 2, 3, 4)] == [
        "read",
        "unreadable",
        "unreadable",
        "read",
    ]
    assert "line 4" in rows["2.xml"]["reason"]
    assert "DOCTYPE" in rows["3.xml"]["reason"]
    assert [rows[f"{n}.xml"]["records_before_damage"] for n in (1, 2, 3, 4)] == [0, 1, 0, 0]
    assert {row["archive_name"] for row in house.rows("messages")} == {"1.xml", "4.xml"}


def test_a_file_that_is_no_xml_at_all_is_set_aside_too(house: House) -> None:
    house.land("a.xml", b"\x00\xff\x1f\x8b" * 100)
    house.land("b.xml", b"")
    assert house.ingest().unreadable == 2


def test_documents_and_attachments_of_a_zip_are_counted_and_rejects_name_their_file(
    house: House,
) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("photo.png", b"\x89PNG")
        archive.writestr("1.xml", case("normal"))
        archive.writestr("2.xml", case("bad-records"))
    house.land("all.zip", packed.getvalue())
    house.ingest()
    (row,) = house.rows("archives")
    assert (row["documents"], row["attachments"]) == (2, 1)
    assert (row["records"], row["rejects"]) == (17, 7)
    assert [row["ordinal"] for row in house.rows("messages")] == [*range(1, 7), 12, 13, 14, 17]
    assert {row["member"] for row in house.rows("rejects")} == {"2.xml"}


def test_the_projects_limits_hold_for_what_is_read(house: House) -> None:
    house.land("a.xml.gz", gzip.compress(case("normal")))
    assert house.ingest().unreadable == 0
    house.configure("billing:", "limits: {unpacked_bytes: 100}\nbilling:")
    house.project = Project(house.project.path)
    assert house.ingest().unreadable == 1
    (row,) = house.rows("archives")
    assert "limits.unpacked_bytes" in row["reason"]


def test_rejected_records_are_kept_with_place_and_reason(house: House) -> None:
    house.land("a.xml", case("bad-records"))
    report = house.ingest()
    assert (report.records, report.rejects) == (5, 7)
    assert report.reasons[0] == "a.xml, record 2, sender: expected an address, found nothing"
    rows = house.rows("rejects")
    assert [row["ordinal"] for row in rows] == [2, 3, 4, 5, 6, 10, 11]
    assert rows[0]["line"] == 4
    assert "nobody wrote this" in rows[0]["raw"]


def test_only_numbers_as_long_as_the_collections_extensions_get_its_domain(house: House) -> None:
    numbers = message(MIDNIGHT).replace("1@presence.example", "56207")
    house.land("a.xml", archive(numbers.replace("2@presence.example", "+41449990000")))
    house.ingest()
    (row,) = house.rows("messages")
    assert (row["sender"], row["recipients"]) == ("56207@presence.example", ["+41449990000"])
    house.configure("presence_domain:", "extension_length: 4, presence_domain:")
    house.ingest()
    assert [row["sender"] for row in house.rows("messages")] == ["56207"]


def test_a_record_from_over_a_day_after_its_upload_hour_is_rejected(house: House) -> None:
    latest = HOUR + DAY
    late = latest + dt.timedelta(milliseconds=1)
    house.land("a.xml", archive(message(latest), message(late), message(MIDNIGHT)))
    assert house.ingest().records == 2
    (reject,) = house.rows("rejects")
    assert (reject["ordinal"], reject["field"]) == (2, "sent_at")
    assert "until 2026-03-10T01:00:00+00:00" in reject["reason"]
    assert "found 2026-03-10T01:00:00.001000+00:00" in reject["reason"]
    assert "limits.days_after_upload" in reject["reason"]


def test_how_far_a_record_can_lie_from_its_upload_the_configuration_says(house: House) -> None:
    bounds = "limits: {days_before_upload: 2, days_after_upload: 0}\nbilling:"
    house.configure("billing:", bounds)
    stamps = [HOUR + dt.timedelta(seconds=n) for n in (-2 * 86_400, -2 * 86_400 - 1, 0, 1)]
    house.land("a.xml", archive(*map(message, stamps)))
    assert house.ingest().records == 2
    assert [reject["ordinal"] for reject in house.rows("rejects")] == [2, 4]
    dates = {row["sent_at"].date() for row in house.rows("messages")}
    assert dates == {dt.date(2026, 3, 7), dt.date(2026, 3, 9)}


def test_every_record_present_is_stored_or_rejected(house: House) -> None:
    present = {"normal": 5, "special": 5, "empty": 0, "bad-records": 12}
    for name in present:
        house.land(f"{name}.xml", case(name))
    house.ingest()
    for row in house.rows("archives"):
        name = row["archive_name"]
        stored = sum(r["archive_name"] == name for r in house.rows("messages"))
        rejected = sum(r["archive_name"] == name for r in house.rows("rejects"))
        assert (row["records"], row["rejects"]) == (stored + rejected, rejected)
        assert stored + rejected == present[name.removesuffix(".xml")]


def test_a_duplicate_is_listed_but_not_read(house: House) -> None:
    first = house.land("a.xml", archive(message(MIDNIGHT)))
    house.land("b.xml", archive(message(MIDNIGHT)), duplicate_of=first.key)
    report = house.ingest()
    assert (report.archives, report.duplicates, report.records) == (2, 1, 1)
    statuses = {row["archive_name"]: row["status"] for row in house.rows("archives")}
    assert statuses == {"a.xml": "read", "b.xml": "duplicate"}


def test_reading_again_touches_no_file(house: House) -> None:
    house.land("a.xml", case("bad-records"))
    house.land("b.xml", case("normal"))
    first = house.ingest()
    files = house.files()
    again = house.ingest()
    assert house.files() == files
    assert again.dates_touched == ()
    assert (again.records, again.rejects) == (first.records, first.rejects)


def test_a_late_archive_rewrites_only_the_dates_it_touches(house: House) -> None:
    house.land("a.xml", archive(message(MIDNIGHT), message(MIDNIGHT + DAY)))
    house.ingest()
    before = house.files()
    house.land("b.xml", archive(message(MIDNIGHT + DAY)))
    assert house.ingest().dates_touched == (dt.date(2026, 3, 10),)
    untouched = "messages/event_date=2026-03-09/im--2026-03-09T01Z.parquet"
    assert house.files()[untouched] == before[untouched]
    assert len(house.rows("messages")) == 3


def test_files_on_dates_that_an_hour_no_longer_touches_go(house: House) -> None:
    house.land("a.xml", archive(message(MIDNIGHT)))
    wrong = house.land("b.xml", archive(message(MIDNIGHT - 30 * DAY)))
    house.ingest()
    house.take_away(wrong)
    assert house.ingest().dates_touched == (dt.date(2026, 2, 7),)
    assert [row["archive_name"] for row in house.rows("messages")] == ["a.xml"]


def test_an_hour_without_archives_leaves_nothing_behind(house: House) -> None:
    manifest = house.land("a.xml", case("bad-records"))
    house.ingest()
    house.take_away(manifest)
    house.ingest()
    assert house.files() == {}


def test_other_hours_and_other_collections_stay_as_they_are(house: House) -> None:
    house.land("a.xml", archive(message(MIDNIGHT)))
    house.land("b.xml", archive(message(MIDNIGHT)), hour=HOUR + dt.timedelta(hours=1))
    house.ingest()
    house.ingest(HOUR + dt.timedelta(hours=1))
    other = file_key("messages", MIDNIGHT.date(), "im_2", HOUR)
    LocalStore(house.project.lake_path).write(other, b"another collection's")
    before = house.files()
    house.land("c.xml", archive(message(MIDNIGHT)))
    house.ingest()
    changed = {key for key, stat in house.files().items() if before.get(key) != stat}
    assert changed == {
        file_key("messages", MIDNIGHT.date(), "im", HOUR),
        file_key("archives", MIDNIGHT.date(), "im", HOUR),
    }


class _Killed(BaseException):
    """Stands for the end of the process: nothing catches it."""


@pytest.mark.parametrize("steps", range(6))
def test_a_crash_between_any_two_steps_is_repaired_by_reading_again(
    house: House, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    house.land("a.xml", archive(message(MIDNIGHT)))
    wrong = house.land("b.xml", archive(message(MIDNIGHT + DAY)))
    house.ingest()
    house.take_away(wrong)
    house.land("c.xml", archive(message(MIDNIGHT), message(MIDNIGHT - DAY)))
    left = iter(range(steps))

    def counted(action: Callable[..., Any]) -> Callable[..., Any]:
        def step(store: LocalStore, key: str) -> Any:
            if next(left, None) is None:
                raise _Killed
            return action(store, key)

        return step

    with monkeypatch.context() as patch:
        patch.setattr(LocalStore, "create", counted(LocalStore.create))
        patch.setattr(LocalStore, "remove", counted(LocalStore.remove))
        # The dead clear nothing away.
        patch.setattr("eur_pipeline.lake.lake.shutil.rmtree", lambda *_, **__: None)
        try:
            house.ingest()
        except _Killed:
            # Unless nothing was done yet, the archives' file is gone: the hour is unfinished.
            assert steps == 0 or house.rows("archives") == []
        else:
            assert steps == 5
    house.ingest()
    names = sorted(row["archive_name"] for row in house.rows("messages"))
    assert names == ["a.xml", "c.xml", "c.xml"]
    staged = [p for p in house.project.lake_path.iterdir() if p.name.startswith(".unfinished")]
    assert staged == []


def test_what_a_killed_process_left_in_the_way_is_cleared(house: House) -> None:
    house.land("a.xml", archive(message(MIDNIGHT)))
    name = f".unfinished-staging-{lake.file_name('im', HOUR)}"
    left = house.project.lake_path / name
    left.mkdir(parents=True)
    (left / "messages.arrow").write_bytes(b"half")
    house.ingest()
    assert not left.exists()
    assert len(house.rows("messages")) == 1


def test_the_same_archives_give_the_same_bytes_in_another_lake(house: House) -> None:
    house.land("a.xml", case("normal"))
    house.ingest()
    store = LocalStore(house.project.lake_path)
    first = {key: store.read(key) for key in store.files()}
    shutil.rmtree(house.project.lake_path)
    house.ingest()
    assert {key: store.read(key) for key in store.files()} == first


def test_with_hash_bodies_leave_their_hash_and_lengths_only(house: House) -> None:
    house.land("a.xml", case("normal"))
    house.land("b.xml", case("bad-records"))
    house.ingest()
    kept = {row["record_id"]: row for row in house.rows("messages")}
    house.configure("bodies: keep", "bodies: hash")
    house.ingest()
    for row in house.rows("messages"):
        assert row["body"] is None
        assert row == {**kept[row["record_id"]], "body": None}
    assert {row["raw"] for row in house.rows("rejects")} == {None}


def test_with_drop_bodies_leave_their_lengths_only_and_no_key_is_needed(house: House) -> None:
    house.land("a.xml", case("normal"))
    house.ingest()
    kept = {row["record_id"]: row for row in house.rows("messages")}
    house.configure("bodies: keep", "bodies: drop")
    (house.project.path / ".env").unlink()
    house.ingest()
    for row in house.rows("messages"):
        assert row == {**kept[row["record_id"]], "body": None, "body_hash": None}


def test_no_report_and_no_reason_holds_what_people_wrote(house: House) -> None:
    house.land("a.xml", case("bad-records"))
    house.land("b.xml", archive(message(MIDNIGHT, "<the-secret>")))
    report = house.ingest()
    said = repr(report) + repr(house.rows("archives"))
    assert "secret" not in said
    assert "wrote this" not in said


def test_a_missing_dialect_or_key_is_a_configuration_error(house: House) -> None:
    house.land("a.xml", case("normal"))
    house.configure("dialect: avaya-ps", "dialect: none_such")
    with pytest.raises(ConfigurationError, match="none_such"):
        house.ingest()
    house.configure("dialect: none_such", "dialect: avaya-ps")
    (house.project.path / ".env").unlink()
    with pytest.raises(ConfigurationError, match="EUR_BODY_HASH_KEY"):
        house.ingest()


def test_equal_and_missing_bodies_are_told_apart_by_their_hashes(house: House) -> None:
    house.land("a.xml", case("normal"))
    house.ingest()
    hashes = [row["body_hash"] for row in house.rows("messages")]
    assert hashes[1] == hmac.new(house.key.encode(), b"", hashlib.sha256).hexdigest()
    assert hashes[2:] == [None, None, None]
