"""Archives straight to one Parquet file, without a project: what `eur parse` does.

No landing zone, no collection and no hashes of bodies here; `ingest.py` fills the lake.
"""

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from eur_pipeline.archives.choosing import best_dialect
from eur_pipeline.archives.dialect import Dialect, dialect_names, is_built_in, load_dialect
from eur_pipeline.archives.identity import archive_sha256
from eur_pipeline.archives.limits import DEFAULT_LIMITS, Limits
from eur_pipeline.archives.reader import roots_in
from eur_pipeline.archives.surroundings import Surroundings
from eur_pipeline.archives.tables import columns_of
from eur_pipeline.errors import ConfigurationError, UnreadableArchiveError
from eur_pipeline.labels import clean
from eur_pipeline.lake.intake import Intake, Tally
from eur_pipeline.lake.records import BodyPolicy, Origin
from eur_pipeline.lake.schema import MESSAGES
from eur_pipeline.lake.small_files import (
    FastDialect,
    ReadFiles,
    SmallFile,
    SmallFiles,
    small_content,
    ways_of,
)
from eur_pipeline.lake.spool import Spool, write_parquet
from eur_pipeline.storage import UNFINISHED_PREFIX, LocalStore

Opener = Callable[[Path], AbstractContextManager[BinaryIO]]


@dataclass(slots=True)
class ParsedFile:
    """What became of one file.

    Attributes:
        error: Why it could not be read; none of its records is stored then.
        records_before: How many records were there before the damage.
        reasons: What is wrong with the first rejects.
    """

    path: Path
    dialect: str | None = None
    records: int = 0
    rejects: int = 0
    error: str | None = None
    records_before: int = 0
    reasons: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class FileParser:
    """How files are read: with which dialect, and from where dialects come.

    Attributes:
        dialect: None: the one whose root element the file has.
        open_file: Opens a file for reading; a caller can look on how far it got.
        on_written: Told how many batches of records are in the output, and of how many.
        limits: What one file may ask for.
    """

    dialect: str | None = None
    project_dialects: Path | None = None
    presence_domain: str | None = None
    open_file: Opener = lambda path: path.open("rb")
    on_written: Callable[[int, int], None] = lambda _written, _of: None
    limits: Limits = DEFAULT_LIMITS

    def parse(self, paths: Sequence[Path], output: Path) -> list[ParsedFile]:
        """Write the records of all readable files, bodies included; replaces `output` as a whole.

        Nothing is written where no file could be read. Raises ConfigurationError where a dialect
        cannot be used.
        """
        folder = output.absolute().parent
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=UNFINISHED_PREFIX, dir=folder) as staging:
            with Spool(Path(staging) / "messages.arrow", MESSAGES) as spool:
                parsed = self._parse_all(paths, spool)
            if any(file.error is None for file in parsed):
                with LocalStore(folder).create(output.name) as target:
                    write_parquet(target, MESSAGES, self._told(spool))
        return parsed

    def _parse_all(self, paths: Sequence[Path], spool: Spool) -> list[ParsedFile]:
        parsed: list[ParsedFile] = []

        def take(read: ReadFiles) -> None:
            parsed.extend(self._taken(read, spool))

        with SmallFiles(take) as small:
            for path in paths:
                if file := self._small_file(path):
                    small.add(file)
                else:
                    small.finish()
                    parsed.append(self._parse_one(path, spool))
            small.finish()
        return parsed

    def _small_file(self, path: Path) -> SmallFile | None:
        content = small_content(path, self._content) if self._ways else None
        return None if content is None else SmallFile.of(path, content, self._ways)

    def _content(self, path: Path) -> bytes:
        with self.open_file(path) as source:
            return source.read()

    def _taken(self, read: ReadFiles, spool: Spool) -> Iterator[ParsedFile]:
        if read.rows is None:
            yield from (self._parse_one(file.path, spool) for file in read.files)
            return
        spool.add_batch(read.rows)
        spool.commit()
        for file, records in zip(read.files, read.counts, strict=True):
            yield ParsedFile(file.path, file.way.dialect.name, records)

    def _told(self, spool: Spool) -> Iterator[pa.RecordBatch]:
        for written, batch in enumerate(spool.batches(), 1):
            yield batch
            self.on_written(written, len(spool))

    def _parse_one(self, path: Path, spool: Spool) -> ParsedFile:
        parsed = ParsedFile(path)
        try:
            sha256 = _sha256(path)
        except OSError as error:
            parsed.error = f"cannot be opened: {error.strerror}"
            return parsed
        try:
            dialect = self._dialect_of(path)
            parsed.dialect = dialect.name
            tally = self._take(path, sha256, dialect, spool)
        except UnreadableArchiveError as error:
            parsed.error, parsed.records_before = str(error), error.records_before
        else:
            parsed.records, parsed.rejects = tally.records, tally.rejects
            parsed.reasons = tally.reasons
        return parsed

    def _take(self, path: Path, sha256: str, dialect: Dialect, spool: Spool) -> Tally:
        intake = Intake(
            dialect, BodyPolicy(), spool, presence_domain=self.presence_domain, limits=self.limits
        )
        companion = _companion(path, dialect)
        beside = None if companion is None else _sha256(companion)
        name = clean(path.name)
        known_by = archive_sha256(dialect, sha256, beside, name)
        origin = Origin(known_by, name, dialect.name)
        with ExitStack() as opened:
            source = opened.enter_context(self.open_file(path))
            index = opened.enter_context(companion.open("rb")) if companion else None
            surroundings = Surroundings(clean(str(path.absolute())), index)
            return intake.take(source, origin, surroundings=surroundings)

    def _dialect_of(self, path: Path) -> Dialect:
        if self.dialect is not None:
            return self._dialects[0]
        with path.open("rb") as source:
            for root in roots_in(source, self.limits):
                if candidates := [one for one in self._dialects if one.accepts_root(root)]:
                    source.seek(0)
                    return _chosen(source, candidates, self.limits)
        names = ", ".join(one.name for one in self._dialects)
        raise UnreadableArchiveError(
            f"expected the root element of a known dialect ({names}), found {root:.80}; "
            f"name the dialect, or write one"
        )

    @cached_property
    def _dialects(self) -> tuple[Dialect, ...]:
        """Those that a file can be of; loading them takes longer than reading a small file."""
        folder = self.project_dialects
        names = dialect_names(folder) if self.dialect is None else [self.dialect]
        names.sort(key=lambda name: is_built_in(name, folder))
        return tuple(load_dialect(name, folder) for name in names)

    @cached_property
    def _ways(self) -> tuple[FastDialect, ...]:
        """How small files can be read many at a time."""
        columns = partial(columns_of, presence_domain=self.presence_domain, limits=self.limits)
        try:
            return tuple(ways_of(self._dialects, columns))
        except ConfigurationError:  # to be told with the first file
            return ()


def _chosen(source: BinaryIO, candidates: Sequence[Dialect], limits: Limits) -> Dialect:
    """Of several dialects with that root the one that can read what stands below it."""
    if len(candidates) == 1:
        return candidates[0]
    return best_dialect(source, candidates, limits) or candidates[-1]


def _companion(path: Path, dialect: Dialect) -> Path | None:
    """The file beside the archive that belongs to it, where there is one."""
    if dialect.companion_suffix is None:
        return None
    beside = path.with_suffix(dialect.companion_suffix)
    return beside if beside.is_file() else None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
