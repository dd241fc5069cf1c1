"""An SFTP server that lies on command: the embedded server, with a script of what goes wrong.

Clients cannot tell it from an ordinary one: it breaks no rule of the protocol, it only says what is
not so, refuses, hangs, or changes its files at the worst moment.
"""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import asyncssh

from eur_pipeline.simulator.sftp_server import JailedFiles
from tests.faults.steps import Step


@dataclass(frozen=True)
class Request:
    """One request of a client: the step, the file or folder on this machine, what is read."""

    step: Step
    path: Path
    offset: int = 0
    size: int = 0


Before = Callable[[Request], Awaitable[None] | None]
Answer = Callable[[Request, Any], Any]


def _nothing(request: Request) -> None:
    """Do nothing."""


def _truth(request: Request, answer: Any) -> Any:
    """Say what is so."""
    return answer


@dataclass(frozen=True)
class Lie:
    """What goes wrong at a step: `before` it is carried out, and what is answered after it.

    Both may raise what the client shall be told. An answer is bytes when reading, attributes when
    looking, a name when listing (one by one), else None. `name` limits the lie to that file; it is
    told from the `nth` such request on, `times` times (None: always).
    """

    step: Step
    before: Before = _nothing
    answer: Answer = _truth
    name: str | None = None
    nth: int = 1
    times: int | None = 1

    def is_about(self, request: Request) -> bool:
        """Whether it concerns that request, if its time has come."""
        return request.step is self.step and self.name in (None, request.path.name)


@dataclass
class Script:
    """What the server does wrong; `requests` and `told` are what it was asked, and lied about."""

    lies: list[Lie] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    told: list[Lie] = field(default_factory=list)
    _seen: dict[int, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def set(self, *lies: Lie) -> None:
        """Lie like this from now on, and count anew."""
        with self._lock:
            self.lies = list(lies)
            self.requests, self.told, self._seen = [], [], {}

    def due(self, request: Request) -> list[Lie]:
        """The lies for this request, each counted as told."""
        with self._lock:
            self.requests.append(request)
            due = [lie for lie in self.lies if lie.is_about(request) and self._is_due(lie)]
            self.told.extend(due)
        return due

    def _is_due(self, lie: Lie) -> bool:
        count = self._seen[id(lie)] = self._seen.get(id(lie), 0) + 1
        return count >= lie.nth and (lie.times is None or count < lie.nth + lie.times)


class LyingFiles(JailedFiles):
    """Answers one session's requests as the script says."""

    def __init__(
        self, channel: "asyncssh.SSHServerChannel[bytes]", root: bytes, script: Script
    ) -> None:
        super().__init__(channel, root)
        self._script = script
        self._opened: set[Path] = set()

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        """List; every name is an answer of its own."""
        request = Request(Step.LIST, self._local(path))
        lies = await self._prepare(request)
        async for name in super().scandir(path):
            for lie in lies:
                name = lie.answer(request, name)
            yield name

    async def stat(self, path: bytes) -> Any:
        """Look, following links."""
        return await self._look(self._local(path), lambda: super(LyingFiles, self).stat(path))

    async def lstat(self, path: bytes) -> Any:
        """Look."""
        return await self._look(self._local(path), lambda: super(LyingFiles, self).lstat(path))

    async def fstat(self, file_obj: object) -> Any:
        """Look at an open file."""
        return await self._look(_path(file_obj), lambda: super(LyingFiles, self).fstat(file_obj))

    async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> Any:
        """Open a file."""
        request = Request(Step.OPEN, self._local(path))
        answer = await self._told(
            request, lambda: super(LyingFiles, self).open(path, pflags, attrs)
        )
        self._opened.add(request.path)
        return answer

    async def read(self, file_obj: object, offset: int, size: int) -> Any:
        """Read from an open file."""
        request = Request(Step.READ, _path(file_obj), offset, size)
        return await self._told(
            request, lambda: super(LyingFiles, self).read(file_obj, offset, size)
        )

    async def remove(self, path: bytes) -> Any:
        """Remove a file."""
        request = Request(Step.REMOVE, self._local(path))
        return await self._told(request, lambda: super(LyingFiles, self).remove(path))

    async def _look(self, path: Path, carry_out: Callable[[], Any]) -> Any:
        if path.is_dir():
            return carry_out()
        step = Step.VERIFY if path in self._opened else Step.STAT
        return await self._told(
            Request(step, path), lambda: asyncssh.SFTPAttrs.from_local(carry_out())
        )

    async def _told(self, request: Request, carry_out: Callable[[], Any]) -> Any:
        lies = await self._prepare(request)
        answer = carry_out()
        for lie in lies:
            answer = lie.answer(request, answer)
        return answer

    async def _prepare(self, request: Request) -> list[Lie]:
        lies = self._script.due(request)
        for lie in lies:
            doing = lie.before(request)
            if doing is not None:
                await doing
        return lies

    def _local(self, path: bytes) -> Path:
        return Path(os.fsdecode(self.map_path(path)))


def _path(file_obj: object) -> Path:
    return Path(os.fsdecode(cast(Any, file_obj).name))


@contextmanager
def two_names_at_a_time() -> Iterator[None]:
    """Let asyncssh's servers answer a listing in many small parts, as of a huge folder."""
    usual = asyncssh.sftp._MAX_READDIR_NAMES
    asyncssh.sftp._MAX_READDIR_NAMES = 2
    try:
        yield
    finally:
        asyncssh.sftp._MAX_READDIR_NAMES = usual


def refuse(request: Request) -> None:
    """Say that it is not permitted."""
    raise asyncssh.SFTPPermissionDenied("Permission denied")


def fail(request: Request) -> None:
    """Say that it went wrong."""
    raise asyncssh.SFTPFailure("Failure")


def deny(request: Request) -> None:
    """Say that there is no such file."""
    raise asyncssh.SFTPNoSuchFile("No such file")


def lose_the_handle(request: Request) -> None:
    """Say that the file is not open."""
    raise asyncssh.SFTPInvalidHandle("Invalid file handle")


async def hang(request: Request) -> None:
    """Never answer, on a connection that is well otherwise."""
    await asyncio.Event().wait()


def fail_afterwards(request: Request, answer: Any) -> Any:
    """Do it, and say that it went wrong."""
    raise asyncssh.SFTPFailure("Failure")


def read_little(request: Request, answer: bytes) -> bytes:
    """Give less than was asked for, which the protocol allows."""
    return answer[: max(1, len(answer) // 3)]


def end_early(request: Request, answer: bytes) -> bytes:
    """Say that the file ends here."""
    return b""


def sized(difference: int) -> Answer:
    """Say a size that is wrong by that many bytes."""

    def answer(request: Request, answer: Any) -> Any:
        attributes = _attributes(answer)
        attributes.size = max(0, (attributes.size or 0) + difference)
        return answer

    return answer


def without_times(request: Request, answer: Any) -> Any:
    """Say no mtime."""
    attributes = _attributes(answer)
    attributes.atime = attributes.mtime = None
    return answer


def _attributes(answer: Any) -> asyncssh.SFTPAttrs:
    attributes: asyncssh.SFTPAttrs = getattr(answer, "attrs", answer)
    return attributes


def after_names(count: int) -> Answer:
    """Fail once that many names of a listing are out."""
    names = iter(range(count))

    def answer(request: Request, answer: Any) -> Any:
        if next(names, None) is None:
            raise asyncssh.SFTPFailure("Failure")
        return answer

    return answer
