"""A disk with room for so many steps and no more; what is replaced are the system's functions."""

import errno
import io
import itertools
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import Buffer


@contextmanager
def full_disk(folder: Path, room: int) -> Iterator[None]:
    """After `room` steps nothing more can be written below the folder: ENOSPC."""
    disk = _Disk(folder, room)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "open", _opening(disk, os.open))
        patch.setattr(os, "fdopen", _opening_descriptors(disk, os.fdopen))
        patch.setattr(os, "fsync", _stepping(disk, _place, os.fsync))
        patch.setattr(os, "replace", _stepping(disk, lambda _, target: Path(target), os.replace))
        yield


class _Disk:
    def __init__(self, folder: Path, room: int) -> None:
        self.folder, self._room = folder, room
        self._lock, self._steps = threading.Lock(), itertools.count(1)

    def step(self, place: Path) -> None:
        with self._lock:
            if place.is_relative_to(self.folder) and next(self._steps) > self._room:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(place))


class _File(io.BufferedRandom):
    """A file on that disk."""

    def __init__(self, disk: _Disk, descriptor: int) -> None:
        super().__init__(io.FileIO(descriptor, "r+b"))
        self._disk = disk

    def write(self, content: Buffer, /) -> int:
        self._disk.step(_place(self.fileno()))
        return super().write(content)


def _opening(disk: _Disk, take: Callable[..., int]) -> Callable[..., int]:
    def opened(path: Any, flags: int, *arguments: Any, **options: Any) -> int:
        if flags & os.O_CREAT:
            disk.step(Path(path))
        return take(path, flags, *arguments, **options)

    return opened


def _opening_descriptors(disk: _Disk, take: Callable[..., Any]) -> Callable[..., Any]:
    def opened(descriptor: int, *arguments: Any, **options: Any) -> Any:
        if _place(descriptor).is_relative_to(disk.folder):
            return _File(disk, descriptor)
        return take(descriptor, *arguments, **options)

    return opened


def _stepping(
    disk: _Disk, place: Callable[..., Path], take: Callable[..., Any]
) -> Callable[..., Any]:
    def stepped(*arguments: Any) -> Any:
        disk.step(place(*arguments))
        return take(*arguments)

    return stepped


def _place(descriptor: int) -> Path:
    return Path(f"/proc/self/fd/{descriptor}").readlink()
