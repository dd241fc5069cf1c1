"""Archives to measure with: everyday messages, as large as wanted, the same in every run."""

import random
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from xml.sax.saxutils import escape

from eur_pipeline.simulator.texts import everyday_body

_BEGINNING = (
    b"<?xml version='1.0' encoding='UTF-8'?>\n<im-archive server=\"ps.presence.example\">\n"
)
_END = b"</im-archive>\n"
_FIRST = 1_773_014_400_000
# So that the messages of two gigabytes are of one day: what lies far from its upload is rejected.
_APART_MILLISECONDS = 7


def write_archive(path: Path, size: int, seed: int = 1) -> Path:
    """One archive of about so many bytes."""
    with path.open("wb") as file:
        written = file.write(_BEGINNING)
        for message in _messages(random.Random(seed)):
            if written >= size:
                break
            written += file.write(message)
        file.write(_END)
    return path


def write_archives(folder: Path, number: int, size: int) -> list[Path]:
    """So many archives of about that size, no two alike."""
    folder.mkdir()
    return [write_archive(folder / f"{n:05}.xml", size, seed=n) for n in range(number)]


def _messages(rng: random.Random) -> Iterator[bytes]:
    for number in count():
        time = _FIRST + number * _APART_MILLISECONDS
        yield (
            f'<message time="{time}" conversation="c-{number // 12}" kind="text">'
            f"<from>{rng.randrange(56000, 57000)}@presence.example</from>"
            f"<to>{rng.randrange(56000, 57000)}@presence.example</to>"
            f"<body>{escape(everyday_body(rng))} {number}</body></message>\n"
        ).encode()
