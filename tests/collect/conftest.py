"""Collecting is tested against the embedded server and against OpenSSH's."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.conftest import Remote, embedded, openssh

SERVERS: Mapping[str, Callable[[Path], AbstractContextManager[Remote]]] = {
    "embedded": embedded,
    "openssh": openssh,
}


@pytest.fixture(params=SERVERS)
def remote(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Remote]:
    """One server of each kind, with an empty remote folder."""
    with SERVERS[request.param](tmp_path) as remote:
        yield remote
