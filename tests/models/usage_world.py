"""A company whose usage is hard to count: what the oracle and the models are both given.

People move between departments, sites and time zones; clocks change in both directions; rooms,
outsiders, senders whom nobody knows, and files of absurd sizes take part.
"""

import datetime as dt
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eur_pipeline.project import Project
from tests.models.lake_project import (
    DIRECTORY_HEADER,
    UPLOADED,
    Record,
    make_project,
    record,
    write_archive,
)

CONFIGURATION = """\
sites:
  - {name: company}
  - {name: europe, parent: company, time_zone: Europe/Zurich}
  - {name: geneva, parent: europe, time_zone: Europe/Zurich}
  - {name: boston, parent: company, time_zone: America/New_York}
  - {name: pune, parent: company, time_zone: Asia/Kolkata}
collections:
  - {name: geneva_im, site: geneva, dialect: avaya-ps, presence_domain: presence.example,
     host: 127.0.0.1, user: avaya, password_env: PASSWORD, remote_path: /a, start: 2026-02-01}
  - {name: boston_im, site: boston, dialect: avaya-ps, presence_domain: presence.example,
     host: 127.0.0.1, user: avaya, password_env: PASSWORD, remote_path: /b, start: 2026-02-01}
billing:
  currency: CHF
  company_domains: [presence.example]
  legal_entities: [{name: americas, currency: CHF, sites: [boston]}]
"""
COLLECTION_SITES = {"geneva_im": "geneva", "boston_im": "boston"}
PARENTS = {"europe": "company", "geneva": "europe", "boston": "company", "pune": "company"}
ZONES = {
    "company": "UTC",
    "europe": "Europe/Zurich",
    "geneva": "Europe/Zurich",
    "boston": "America/New_York",
    "pune": "Asia/Kolkata",
}
LEGAL_ENTITIES = {"boston": "americas"}
COMPANY_DOMAIN = "presence.example"

DIRECTORY = (
    "p01,Anna Huber,a1@presence.example,,geneva,Sales,C100,,2026-03-10",
    "p01,Anna Huber,a1@presence.example,,geneva,Support,C200,2026-03-10,",
    "p02,Bo Lind,a2@presence.example,,geneva,Support,C200,,2026-03-20",
    "p02,Bo Lind,a2@presence.example,,boston,Support,C200,2026-03-20,",
    "p03,Cleo Ray,a3@presence.example,,boston,Sales,C100,,",
    "p04,Dev Rao,a4@presence.example,,pune,Research,C300,,2026-10-25",
    "p04,Dev Rao,a4@presence.example,,geneva,Research,C300,2026-10-25,",
    "p05,Eva Sol,a5@presence.example,,pune,Sales,C100,2026-03-01,",
    "p06,Flo Mar,a6@presence.example,,europe,Board,C900,,2026-03-29",
    "p07,Gil Oz,a7@presence.example,,boston,Research,C300,,",
    "p07,Gil Oz,gil@presence.example,,boston,Research,C300,,",
    "p08,Hal Ito,hal@partner.example,,boston,Guests,C900,,",
    "p09,Ivo Silent,a9@presence.example,,pune,Sales,C100,,2026-04-01",
    "p10,Jo Reader,a10@presence.example,,geneva,Sales,C100,,",
)
WRITERS = ("a1", "a2", "a3", "a4", "a5", "a6", "a7", "gil", "A1", "nobody")
READERS = (*WRITERS[:8], "a9", "a10", "stranger", "A3")
OUTSIDERS = ("x@else.example", "y@else.example", "z@third.example", "hal@partner.example")
# Known by their nicknames alone: one in a room of the company's, one elsewhere.
OCCUPANTS = ("room@conference.presence.example/nick", "hall@chat.else.example/guest")
# Who is in a room from the first day on: its messages name no recipients.
ROOM = "desk@conference.presence.example"
ROOM_MEMBERS = tuple(f"{name}@presence.example" for name in ("a1", "a3", "a5", "nobody"))
ROOM_OPENS = dt.datetime(2026, 2, 20, tzinfo=dt.UTC)
# Clocks change on 8 and 29 March, 25 October and 1 November; people move on 10, 20 and 29 March.
TURNS = tuple(
    dt.datetime.fromisoformat(text + "Z")
    for text in (
        "2026-02-28T18:30",
        "2026-02-28T23:00",
        "2026-03-08T07:00",
        "2026-03-09T23:00",
        "2026-03-20T02:00",
        "2026-03-29T01:00",
        "2026-03-31T22:00",
        "2026-04-01T03:00",
        "2026-10-24T22:00",
        "2026-10-25T01:00",
        "2026-11-01T06:00",
    )
)
BODIES = ("hello", "", None, "Zoë 😀", "x" * 1500)


@dataclass(frozen=True)
class UsageWorld:
    """Directory lines, and the records of every collection."""

    directory: tuple[str, ...]
    records: dict[str, list[Record]]

    def write(self, path: Path) -> Project:
        """The project, with its lake."""
        project = make_project(path, directory=self.directory, configuration=CONFIGURATION)
        for collection, records in self.records.items():
            write_archive(project, "all.xml", records, collection)
        return project

    def recipients(self, one: Record) -> tuple[str, ...]:
        """Whom a record reached: all others in the room, or those whom it names."""
        if one["conversation_id"] == ROOM:
            return tuple(sorted(set(ROOM_MEMBERS) - {one["sender"]}))
        return tuple(sorted(set(one["recipients"])))

    def people(self) -> list[dict[str, str]]:
        """The directory's lines by column."""
        columns = DIRECTORY_HEADER.split(",")
        return [dict(zip(columns, line.split(","), strict=True)) for line in self.directory]


def make_world(seed: int, messages: int) -> UsageWorld:
    """A world of its own for every seed, most of it sent near midnights and clock changes."""
    chance = random.Random(seed)
    records: dict[str, list[Record]] = {name: [] for name in COLLECTION_SITES}
    records["geneva_im"] += [_in_room(m, kind="join", at=ROOM_OPENS) for m in ROOM_MEMBERS]
    for number in range(messages):
        records[chance.choice(sorted(records))].append(_record(chance, number))
    return UsageWorld(DIRECTORY, records)


def _record(chance: random.Random, number: int) -> Record:
    if chance.random() < 0.1:
        said: Record = {"native_id": f"n{number}", "body": chance.choice(BODIES)}
        return _in_room(chance.choice(ROOM_MEMBERS), at=_instant(chance), **said)
    kind = chance.choices(("message", "file_transfer", "edit", "receipt"), (80, 12, 4, 4))[0]
    is_file = kind == "file_transfer"
    return record(
        _instant(chance),
        _sender(chance),
        native_id=f"n{number}",
        kind=kind,
        recipients=_recipients(chance),
        conversation_id=chance.choice((None, "c-1", "c-2", f"c-{number % 40}")),
        body=chance.choice(BODIES),
        file_name="f.bin" if is_file else None,
        file_bytes=chance.choice((None, 0, 123_456, 7, 3 * 10**15)) if is_file else None,
    )


def _in_room(member: str, at: dt.datetime, kind: str = "message", **fields: Any) -> Record:
    occupant = f"{ROOM}/{member.partition('@')[0]}"
    place = {"occupant": occupant, "owner": ROOM, "conversation_id": ROOM, "recipients": []}
    return record(at, member, **{"kind": kind, "body": None, **place, **fields})


def _instant(chance: random.Random) -> dt.datetime:
    around = chance.choice(TURNS) + dt.timedelta(minutes=chance.randrange(-180, 180))
    if chance.random() < 0.3:
        around += dt.timedelta(hours=chance.randrange(-60, 60))
    return around + dt.timedelta(milliseconds=chance.randrange(60_000))


def _sender(chance: random.Random) -> str:
    if chance.random() < 0.1:
        return chance.choice((*OUTSIDERS, *OCCUPANTS))
    return chance.choice(WRITERS)


def _recipients(chance: random.Random) -> list[str]:
    if chance.random() < 0.05:
        return [chance.choice(OCCUPANTS)]
    count = chance.choices((0, 1, 2, 5), (4, 70, 16, 10))[0]
    pool = READERS if chance.random() < 0.7 else (*READERS, *OUTSIDERS)
    return chance.sample(pool, count)


def late_archive(project: Project, world: UsageWorld, seed: int) -> UsageWorld:
    """Further records of one evening, uploaded an hour after all others."""
    chance = random.Random(seed)
    instant = TURNS[3]
    late = [
        {**_record(chance, 10**6 + n), "sent_at": instant + dt.timedelta(minutes=n)}
        for n in range(12)
    ]
    hour = UPLOADED + dt.timedelta(hours=1)
    write_archive(project, "late.xml", late, "geneva_im", upload_hour=hour)
    geneva = [*world.records["geneva_im"], *late]
    return UsageWorld(world.directory, {**world.records, "geneva_im": geneva})
