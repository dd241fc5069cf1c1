"""Making a lost or outdated register anew from the documents, which say all that it does.

Every document has to agree with its own hash, and its lines with it; nothing is guessed.
"""

import hashlib
import io
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from eur_pipeline.billing.invoices.document import Document
from eur_pipeline.billing.invoices.filing import LOCK, WAIT_SECONDS, lines_table
from eur_pipeline.billing.invoices.register import (
    DOCUMENT_SUFFIX,
    LINES_SUFFIX,
    REGISTER,
    Entry,
    Register,
    named_documents,
    number_faults,
    read_register,
)
from eur_pipeline.errors import InvoiceError
from eur_pipeline.project import Project
from eur_pipeline.storage import LocalStore


def restore_register(project: Project, *, wait_seconds: float = WAIT_SECONDS) -> int:
    """Write the register from the documents; how many there are.

    Raises InvoiceError where nothing is wrong with the register, or something with a document.
    """
    with project.lock(LOCK, wait_seconds=wait_seconds):
        store = LocalStore(project.invoices_path)
        if _is_right(project):
            raise InvoiceError(f"nothing is wrong with {store.path(REGISTER)}; it stays as it is")
        entries = tuple(sorted(_entries(store), key=_issued))
        faults = list(number_faults(entries))
        if faults:
            raise InvoiceError(
                f"the documents have no gapless numbers: {'; '.join(faults)}; restore what is "
                f"missing from a backup"
            )
        store.write(REGISTER, Register(store, entries).to_bytes())
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


def _entries(store: LocalStore) -> Iterator[Entry]:
    for key in named_documents(store):
        if key.endswith(DOCUMENT_SUFFIX):
            yield _entry(store, key)


def _entry(store: LocalStore, key: str) -> Entry:
    lines_key = key.removesuffix(DOCUMENT_SUFFIX) + LINES_SUFFIX
    try:
        data, lines = store.read(key), store.read(lines_key)
        document = Document.from_bytes(data)
        table = pq.read_table(io.BytesIO(lines))
    except (FileNotFoundError, ValidationError, pa.ArrowException) as error:
        raise InvoiceError(
            f"{store.path(key)} or its lines ({LINES_SUFFIX}) cannot be read: {error}; restore "
            f"both from a backup"
        ) from None
    unchanged = document.content.sha256 == document.content_sha256 and document.to_bytes() == data
    if not unchanged or not table.equals(lines_table(document)):
        raise InvoiceError(
            f"{store.path(key)} was changed after it was issued, or its lines were; restore both "
            f"from a backup"
        )
    return Entry.of(document, *(hashlib.sha256(file).hexdigest() for file in (data, lines)))
