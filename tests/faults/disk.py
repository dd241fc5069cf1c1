"""A disk that is soon full: a tmpfs of a few kilobytes, where the tests may mount one."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MOUNT = Path("/bin/mount")


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


def fill(folder: Path) -> None:
    """Use up what is left of the disk."""
    with (folder / "filler").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return


def make_room(folder: Path) -> None:
    """Take back what `fill` used."""
    (folder / "filler").unlink()
