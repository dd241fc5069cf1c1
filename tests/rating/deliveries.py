"""The same records delivered in ever other ways: cut, mixed, repeated, and built in between.

What is delivered is fixed by the world, its messages and their further copies; how it comes is left
to chance. Bills may depend on the first alone.
"""

import datetime as dt
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from eur_pipeline.models import build
from eur_pipeline.project import Project
from tests.models.lake_project import Record, record, write_archive
from tests.rating.generating import SITES_OF_CURRENCY, make_world
from tests.rating.world import World

FIRST_HOUR = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
ROOM = "desk@chat.presence.example"
# Where the same may be read: unknown senders are of the collection's site, and pay in its currency.
ALIKE = {site: sites for sites in SITES_OF_CURRENCY.values() for site in sites}

# What a property over deliveries is given: a world's seed, and how its records arrive.
SOME_DELIVERIES = {
    "seed": st.integers(0, 2**32),
    "chance": st.randoms(use_true_random=False),
}
# What stays together in its order: who came first to a room within a second, only that tells.
Unit = tuple[Record, ...]
Content = dict[str, list[Unit]]


@dataclass(frozen=True)
class Archive:
    """Records that come together, in the collection's upload hour of that number."""

    collection: str
    name: str
    records: tuple[Record, ...]
    hour: int

    def deliver(self, project: Project) -> None:
        """Into the lake, as if it had been read from there."""
        hour = FIRST_HOUR + dt.timedelta(hours=self.hour)
        write_archive(project, self.name, self.records, self.collection, hour)


@dataclass(frozen=True)
class Way:
    """A way of delivery: the archives in order, a build after each group of them."""

    groups: tuple[tuple[Archive, ...], ...]

    def follow(self, project: Project) -> None:
        """Deliver everything; each build has to be committed."""
        for group in self.groups:
            for archive in group:
                archive.deliver(project)
            report = build(project)
            assert report.committed, [failure.message for failure in report.failures]


def content(seed: int, combinations: int) -> tuple[World, Content]:
    """A world without messages, and the records of each collection, copies among them."""
    world = make_world(seed, combinations)
    chance = random.Random(seed)
    records: defaultdict[str, list[Unit]] = defaultdict(list)
    for collection, messages in world.messages.items():
        for message in messages:
            one = _told_apart(message, chance)
            records[collection].append((one,))
            for where, copy in _copies(collection, one, chance):
                records[where].append((copy,))
    records["zurich_im"] += _talk_in_a_room(world, chance)
    return replace(world, messages={}), dict(records)


def _told_apart(message: Record, chance: random.Random) -> Record:
    """Some without an id; equal ones of one instant would be told apart by their archive alone."""
    if chance.random() < 0.8:
        return message
    return {**message, "native_id": None, "file_name": message["native_id"]}


def _copies(collection: str, one: Record, chance: random.Random) -> Iterator[tuple[str, Record]]:
    """What others have of it: at another collection too, or with less in it."""
    if chance.random() < 0.3:
        site = collection.removesuffix("_im")
        yield f"{chance.choice(ALIKE[site])}_im", {**one, "owner": one["sender"]}
    if one["native_id"] and chance.random() < 0.3:
        for recipient in one["recipients"]:
            less = {"recipients": [recipient], "owner": recipient}
            less |= chance.choice(({}, {"conversation_id": None}, {"file_bytes": None}))
            late = dt.timedelta(microseconds=chance.choice((0, 0, 20_000)))
            yield collection, {**one, **less, "sent_at": one["sent_at"] + late}


def _talk_in_a_room(world: World, chance: random.Random) -> list[Unit]:
    """People who come and go, often several in a second: who is there receives what is said."""
    people = sorted({row["address"] for row in world.rows("directory.csv")})[:6]
    at = min(one["sent_at"] for messages in world.messages.values() for one in messages)
    units = []
    for number in range(12):
        at += dt.timedelta(minutes=chance.randrange(1, 1200))
        names = [f"said-{number}-{n}" for n in range(chance.choice((1, 1, 2, 4)))]
        units.append(tuple(_event(at, chance.choice(people), name, chance) for name in names))
    return units


def _event(at: dt.datetime, address: str, name: str, chance: random.Random) -> Record:
    kind = chance.choice(("join", "leave", "message"))
    known = {"occupant": f"{ROOM}/{address}", "owner": ROOM, "conversation_id": ROOM}
    native_id = name if kind == "message" else None
    fields: dict[str, Any] = {"kind": kind, "body": None, "recipients": [], "native_id": native_id}
    return record(at, address, **fields, **known)


def at_once(records: Content) -> Way:
    """Everything in time: an archive per collection, one build."""
    archives = (Archive(c, "all.xml", tuple(chain(*of)), 0) for c, of in sorted(records.items()))
    return Way((tuple(archives),))


def some_way(records: Content, chance: random.Random) -> Way:
    """Cut, mixed and repeated at random; the last group may be empty, and builds nothing new."""
    archives = [a for name, of in records.items() for a in _archives(name, of, chance)]
    chance.shuffle(archives)
    return Way(tuple(_groups(archives, chance)))


def _archives(collection: str, units: Iterable[Unit], chance: random.Random) -> Iterator[Archive]:
    """Every unit in one archive at least; names and hours in no order."""
    number = chance.randint(1, 4)
    parts: list[list[Unit]] = [[] for _ in range(number)]
    for one in units:
        for part in chance.sample(parts, min(number, chance.choice((1, 1, 1, 2, 3)))):
            part.append(one)
    hours = chance.sample(range(100), number)
    for part, hour in zip(parts, hours, strict=True):
        if part:
            chance.shuffle(part)
            yield Archive(collection, f"{chance.random()}.xml", tuple(chain(*part)), hour)


def _groups(archives: list[Archive], chance: random.Random) -> Iterator[tuple[Archive, ...]]:
    limits = sorted(chance.choices(range(len(archives) + 1), k=chance.randint(0, 2)))
    for start, end in zip([0, *limits], [*limits, len(archives)], strict=True):
        yield tuple(archives[start:end])


def rebuild_from_nothing(project: Project) -> None:
    """As after the loss of the warehouse."""
    project.warehouse_path.unlink()
    assert build(project).committed


def written(world: World, path: Path, way: Way) -> Project:
    """The world's project, everything delivered in that way."""
    project = world.write(path)
    way.follow(project)
    return project
