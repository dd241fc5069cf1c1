"""What a simulation has done so far, in three files that survive a crash at any point.

`simulation.json` holds its arguments and the spans of time it covers, `truth.jsonl` every message,
`uploads.jsonl` every archive. The order in which they are written is decided in `simulation.py`.
"""

import datetime as dt
import json
import os
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from eur_pipeline.errors import PermanentError
from eur_pipeline.simulator.archive import Archive
from eur_pipeline.simulator.chat import Message
from eur_pipeline.storage import LocalStore

TRUTH_FILE = "truth.jsonl"
UPLOADS_FILE = "uploads.jsonl"
ARGUMENTS_FILE = "simulation.json"

# JSON leaves these as they are, but many programs take them for the end of a line.
_LINE_ENDS = str.maketrans({"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"})


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


_Model = TypeVar("_Model", bound=BaseModel)


class Span(_Section):
    """A stretch of time whose archives one collection gets, an upload every so many hours."""

    site: str
    collection: str
    start: dt.datetime
    end: dt.datetime
    every_hours: int
    complete: bool = False


class Arguments(_Section):
    """What `simulation.json` says."""

    seed: int
    users: int
    spans: tuple[Span, ...] = ()


class UploadedArchive(_Section):
    """A line of `uploads.jsonl`."""

    archive_name: str
    collection: str
    remote_path: str
    bytes: int
    sha256: str
    uploaded_at: dt.datetime
    messages: int
    truth_bytes: int
    """The length of `truth.jsonl` once it has this archive's messages."""


class Ledger:
    """The three files of one folder, opened by one process at a time."""

    def __init__(self, folder: Path, arguments: Arguments) -> None:
        self._store = LocalStore(folder)
        self.arguments = arguments
        self.uploads: list[UploadedArchive] = []
        self._known: set[tuple[str, str]] = set()

    @classmethod
    def open(cls, folder: Path, *, seed: int, users: int) -> Self:
        """The ledger in the folder, mended after a crash, or a new one.

        Raises PermanentError when it was begun with other arguments or somebody changed it.
        """
        ledger = cls(folder, _load_arguments(folder / ARGUMENTS_FILE, seed=seed, users=users))
        ledger._load_uploads()
        ledger._drop_truth_of_unrecorded_archives()
        return ledger

    def add(self, spans: Iterable[Span]) -> None:
        """Remember what has to be covered, durably, before the first archive of it is made."""
        self._replace_spans((*self.arguments.spans, *spans))

    def complete(self, spans: Collection[Span]) -> None:
        """Remember that all archives of these spans were uploaded."""
        done = {"complete": True}
        self._replace_spans(
            tuple(s.model_copy(update=done) if s in spans else s for s in self.arguments.spans)
        )

    def has(self, collection: str, archive_name: str) -> bool:
        """Whether the archive is recorded; then it was uploaded, or lacks nothing but its name."""
        return (collection, archive_name) in self._known

    def last_archive_of(self, collection: str) -> str | None:
        """The name of the archive of the collection that was recorded last."""
        names = (u.archive_name for u in reversed(self.uploads) if u.collection == collection)
        return next(names, None)

    def write_truth(self, collection: str, archive: Archive) -> int:
        """Append an archive's messages to `truth.jsonl`, durably; returns the file's length."""
        lines = (truth_line(message, collection, archive.name) for message in archive.messages)
        return self._append(TRUTH_FILE, "".join(lines))

    def record(self, upload: UploadedArchive) -> None:
        """Append a line to `uploads.jsonl`, durably."""
        self._append(UPLOADS_FILE, _line(upload.model_dump(mode="json")))
        self._remember(upload)

    def _remember(self, upload: UploadedArchive) -> None:
        self.uploads.append(upload)
        self._known.add((upload.collection, upload.archive_name))

    def _replace_spans(self, spans: tuple[Span, ...]) -> None:
        self.arguments = self.arguments.model_copy(update={"spans": spans})
        self._save_arguments()

    def _save_arguments(self) -> None:
        text = self.arguments.model_dump_json(indent=2) + "\n"
        self._store.write(ARGUMENTS_FILE, text.encode())

    def _append(self, name: str, text: str) -> int:
        with self._store.path(name).open("ab") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
            return file.tell()

    def _load_uploads(self) -> None:
        """Read `uploads.jsonl`; a last line that a crash has torn is cut off."""
        path = self._store.path(UPLOADS_FILE)
        content = path.read_bytes() if path.exists() else b""
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            os.truncate(path, whole)
        for line in content[:whole].splitlines():
            self._remember(_validated(UploadedArchive, line, path))

    def _drop_truth_of_unrecorded_archives(self) -> None:
        """Cut `truth.jsonl` back: what stands beyond the last recorded archive is made again."""
        path = self._store.path(TRUTH_FILE)
        recorded = self.uploads[-1].truth_bytes if self.uploads else 0
        found = path.stat().st_size if path.exists() else 0
        if found < recorded:
            raise PermanentError(
                f"{path}: {found} bytes, but {UPLOADS_FILE} says that {recorded} were written; "
                f"restore the file, or simulate in an empty folder"
            )
        if found > recorded:
            os.truncate(path, recorded)


def truth_line(message: Message, collection: str, archive_name: str) -> str:
    """The message as a line of JSON, with keys and values as in the lake."""
    return _line(
        {
            "native_id": None,
            "sent_at": message.sent_at.strftime("%Y-%m-%dT%H:%M:%S.")
            + f"{message.sent_at.microsecond // 1000:03}Z",
            "sender": message.sender,
            "recipients": message.recipients,
            "conversation_id": message.conversation_id,
            "kind": message.kind,
            "body": message.body,
            "file_name": message.file_name,
            "file_bytes": message.file_bytes,
            "collection": collection,
            "archive_name": archive_name,
        }
    )


def _line(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False).translate(_LINE_ENDS) + "\n"


def _load_arguments(path: Path, *, seed: int, users: int) -> Arguments:
    if not path.exists():
        _require_no_strangers(path.parent)
        return Arguments(seed=seed, users=users)
    found = _validated(Arguments, path.read_bytes(), path)
    if (found.seed, found.users) != (seed, users):
        raise PermanentError(
            f"{path.parent} holds a simulation with seed {found.seed} and {found.users} users, "
            f"not with seed {seed} and {users} users; use those, or another folder"
        )
    return found


def _require_no_strangers(folder: Path) -> None:
    for name in (TRUTH_FILE, UPLOADS_FILE):
        if (folder / name).exists():
            raise PermanentError(
                f"{folder / name} exists, but {ARGUMENTS_FILE}, which would say how it was made, "
                f"does not; simulate in another folder"
            )


def _validated(model: type[_Model], text: bytes, path: Path) -> _Model:
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        raise PermanentError(
            f"{path}: not as this software writes it ({error.error_count()} faults); "
            f"restore the file, or simulate in an empty folder"
        ) from None
