"""Who received what was said in a room: from joins and leaves in all archives."""

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from eur_pipeline.models import build
from eur_pipeline.project import Project
from tests.models.lake_project import UPLOADED, Record, make_project, query, record, write_archive

ROOM = "desk@conference.presence.example"
ANNA, BO, CLEO = (f"1000{n}@presence.example" for n in (1, 2, 3))
OCCUPANTS = {"anna": ANNA, "bo": BO, "cleo": CLEO}


def _event(at: str, nick: str, kind: str, **fields: object) -> Record:
    occupant = f"{ROOM}/{nick}"
    known = {"occupant": occupant, "owner": ROOM, "conversation_id": ROOM, "recipients": []}
    sender = str(fields.pop("sender", occupant))
    return record(at, sender, **{"kind": kind, "body": None, **known, **fields})


def joins(at: str, nick: str) -> Record:
    """Somebody comes, known by the nickname alone."""
    return _event(at, nick, "join")


def leaves(at: str, nick: str) -> Record:
    """Somebody goes, likewise."""
    return _event(at, nick, "leave")


def says(at: str, nick: str, body: str, sender: str | None = None) -> Record:
    """Somebody says something to all, with the address behind the nickname."""
    address = sender or OCCUPANTS.get(nick, f"{ROOM}/{nick}")
    return _event(at, nick, "message", body=body, sender=address, native_id=body)


def deliver(project: Project, *archives: Iterable[Record], first_hour: int = 0) -> None:
    """Store archives of one room, an hour after each other, and build."""
    for number, records in enumerate(archives):
        hour = UPLOADED + dt.timedelta(hours=first_hour + number)
        write_archive(project, f"desk-{first_hour + number}.xml", list(records), upload_hour=hour)
    assert build(project).committed


def recipients(project: Project) -> dict[str, set[str]]:
    """The recipients of what was said, by the text."""
    rows = query(project, "select native_id, recipients from messages where kind = 'message'")
    return {text: {name.removesuffix("@presence.example") for name in r} for text, r in rows}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path)


def test_whoever_is_there_receives_and_who_comes_later_or_has_left_does_not(
    project: Project,
) -> None:
    deliver(
        project,
        [
            joins("2026-03-10T12:00", "anna"),
            joins("2026-03-10T12:01", "bo"),
            says("2026-03-10T12:02", "anna", "two"),
            joins("2026-03-10T12:03", "cleo"),
            says("2026-03-10T12:04", "bo", "three"),
            says("2026-03-10T12:05", "cleo", "hello"),
            leaves("2026-03-10T12:06", "bo"),
            says("2026-03-10T12:07", "anna", "bo left"),
        ],
    )
    assert recipients(project) == {
        "two": {"10002"},
        "three": {"10001", "10003"},
        "hello": {"10001", "10002"},
        "bo left": {"10003"},
    }


def test_within_one_second_the_order_in_the_archive_counts(project: Project) -> None:
    second = "2026-03-10T12:00:00"
    deliver(
        project,
        [
            joins(second, "anna"),
            joins(second, "bo"),
            says(second, "bo", "b"),
            says(second, "anna", "a"),
            joins(second, "cleo"),
            leaves(second, "bo"),
            says(second, "cleo", "c"),
        ],
    )
    assert recipients(project) == {"b": {"10001"}, "a": {"10002"}, "c": {"10001"}}


def test_a_copy_in_an_archive_without_joins_does_not_disturb_that_order(project: Project) -> None:
    second = "2026-03-10T12:00:00"
    said = [says(second, "anna", "alone"), says(second, "bo", "reply")]
    told = [joins(second, "anna"), said[0], joins(second, "bo"), said[1]]
    deliver(project, said, told, said)
    assert recipients(project) == {"alone": set(), "reply": {"10001"}}


def test_an_archive_that_grew_and_is_sent_again_changes_nothing(project: Project) -> None:
    second = "2026-03-10T12:00:00"
    first = [joins(second, "anna"), says(second, "anna", "alone"), joins(second, "bo")]
    more = [says(second, "anna", "to bo"), leaves(second, "anna"), says(second, "bo", "gone")]
    deliver(project, first, [*first, *more])
    assert recipients(project) == {"alone": set(), "to bo": {"10002"}, "gone": set()}


def test_where_no_archive_tells_of_joins_nobody_is_named(project: Project) -> None:
    said = [says("2026-03-10T12:00", "anna", "a"), says("2026-03-10T12:01", "bo", "b")]
    deliver(project, said)
    assert recipients(project) == {"a": set(), "b": set()}


def test_before_the_first_date_that_tells_of_joins_nobody_is_named(project: Project) -> None:
    deliver(
        project,
        [says("2026-03-09T12:00", "anna", "before"), says("2026-03-09T12:00", "bo", "also")],
        [says("2026-03-10T12:00", "anna", "after"), leaves("2026-03-10T13:00", "bo")],
    )
    assert recipients(project) == {"before": set(), "also": set(), "after": {"10002"}}


def test_an_older_archive_that_arrives_late_names_the_recipients_of_later_days(
    project: Project,
) -> None:
    deliver(project, [says("2026-03-12T12:00", "anna", "days later")], first_hour=1)
    assert recipients(project) == {"days later": set()}
    joined = [joins("2026-03-10T12:00", "anna"), joins("2026-03-10T12:01", "bo")]
    hello = [says("2026-03-10T12:02", "bo", "hello")]
    deliver(project, [*joined, *hello])
    assert recipients(project) == {"days later": {"10002"}, "hello": {"10001"}}


def test_archives_in_any_order_give_the_same(tmp_path: Path) -> None:
    days = [
        [joins("2026-03-10T12:00", "anna"), joins("2026-03-10T12:01", "bo")],
        [says("2026-03-11T12:00", "anna", "silent bo"), joins("2026-03-11T12:01", "cleo")],
        [says("2026-03-12T12:00", "bo", "here I am"), leaves("2026-03-12T12:01", "anna")],
    ]
    found = []
    for order in ([0, 1, 2], [2, 1, 0], [1, 2, 0]):
        project = make_project(tmp_path / "".join(map(str, order)))
        for number in order:
            deliver(project, days[number], first_hour=number)
        found.append(recipients(project))
    assert found == [{"silent bo": {"10002"}, "here I am": {"10001", f"{ROOM}/cleo"}}] * 3


def test_only_the_later_dates_on_which_somebody_was_there_are_rebuilt(project: Project) -> None:
    days = [
        [joins("2026-03-09T11:00", "anna"), leaves("2026-03-09T13:00", "anna")],
        [joins("2026-03-10T11:00", "anna"), leaves("2026-03-10T13:00", "anna")],
        [joins("2026-03-13T11:00", "anna"), says("2026-03-13T12:00", "anna", "later")],
    ]
    deliver(project, *days)
    short = [joins("2026-03-10T09:00", "bo"), leaves("2026-03-10T10:00", "bo")]
    write_archive(project, "late.xml", short, upload_hour=UPLOADED + dt.timedelta(days=1))
    dates = {result.model: result.dates for result in build(project).models}
    assert dt.date(2026, 3, 13) in dates["int_rooms_occupied"]
    assert max(dates["int_messages_addressed"]) == dt.date(2026, 3, 10)


def test_a_nickname_that_somebody_else_takes_over_is_then_somebody_else(project: Project) -> None:
    deliver(
        project,
        [
            joins("2026-03-10T12:00", "anna"),
            joins("2026-03-10T12:01", "nick"),
            says("2026-03-10T12:02", "nick", "bo", sender=BO),
            says("2026-03-10T12:03", "anna", "to bo"),
            leaves("2026-03-10T12:04", "nick"),
            joins("2026-03-10T12:05", "nick"),
            says("2026-03-10T12:06", "anna", "to cleo"),
            says("2026-03-10T12:07", "nick", "cleo", sender=CLEO),
        ],
    )
    found = recipients(project)
    assert (found["to bo"], found["to cleo"]) == ({"10002"}, {"10003"})


def test_so_it_is_where_the_archive_of_the_takeover_is_missing(project: Project) -> None:
    deliver(
        project,
        [joins("2026-03-10T12:00", "anna"), joins("2026-03-10T12:01", "nick")],
        [
            joins("2026-03-11T12:00", "guest"),
            says("2026-03-11T12:02", "nick", "bo", sender=BO),
            says("2026-03-11T12:03", "anna", "to bo"),
        ],
        [
            leaves("2026-03-13T11:00", "guest"),
            says("2026-03-13T12:00", "nick", "cleo", sender=CLEO),
            says("2026-03-13T12:03", "anna", "to cleo"),
        ],
    )
    found = recipients(project)
    assert (found["to bo"], found["to cleo"]) == ({"10002", f"{ROOM}/guest"}, {"10003"})


def test_a_new_nickname_is_a_leave_without_a_join(project: Project) -> None:
    deliver(
        project,
        [
            joins("2026-03-10T12:00", "anna"),
            says("2026-03-10T12:01", "anna", "alone"),
            joins("2026-03-10T12:02", "bo"),
            says("2026-03-10T12:03", "bo", "hello"),
            leaves("2026-03-10T12:04", "bo"),
            says("2026-03-10T12:05", "anna", "to the renamed"),
            says("2026-03-10T12:06", "robert", "renamed", sender=BO),
            says("2026-03-10T12:07", "anna", "still there"),
            leaves("2026-03-10T12:08", "robert"),
            says("2026-03-10T12:09", "anna", "gone"),
        ],
    )
    assert recipients(project) == {
        "alone": set(),
        "hello": {"10001"},
        "to the renamed": {"10002"},
        "renamed": {"10001"},
        "still there": {"10002"},
        "gone": set(),
    }


def test_occupants_whose_address_no_archive_shows_stay_occupants(project: Project) -> None:
    deliver(
        project,
        [
            joins("2026-03-10T12:00", "x"),
            joins("2026-03-10T12:01", "y"),
            says("2026-03-10T12:02", "x", "hidden"),
        ],
    )
    assert recipients(project) == {"hidden": {f"{ROOM}/y"}}
    # The room is the company's own, so nothing says that somebody foreign was there.
    assert query(project, "select distinct destination from messages") == [("internal",)]


def _private(sender: str, recipient: str, owner: str) -> Record:
    return record(
        "2026-03-10T12:30",
        sender,
        recipients=[recipient],
        conversation_id=ROOM,
        owner=owner,
        native_id="private",
        body="psst",
    )


def test_the_two_copies_of_a_private_message_in_a_room_are_one_with_one_recipient(
    project: Project,
) -> None:
    deliver(
        project,
        [_private(ANNA, f"{ROOM}/bo", ANNA)],
        [_private(f"{ROOM}/anna", BO, BO)],
    )
    found = query(project, "select sender, recipients, copies from messages")
    assert found == [(ANNA, [BO], 1)]


@pytest.mark.parametrize(
    "copy", [_private(ANNA, f"{ROOM}/bo", ANNA), _private(f"{ROOM}/anna", BO, BO)]
)
def test_one_copy_of_it_is_enough_where_the_rooms_archive_shows_the_addresses(
    project: Project, copy: Record
) -> None:
    room = [
        joins("2026-03-10T12:00", "anna"),
        joins("2026-03-10T12:00", "bo"),
        says("2026-03-10T12:40", "anna", "a"),
        says("2026-03-10T12:41", "bo", "b"),
    ]
    deliver(project, [copy], room)
    found = query(project, "select sender, recipients from messages where native_id = 'private'")
    assert found == [(ANNA, [BO])]


def test_without_nicknames_the_addresses_come_and_go(project: Project) -> None:
    def event(at: str, who: str, kind: str) -> Record:
        return record(at, who, kind=kind, recipients=[], conversation_id="c-1", occupant=who)

    deliver(
        project,
        [event("2026-03-10T12:00", ANNA, "join"), event("2026-03-10T12:00", BO, "join")],
        [
            {**event("2026-03-11T12:00", ANNA, "message"), "native_id": "late"},
            event("2026-03-11T12:01", BO, "leave"),
        ],
    )
    assert recipients(project) == {"late": {"10002"}}


def test_files_of_the_lake_from_before_there_were_rooms_are_read_too(project: Project) -> None:
    write_archive(project, "old.xml", [record("2026-03-10T12:00")])
    for path in project.lake_path.rglob("messages/*/*.parquet"):
        pq.write_table(pq.ParquetFile(path).read().drop_columns(["occupant"]), path)
    deliver(project, [joins("2026-03-10T12:00", "anna")], first_hour=1)
    assert query(project, "select count(*) from messages") == [(2,)]


def test_what_was_said_in_an_archive_without_joins_is_heard_as_in_one_with_them(
    project: Project, tmp_path: Path
) -> None:
    events = [
        joins("2026-03-10T12:00", "anna"),
        says("2026-03-10T12:01", "bo", "there from the beginning"),
        says("2026-03-10T12:02", "anna", "both"),
    ]
    deliver(project, events)
    cut = make_project(tmp_path / "cut")
    deliver(cut, events[:1], events[1:2], events[2:])
    assert (
        recipients(cut)
        == recipients(project)
        == {
            "there from the beginning": {"10001"},
            "both": {"10002"},
        }
    )
