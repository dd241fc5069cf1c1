"""The short form of `make fuzz`, and whether it would notice."""

import os
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz import __main__ as program
from tests.fuzz.mutations import mutated
from tests.fuzz.reading import read_every_way, seeds
from tests.fuzz.watching import ForbiddenError, traps, watched


@pytest.fixture
def trapped(tmp_path: Path) -> Iterator[tuple[Path, Sequence[str]]]:
    """A folder to work in, and addresses that nobody may open."""
    with traps(tmp_path) as addresses:
        yield tmp_path, addresses


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(number=st.integers(0), random=st.randoms(use_true_random=False))
def test_whatever_happens_to_an_archive_it_is_read_or_refused(
    trapped: tuple[Path, Sequence[str]], number: int, random: Random
) -> None:
    folder, addresses = trapped
    case = seeds()[number % len(seeds())]
    others = [other.content for other in seeds()]
    read_every_way(case, mutated(random, case.content, others, addresses), folder)
    if case.companion is not None:
        companion = mutated(random, case.companion, others, addresses)
        read_every_way(case, case.content, folder, companion)


def test_a_run_of_some_seconds_ends_well(tmp_path: Path) -> None:
    assert program.fuzz(seconds=1, seed=1, folder=tmp_path) > 0


def test_opening_a_file_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"")
    with pytest.raises(ForbiddenError, match="open"), watched():
        file.read_bytes()
    assert file.read_bytes() == b""


def test_connecting_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(ForbiddenError, match="socket"), watched():
        socket.create_connection(("127.0.0.1", 9))
    with pytest.raises(ForbiddenError, match="led to a connection"):
        _connect(tmp_path)


def _connect(folder: Path) -> None:
    with traps(folder) as (_, url):
        host, _, port = url.removeprefix("http://").strip("/").partition(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.recv(1)


def test_starting_a_process_is_noticed() -> None:
    with pytest.raises(ForbiddenError), watched():
        os.system("true")  # noqa: S605, S607
