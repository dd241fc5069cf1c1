"""What memory it takes to collect and read what is large: 2 GB at once, 10,000 documents in a zip.

How long it takes beside others is measured in the other modules.
"""

import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from eur_pipeline.project import Project
from tests.bench.archives import write_archive
from tests.conftest import UPLOADED, Remote, embedded, project_at

HUGE_BYTES = 2_000_000_000
ZIPPED_FILES, ZIPPED_BYTES = 10_000, 5_000
MOST_MEGABYTES = 256

_EUR = "from eur_pipeline.cli import app; app(sys.argv[1:], standalone_mode=False)"
_READ_ONE_HOUR = (
    "from pathlib import Path; from eur_pipeline.project import Project; "
    "from eur_pipeline.lake.ingest import ingest_hour; import datetime; "
    "project = Project(Path(sys.argv[1])); "
    "hour = datetime.datetime.fromisoformat(sys.argv[2]); "
    "report = ingest_hour(project, project.config.collections[0], hour); "
    "assert report.records and not report.rejects and not report.unreadable, report"
)


@dataclass(frozen=True)
class Peak:
    """What a process took from its beginning to its end.

    Attributes:
        what: What it did.
    """

    what: str
    seconds: float
    megabytes: int


def peaks(folder: Path) -> Iterator[Peak]:
    """A huge archive and a zip of many: collected, read by themselves, and into the lake."""
    with embedded(folder) as remote:
        project = project_at(folder / "project", remote)
        for what, path in _uploads(remote):
            yield peak(f"eur collect: {what}", _EUR, "collect", "--dir", project.path)
            landed = _landed(project, path.name)
            yield peak(f"eur parse: {what}", _EUR, "parse", landed, "-o", folder / "out.parquet")
            hour = UPLOADED.replace(minute=0).isoformat()
            yield peak(f"into the lake: {what}", _READ_ONE_HOUR, project.path, hour)
            _forget(project)


def peak(what: str, program: str, *arguments: object) -> Peak:
    """Run the program in a process of its own."""
    # Not getrusage: what it says of a new process is at least what its parent took.
    said = "print(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; {program}; {said}", *map(str, arguments)],
        capture_output=True,
        check=True,
        text=True,
    )
    seconds = time.perf_counter() - begun
    return Peak(what, seconds, int(done.stdout.split()[-2]) // 1024)


def peak_of_parsing(path: Path, target: Path) -> Peak:
    """Of `eur parse` with one archive."""
    return peak("eur parse", _EUR, "parse", path, "-o", target)


def _uploads(remote: Remote) -> Iterator[tuple[str, Path]]:
    """Each lies on the server until it is collected."""
    with _finished(remote.folder / "huge.xml") as path:
        write_archive(path, HUGE_BYTES)
    yield f"{HUGE_BYTES:,} bytes", path
    with _finished(remote.folder / "many.zip") as path, zipfile.ZipFile(path, "w") as archive:
        document = remote.folder.parent / "document.xml"
        for number in range(ZIPPED_FILES):
            content = write_archive(document, ZIPPED_BYTES, seed=number).read_bytes()
            archive.writestr(f"{number:05}.xml", content, zipfile.ZIP_DEFLATED)
    yield f"a zip of {ZIPPED_FILES:,} documents", path


@contextmanager
def _finished(path: Path) -> Iterator[Path]:
    """A file that is uploaded in the block."""
    yield path
    os.utime(path, (UPLOADED.timestamp(), UPLOADED.timestamp()))


def _landed(project: Project, name: str) -> Path:
    (landed,) = (project.path / "data" / "landing").rglob(f"*-{name}")
    return landed


def _forget(project: Project) -> None:
    """So that the next upload is read alone."""
    shutil.rmtree(project.path / "data")
