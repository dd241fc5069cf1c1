"""The simulated company: its sites, its people and who belongs to which department when.

What the people write to each other is made in `traffic.py`.
"""

import csv
import datetime as dt
import io
import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from typing import Self
from zoneinfo import ZoneInfo

from eur_pipeline.errors import PermanentError
from eur_pipeline.simulator.words import DEPARTMENTS, FIRST_NAMES, SURNAMES

PRESENCE_DOMAIN = "presence.example"
PARENT_SITE = "corporation_1"
SHARE_OF_LARGER_SITE = 0.6
FEWEST_USERS = 4  # two at each site, so that chats within and between the sites exist
MOST_USERS = 50_000  # beyond, the five-digit extensions of the larger site run out


@dataclass(frozen=True)
class Office:
    """One site: where it is, which extensions it has and how its cost centres are numbered."""

    name: str
    time_zone: ZoneInfo
    first_extension: int
    first_cost_centre: int


OFFICES = (
    Office("geneva", ZoneInfo("Europe/Zurich"), 56200, 4100),
    Office("boston", ZoneInfo("America/New_York"), 20100, 5100),
)


@dataclass(frozen=True)
class Person:
    """Somebody who chats; `moves_to` is the department of those who change it."""

    person_id: str
    name: str
    extension: str
    office: Office
    department: str
    moves_to: str | None

    @property
    def address(self) -> str:
        """The address in chats, such as `56207@presence.example`."""
        return f"{self.extension}@{PRESENCE_DOMAIN}"


@dataclass(frozen=True)
class DirectoryRow:
    """A line of `directory.csv`: dates are ISO 8601, half-open, and empty where open."""

    person_id: str
    name: str
    address: str
    extension: str
    site: str
    department: str
    cost_centre: str
    valid_from: str
    valid_to: str


@dataclass(frozen=True)
class Company:
    """People at two sites below one corporation."""

    people: tuple[Person, ...]

    @classmethod
    def make(cls, *, seed: int, users: int) -> Self:
        """The company of that seed and size; always the same. Raises PermanentError by size."""
        if not FEWEST_USERS <= users <= MOST_USERS:
            raise PermanentError(
                f"a company of {users} users cannot be simulated; "
                f"expected {FEWEST_USERS} to {MOST_USERS}"
            )
        rng = random.Random(f"company/{seed}/{users}")
        larger, smaller = OFFICES
        share = round(users * SHARE_OF_LARGER_SITE)
        places = [(larger, n) for n in range(share)] + [(smaller, n) for n in range(users - share)]
        movers = set(rng.sample(range(users), max(1, users // 50)))
        return cls(
            tuple(
                _person(rng, number, office, office.first_extension + place, number in movers)
                for number, (office, place) in enumerate(places)
            )
        )

    def at(self, office: Office) -> tuple[Person, ...]:
        """The people of one site."""
        return tuple(person for person in self.people if person.office == office)

    def directory(self, *, move_on: dt.date) -> Iterator[DirectoryRow]:
        """The rows of `directory.csv` when those who move department do so on that local date."""
        day = move_on.isoformat()
        for person in self.people:
            if person.moves_to is None:
                yield _row(person, person.department)
            else:
                yield _row(person, person.department, valid_to=day)
                yield _row(person, person.moves_to, valid_from=day)

    def directory_csv(self, *, move_on: dt.date) -> str:
        """The whole text of `directory.csv`."""
        text = io.StringIO()
        columns = [field.name for field in fields(DirectoryRow)]
        writer = csv.DictWriter(text, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(row) for row in self.directory(move_on=move_on))
        return text.getvalue()


def cost_centre(office: Office, department: str) -> str:
    """The cost centre that pays for a department at a site, such as `CC-4110`."""
    return f"CC-{office.first_cost_centre + 10 * DEPARTMENTS.index(department)}"


def _person(rng: random.Random, number: int, office: Office, extension: int, moves: bool) -> Person:
    department, other = _two_departments(rng)
    return Person(
        person_id=f"P{number + 1:05}",
        name=f"{rng.choice(FIRST_NAMES)} {rng.choice(SURNAMES)}",
        extension=str(extension),
        office=office,
        department=department,
        moves_to=other if moves else None,
    )


def _two_departments(rng: random.Random) -> tuple[str, str]:
    # The first departments are the large ones.
    sizes = range(len(DEPARTMENTS), 0, -1)
    department = rng.choices(DEPARTMENTS, sizes)[0]
    return department, rng.choice([other for other in DEPARTMENTS if other != department])


def _row(
    person: Person, department: str, *, valid_from: str = "", valid_to: str = ""
) -> DirectoryRow:
    return DirectoryRow(
        person_id=person.person_id,
        name=person.name,
        address=person.address,
        extension=person.extension,
        site=person.office.name,
        department=department,
        cost_centre=cost_centre(person.office, department),
        valid_from=valid_from,
        valid_to=valid_to,
    )
