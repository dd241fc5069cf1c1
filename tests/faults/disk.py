"""A disk that is soon full: a tmpfs of a few kilobytes, where the tests may mount one."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MOUNT = Path("/bin/mount")
_PAGE_BYTES = 4096


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[None]:
    """Let `folder` lie on a disk of that many bytes; the test is skipped without the right to."""
    folder.mkdir(parents=True, exist_ok=True)
    options = f"size={size},mode=0700"
    mounted = subprocess.run(
        [MOUNT, "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk needs root")
    try:
        yield
    finally:
        subprocess.run([MOUNT.with_name("umount"), "--lazy", folder], check=True)


def fill(folder: Path, *, leaving: int = 0) -> None:
    """Use up what is left of the disk, but for so many bytes."""
    with (folder / "filler").open("wb", buffering=0) as file:
        while shutil.disk_usage(folder).free > leaving:
            file.write(bytes(_PAGE_BYTES))


def make_room(folder: Path) -> None:
    """Take back what `fill` used."""
    (folder / "filler").unlink()
