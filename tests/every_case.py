"""All archives in tests/cases/<dialect>, for what must hold of each of them."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from eur_pipeline.archives.dialect import Dialect, dialect_names, load_dialect
from eur_pipeline.archives.reader import read_archive
from eur_pipeline.archives.record import Record, Reject
from eur_pipeline.archives.surroundings import Surroundings
from eur_pipeline.errors import UnreadableArchiveError

CASES = Path(__file__).parent / "cases"
PRESENCE_DOMAIN = "presence.example"


@dataclass(frozen=True)
class Case:
    """One archive, and the dialect that reads it."""

    dialect_name: str
    path: Path

    def __str__(self) -> str:
        return f"{self.dialect_name}/{self.path.relative_to(CASES / self.dialect_name)}"

    @cached_property
    def dialect(self) -> Dialect:
        return load_dialect(self.dialect_name)

    @cached_property
    def content(self) -> bytes:
        return self.path.read_bytes()

    @cached_property
    def companion(self) -> bytes | None:
        """The file beside it that the dialect reads too."""
        suffix = self.dialect.companion_suffix
        return None if suffix is None else self.path.with_suffix(suffix).read_bytes()

    def surroundings(self, companion: bytes | None = None) -> Surroundings:
        """What lies around it, with another companion if there is one."""
        beside = self.companion if companion is None else companion
        return Surroundings(str(self.path), None if beside is None else io.BytesIO(beside))

    def items(self, content: bytes, companion: bytes | None = None) -> Iterator[Record | Reject]:
        """What this dialect reads in that content in this archive's place."""
        return read_archive(
            io.BytesIO(content),
            self.dialect,
            presence_domain=PRESENCE_DOMAIN,
            surroundings=self.surroundings(companion),
        )

    def read(self, content: bytes, companion: bytes | None = None) -> "Found":
        """All of it, and how it ended."""
        found = Found([], [], None)
        try:
            for item in self.items(content, companion):
                if isinstance(item, Record):
                    found.records.append(item)
                else:
                    found.rejects.append(item)
        except UnreadableArchiveError as error:
            found.error = error
        return found


@dataclass
class Found:
    """What reading an archive gave."""

    records: list[Record]
    rejects: list[Reject]
    error: UnreadableArchiveError | None

    @property
    def ordinals(self) -> list[int]:
        """The numbers of all that there was, in order."""
        return sorted([*(r.ordinal for r in self.records), *(r.ordinal for r in self.rejects)])


def every_case() -> list[Case]:
    """In a fixed order: tests are named after them, in several processes."""
    return [
        Case(name, path)
        for name in dialect_names()
        for path in sorted((CASES / name).rglob("*.xml"))
    ]
