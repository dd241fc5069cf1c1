"""One demo for all tests that look at its outcome, run by the installed command."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from .command import eur
from .demo import DemoFiles

# Two working days around the end of a month: office hours of both sites, somebody who changes
# department, and the first hours of the month after.
DEMO = ("--hours", "48", "--users", "40", "--seed", "7", "--end", "2025-10-01T13:00Z")


@dataclass(frozen=True)
class Demo:
    """The demo's files, and what the command printed."""

    files: DemoFiles
    output: str


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """A demo after its only run; not to be changed, except by running it again."""
    path = tmp_path_factory.mktemp("demo") / "project"
    done = eur("demo", "--dir", path, *DEMO)
    assert done.returncode == 0, done.stderr
    return Demo(DemoFiles(path), done.stdout)


@pytest.fixture
def files(demo: Demo) -> DemoFiles:
    """The demo's files."""
    return demo.files


def repeat(demo: Demo, *options: str) -> str:
    """Run the same demo again; what it prints."""
    path: Path = demo.files.path
    done = eur("demo", "--dir", path, *DEMO, *options)
    assert done.returncode == 0, done.stderr
    return done.stdout
