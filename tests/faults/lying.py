"""An SFTP server that lies on command: the embedded server, with a script of what goes wrong.

Clients cannot tell it from an ordinary one: it breaks no rule of the protocol, it only says what is
not so, refuses, hangs, or changes its files at the worst moment.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import asyncssh

from eur_pipeline.simulator.sftp_server import JailedFiles
from tests.faults.script import Answer, Event, Script, Step, Strike


class LyingFiles(JailedFiles):
    """Answers one session's requests as the script says."""

    def __init__(
        self, channel: "asyncssh.SSHServerChannel[bytes]", root: bytes, script: Script
    ) -> None:
        super().__init__(channel, root)
        self._script = script

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        """List; every name is an answer of its own, which may become several."""
        event = Event(Step.LIST, self._local(path))
        strikes = await self._prepare(event)
        async for name in super().scandir(path):
            answer: Any = name
            for strike in strikes:
                answer = strike.answer(event, answer)
            for each in answer if isinstance(answer, tuple) else (answer,):
                yield each

    async def stat(self, path: bytes) -> Any:
        """Look, following links."""
        return await self._look(
            Step.STAT, self._local(path), lambda: super(LyingFiles, self).stat(path)
        )

    async def lstat(self, path: bytes) -> Any:
        """Look."""
        return await self._look(
            Step.STAT, self._local(path), lambda: super(LyingFiles, self).lstat(path)
        )

    async def fstat(self, file_obj: object) -> Any:
        """Look at an open file."""
        return await self._look(
            Step.VERIFY, _path(file_obj), lambda: super(LyingFiles, self).fstat(file_obj)
        )

    async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> Any:
        """Open a file."""
        event = Event(Step.OPEN, self._local(path))
        return await self._done(event, lambda: super(LyingFiles, self).open(path, pflags, attrs))

    async def read(self, file_obj: object, offset: int, size: int) -> Any:
        """Read from an open file."""
        event = Event(Step.READ, _path(file_obj), offset, size)
        return await self._done(event, lambda: super(LyingFiles, self).read(file_obj, offset, size))

    async def remove(self, path: bytes) -> Any:
        """Remove a file."""
        event = Event(Step.REMOVE, self._local(path))
        return await self._done(event, lambda: super(LyingFiles, self).remove(path))

    async def _look(self, step: Step, path: Path, carry_out: Callable[[], Any]) -> Any:
        if path.is_dir():
            return carry_out()
        return await self._done(
            Event(step, path), lambda: asyncssh.SFTPAttrs.from_local(carry_out())
        )

    async def _done(self, event: Event, carry_out: Callable[[], Any]) -> Any:
        strikes = await self._prepare(event)
        answer = carry_out()
        for strike in strikes:
            answer = strike.answer(event, answer)
        return answer

    async def _prepare(self, event: Event) -> list[Strike]:
        strikes = self._script.due(event)
        for strike in strikes:
            doing = strike.before(event)
            if doing is not None:
                await doing
        return strikes

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


def refuse(event: Event) -> None:
    """Say that it is not permitted."""
    raise asyncssh.SFTPPermissionDenied("Permission denied")


def fail(event: Event) -> None:
    """Say that it went wrong."""
    raise asyncssh.SFTPFailure("Failure")


def deny(event: Event) -> None:
    """Say that there is no such file."""
    raise asyncssh.SFTPNoSuchFile("No such file")


def lose_the_handle(event: Event) -> None:
    """Say that the file is not open."""
    raise asyncssh.SFTPInvalidHandle("Invalid file handle")


async def hang(event: Event) -> None:
    """Do not answer for longer than anybody waits, on a connection that is well otherwise."""
    await asyncio.sleep(3600)


def fail_afterwards(event: Event, answer: Any) -> Any:
    """Do it, and say that it went wrong."""
    raise asyncssh.SFTPFailure("Failure")


def read_little(event: Event, answer: bytes) -> bytes:
    """Give less than was asked for, which the protocol allows."""
    return answer[: max(1, len(answer) // 3)]


def end_early(event: Event, answer: bytes) -> bytes:
    """Say that the file ends here."""
    return b""


def sized(difference: int) -> Answer:
    """Say a size that is wrong by that many bytes."""

    def answer(event: Event, answer: Any) -> Any:
        attributes = _attributes(answer)
        attributes.size = max(0, (attributes.size or 0) + difference)
        return answer

    return answer


def empty(event: Event, answer: Any) -> Any:
    """Say that there is nothing in it."""
    _attributes(answer).size = 0
    return answer


def without_size(event: Event, answer: Any) -> Any:
    """Say no size."""
    _attributes(answer).size = None
    return answer


def twice(event: Event, answer: asyncssh.SFTPName) -> Any:
    """Name everything twice."""
    return answer, answer


def without_times(event: Event, answer: Any) -> Any:
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

    def answer(event: Event, answer: Any) -> Any:
        if next(names, None) is None:
            raise asyncssh.SFTPFailure("Failure")
        return answer

    return answer
