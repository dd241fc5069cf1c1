"""A collecting process that tells every step before it takes it, and can be struck or killed there.

No step knows that it is watched: what is replaced are functions of the operating system, SQLite
and hashing, in a process of its own. Who strikes is the business of `world.py`.
"""

import hashlib
import os
import pkgutil
import resource
import sqlite3
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import eur_pipeline.collect
from eur_pipeline.collect import collector
from eur_pipeline.errors import EurError
from eur_pipeline.project import Project
from tests.faults.script import Step

# Files whose names end so are manifests; the landing zone's index begins so.
MANIFEST_SUFFIX = ".json"
_ROOM = "eur_pipeline.collect"
# So that the few archives of a test are several batches, which are under way together.
SMALL_BATCH = 2


@dataclass(frozen=True)
class Told:
    """A step that is about to be taken (or, if `done`, was): a `target` is made of `path`."""

    step: Step
    path: Path
    target: Path | None = None
    done: bool = False


@dataclass(frozen=True)
class Ended:
    """How collecting ended; `failure` is what was raised, `explained` whether it is ours."""

    collected: int = 0
    failure: str | None = None
    explained: bool = True


def run(project: Path, *, hasty: bool, file_bytes: int | None, told: Connection) -> None:
    """Collect the project's only collection; the body of the process.

    `hasty`: no wait is longer than a second. `file_bytes`: no file may become larger.
    """
    collector.BATCH_FILES = SMALL_BATCH
    if hasty:
        shorten_waits()
    if file_bytes is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    _tell_steps(_Teller(told))
    told.send(_collect(Project(project)))


def _collect(project: Project) -> Ended:
    try:
        report = collector.collect(project, project.config.collections[0])
    except EurError as error:
        return Ended(failure=f"{type(error).__name__}: {error}")
    except Exception as error:  # noqa: BLE001 - whatever it is, it is to be reported
        return Ended(failure=repr(error), explained=False)
    return Ended(len(report.collected))


def shorten_waits() -> None:
    """Let no constant of collecting called `..._SECONDS` be more than one, and pauses be short."""
    for module in pkgutil.iter_modules(eur_pipeline.collect.__path__, f"{_ROOM}."):
        constants = vars(import_module(module.name))
        for name, value in list(constants.items()):
            if name.endswith("_SECONDS"):
                constants[name] = min(value, 0.05 if "PAUSE" in name else 1)


class _Teller:
    """Tells what happens, and raises what the answer says, one step at a time."""

    def __init__(self, told: Connection) -> None:
        self._told = told
        self._lock = threading.Lock()

    def tell(
        self, step: Step, path: Path, target: Path | None = None, *, done: bool = False
    ) -> None:
        """Wait until the step may be taken; raises the OSError it is to fail with."""
        with self._lock:
            self._told.send(Told(step, path, target, done))
            number: int | None = self._told.recv()
        if number is not None:
            raise OSError(number, os.strerror(number))

    def around(self, step: Step, path: Path, target: Path | None, take: Callable[[], Any]) -> Any:
        """Take the step between telling that it will be and that it was taken."""
        self.tell(step, path, target)
        result = take()
        self.tell(step, path, target, done=True)
        return result


def _tell_steps(teller: _Teller) -> None:
    fsync, replace, sha256 = os.fsync, os.replace, hashlib.sha256

    def told_fsync(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        teller.around(_of(path, Step.SYNC), path, None, lambda: fsync(descriptor))

    def told_replace(path: Path, target: Path) -> None:
        step = _of(target, Step.RENAME)
        teller.around(step, Path(path), Path(target), lambda: replace(path, target))

    def told_sha256(*arguments: Any, **options: Any) -> Any:
        inner = sha256(*arguments, **options)
        caller = sys._getframe(1).f_globals["__name__"]
        return _ToldHash(inner, teller) if caller.startswith(_ROOM) else inner

    os.fsync, os.replace, hashlib.sha256 = told_fsync, told_replace, told_sha256  # type: ignore[assignment]
    _tell_commits(teller)


def _of(path: Path, otherwise: Step) -> Step:
    return Step.MANIFEST if path.name.endswith(MANIFEST_SUFFIX) else otherwise


class _ToldHash:
    """A hash that tells before it is given out."""

    def __init__(self, inner: Any, teller: _Teller) -> None:
        self._inner = inner
        self._teller = teller

    def __getattr__(self, name: str) -> Any:
        if name in ("digest", "hexdigest"):
            self._teller.tell(Step.HASH, Path())
        return getattr(self._inner, name)


def _tell_commits(teller: _Teller) -> None:
    connect = sqlite3.connect

    class ToldConnection(sqlite3.Connection):
        """A database that tells before it commits."""

        def __init__(self, database: Any, *arguments: Any, **options: Any) -> None:
            super().__init__(database, *arguments, **options)
            self._path = Path(database)

        def __exit__(self, kind: Any, error: Any, trace: Any) -> Any:
            if kind is None:
                self._tell()
            return super().__exit__(kind, error, trace)

        def commit(self) -> None:
            self._tell()
            super().commit()

        def _tell(self) -> None:
            try:
                teller.tell(Step.INDEX, self._path)
            except OSError as error:
                # What SQLite makes of it.
                raise sqlite3.OperationalError("database or disk is full") from error

    def told_connect(*arguments: Any, **options: Any) -> sqlite3.Connection:
        return connect(*arguments, factory=ToldConnection, **options)

    sqlite3.connect = told_connect  # type: ignore[assignment]
