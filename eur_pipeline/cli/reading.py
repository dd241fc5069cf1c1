"""How far files are read, and their records written, as bars on a terminal.

What is read out of the files is not looked at here.
"""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from eur_pipeline.cli.console import printable

_LONGEST_NAME = 40


class ReadingProgress:
    """One bar for all files together, however many, and one for the output."""

    def __init__(self, bars: Progress, paths: Sequence[Path]) -> None:
        self._bars = bars
        self._files = len(paths)
        self._opened = 0
        self._bytes_before = 0
        self._reading = bars.add_task("reading", total=sum(map(_size, paths)), of="")
        self._writing: TaskID | None = None

    @contextmanager
    def open_file(self, path: Path) -> Iterator[BinaryIO]:
        """The file, to be read while the bar moves on."""
        self._opened += 1
        name = printable(path.name)
        name = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"
        self._bars.update(self._reading, of=f"{self._opened:,}/{self._files:,} files, {name}")
        with path.open("rb") as file:
            yield cast(BinaryIO, _Watched(file, self))
        self._bytes_before += _size(path)
        self.read_so_far(0)

    def read_so_far(self, size: int) -> None:
        """So many bytes of the open file are read."""
        self._bars.update(self._reading, completed=self._bytes_before + size)

    def written(self, batches: int, of: int) -> None:
        """So many batches of records are in the output, of how many."""
        if self._writing is None:
            self._writing = self._bars.add_task("writing", of="")
        self._bars.update(self._writing, completed=batches, total=of)


class _Watched(io.BufferedIOBase):
    """A file that tells how far it was read; reading some of it again tells nothing.

    Nor does what is read of its end before the rest: a zip's directory.
    """

    def __init__(self, file: BinaryIO, shown: ReadingProgress) -> None:
        super().__init__()
        self._file = file
        self._shown = shown
        self._furthest = 0
        self._end_begins = file.seek(0, io.SEEK_END)
        file.seek(0)

    def read(self, size: int | None = -1, /) -> bytes:
        """The next bytes."""
        begin = self._file.tell()
        content = self._file.read(-1 if size is None else size)
        end = begin + len(content)
        if begin > self._furthest and end >= self._end_begins:
            self._end_begins = min(begin, self._end_begins)
        elif end > self._furthest:
            self._furthest = end
            self._shown.read_so_far(end)
        return content

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to another place."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Where it is."""
        return self._file.tell()


@contextmanager
def reading_progress(console: Console, paths: Sequence[Path]) -> Iterator[ReadingProgress]:
    """Bars for those files while the block runs; none where the console is no terminal."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[of]}", markup=False),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bars:
        yield ReadingProgress(bars, paths)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
