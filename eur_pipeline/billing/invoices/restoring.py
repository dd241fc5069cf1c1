"""Making a lost or outdated register anew from the documents, which say all that it does.

Every document has to agree with its own hash, and its lines with it; nothing is guessed. What a
crash left unnamed counts as issued: it may have been, and then its number stands on paper.
"""

import hashlib
import io
from collections.abc import Iterable, Iterator
from contextlib import suppress

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from eur_pipeline.billing.invoices.document import Document
from eur_pipeline.billing.invoices.filing import LOCK, WAIT_SECONDS, finish, lines_table
from eur_pipeline.billing.invoices.register import (
    DOCUMENT_SUFFIX,
    LINES_SUFFIX,
    REGISTER,
    Entry,
    Lost,
    Register,
    look_at_register,
    named_documents,
    number_faults,
    read_register,
    unnamed_documents,
)
from eur_pipeline.errors import InvoiceError
from eur_pipeline.project import Project
from eur_pipeline.storage import UNFINISHED_PREFIX, LocalStore


def restore_register(project: Project, *, wait_seconds: float = WAIT_SECONDS) -> int:
    """Write the register from the documents; how many there are.

    Raises InvoiceError where nothing is wrong with the register, or something with a document.
    """
    with project.lock(LOCK, wait_seconds=wait_seconds):
        store = LocalStore(project.invoices_path)
        if _is_right(project):
            raise InvoiceError(f"nothing is wrong with {store.path(REGISTER)}; it stays as it is")
        entries = tuple(sorted(_entries(store), key=_issued))
        register = Register(store, entries, tuple(_still_lost(store, entries)))
        faults = list(number_faults(register.numbered))
        if faults:
            raise InvoiceError(
                f"the documents have no gapless numbers: {'; '.join(faults)}; restore what is "
                f"missing from a backup"
            )
        store.write(REGISTER, register.to_bytes())
        finish(register)
        return len(entries)


def _is_right(project: Project) -> bool:
    try:
        read_register(project)
    except InvoiceError:
        return False
    return True


def _issued(entry: Entry) -> tuple[object, ...]:
    return (
        entry.issued_at,
        entry.legal_entity,
        entry.issue_date.year,
        len(entry.number),
        entry.number,
    )


def _still_lost(store: LocalStore, entries: Iterable[Entry]) -> Iterator[Lost]:
    """What was accepted as lost, as far as that can be read, and was not found again."""
    found = {entry.number for entry in entries}
    with suppress(InvoiceError):
        register, _ = look_at_register(store)
        yield from (lost for lost in register.lost if lost.number not in found)


def _entries(store: LocalStore) -> Iterator[Entry]:
    keys = (*named_documents(store), *unnamed_documents(store))
    for document in sorted({key.rpartition(".")[0] for key in keys}):
        yield _entry(store, document + DOCUMENT_SUFFIX, document + LINES_SUFFIX)


def _entry(store: LocalStore, key: str, lines_key: str) -> Entry:
    try:
        data, lines = _file(store, key), _file(store, lines_key)
        document = Document.from_bytes(data)
        table = pq.read_table(io.BytesIO(lines))
    except (FileNotFoundError, ValidationError, pa.ArrowException) as error:
        raise InvoiceError(
            f"{store.path(key)} or its lines ({LINES_SUFFIX}) cannot be read: {error}; restore "
            f"both from a backup. Where the files that there are begin with {UNFINISHED_PREFIX}, a "
            f"crash left them before anything of their batch was issued: remove these"
        ) from None
    unchanged = document.content.sha256 == document.content_sha256 and document.to_bytes() == data
    if not unchanged or not table.equals(lines_table(document)):
        raise InvoiceError(
            f"{store.path(key)} was changed after it was issued, or its lines were; restore both "
            f"from a backup"
        )
    return Entry.of(document, *(hashlib.sha256(file).hexdigest() for file in (data, lines)))


def _file(store: LocalStore, key: str) -> bytes:
    data = Register(store, ()).find(key)
    if data is None:
        raise FileNotFoundError(f"{store.path(key)} is missing")
    return data
