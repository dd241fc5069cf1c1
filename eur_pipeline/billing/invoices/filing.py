"""Filing documents: a batch is issued wholly or not at all, also when the process is killed.

First all files of the batch are durable under unfinished names; the new register in the old one's
place is the moment of issue; then the files get their names. Whoever files next finishes or
removes what a crash left. Numbers are given here, so that none is given twice.
"""

import datetime as dt
import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from eur_pipeline.billing.invoices.document import NUMBERS, Content, Document, Forced, Line
from eur_pipeline.billing.invoices.register import (
    DOCUMENT_SUFFIX,
    LINES_SUFFIX,
    REGISTER,
    Entry,
    Register,
    last_places,
    number_of,
    read_register,
    unnamed_documents,
)
from eur_pipeline.billing.invoices.stamps import IssueStamp
from eur_pipeline.errors import InvoiceError
from eur_pipeline.project import Project
from eur_pipeline.storage import UNFINISHED_PREFIX, LocalStore

LOCK = "invoices"
# Two clerks at once: a batch takes seconds, the build before it perhaps a minute.
WAIT_SECONDS = 120.0

_text = pa.string()
LINES = pa.schema(
    {
        **dict.fromkeys(("number", "kind"), _text),
        "invoice_month": pa.date32(),
        "local_month": pa.date32(),
        "is_adjustment": pa.bool_(),
        **dict.fromkeys(("legal_entity", "currency", "cost_centre"), _text),
        **dict.fromkeys(("person_id", "name", "department", "site"), _text),
        **dict.fromkeys(("plan", "usage_type"), _text),
        "tax_percent": pa.decimal128(6, 2),
        "uses": pa.int64(),
        "quantity": pa.decimal128(38, 6),
        "free_quantity": pa.decimal128(38, 6),
        "cost": pa.decimal128(38, 12),
        "unrounded_charge": pa.decimal128(38, 12),
        "charge": pa.decimal128(18, 3),
    }
)
_OF_LINE = ("local_month", "is_adjustment", "person_id", "name", "department", "site", "plan")


@dataclass(frozen=True)
class Ready:
    """What is to become a document, once it has a number."""

    content: Content
    reason: str | None = None
    forced: Forced | None = None


@contextmanager
def filing(project: Project, *, wait_seconds: float = WAIT_SECONDS) -> Iterator[Register]:
    """Alone at the register, which a crash before may have left to be finished.

    Raises BusyError where another process files for longer, InvoiceError where the files do not
    agree.
    """
    with project.lock(LOCK, wait_seconds=wait_seconds):
        register = read_register(project)
        finish(register)
        yield register


def finish(register: Register) -> None:
    """Name the files of a batch that was issued, remove those of one that was not."""
    store = register.store
    listed = {key for entry in register.entries for key in entry.hashes}
    unnamed = unnamed_documents(store).items()
    store.give_keys({key: path for key, path in unnamed if _is_missing(store, key, listed)})
    for where in ("", "*/"):
        for path in store.root.glob(f"{where}{UNFINISHED_PREFIX}*"):
            path.unlink()


def _is_missing(store: LocalStore, key: str, listed: set[str]) -> bool:
    return key in listed and not store.path(key).exists()


def number(register: Register, batch: Iterable[Ready], stamp: IssueStamp) -> list[Document]:
    """The documents that the batch becomes, numbered; nothing is written."""
    places = last_places(register.numbered)
    documents = []
    for ready in sorted(batch, key=_order):
        entity = ready.content.legal_entity
        day, zone = stamp.at(entity)
        _require_later(register, entity, stamp, day)
        places[entity, day.year] += 1
        documents.append(
            Document(
                number=number_of(entity, day.year, places[entity, day.year]),
                issued_at=stamp.instant,
                issue_date=day,
                time_zone=zone,
                reason=ready.reason,
                forced=ready.forced,
                content_sha256=ready.content.sha256,
                content=ready.content,
            )
        )
    return documents


def _order(ready: Ready) -> tuple[str, ...]:
    content = ready.content
    return (
        *(content.legal_entity, content.kind, content.cost_centre, content.currency),
        *(content.month.isoformat(), content.credits or ""),
    )


def _require_later(register: Register, entity: str, stamp: IssueStamp, day: dt.date) -> None:
    before = [entry for entry in register.numbered if entry.legal_entity == entity]
    last = max((entry.issued_at for entry in before), default=stamp.instant)
    last_day = max((entry.issue_date for entry in before), default=day)
    if stamp.instant < last:
        raise InvoiceError(
            f"the last document of {entity} was issued at {last:%Y-%m-%d %H:%M:%S} UTC; expected "
            f"now to be later, found {stamp.instant:%Y-%m-%d %H:%M:%S} UTC. Set this machine's "
            f"clock right"
        )
    # Its time zone can have changed since, even over a new year.
    if day < last_day:
        raise InvoiceError(
            f"the last document of {entity} is dated {last_day}; expected today to be no earlier "
            f"day, found {day}, because {entity} is in another time zone now. Wait for the day, or "
            f"set the zone back in eur.yaml"
        )


def file(register: Register, documents: Sequence[Document]) -> Register:
    """Issue the documents; only within `filing`. Raises StorageError where the disk is full."""
    store = register.store
    if not store.path(REGISTER).exists():
        # So that documents which a crash leaves unnamed are never without one: then it was lost.
        store.write(REGISTER, register.to_bytes())
    contents: dict[str, bytes] = {}
    entries = []
    for document in documents:
        entry, files = _files(document)
        entries.append(entry)
        contents |= files
    prepared = store.prepare_all(contents)
    store.make_durable(list(prepared.values()))
    issued = Register(store, (*register.entries, *entries), register.lost)
    store.write(REGISTER, issued.to_bytes())
    store.give_keys(prepared)
    return issued


def _files(document: Document) -> tuple[Entry, dict[str, bytes]]:
    data, lines = document.to_bytes(), _parquet(document)
    key = f"{document.content.legal_entity}/{document.number}"
    entry = Entry.of(document, _sha256(data), _sha256(lines))
    return entry, {key + DOCUMENT_SUFFIX: data, key + LINES_SUFFIX: lines}


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _parquet(document: Document) -> bytes:
    sink = io.BytesIO()
    pq.write_table(lines_table(document), sink, compression="zstd")
    return sink.getvalue()


def lines_table(document: Document) -> pa.Table:
    """The lines as the models read them."""
    rows = [_row(document, line) for line in document.content.lines]
    return pa.Table.from_pylist(rows, LINES)


def _row(document: Document, line: Line) -> dict[str, object]:
    content = document.content
    return {
        "number": document.number,
        "kind": str(content.kind),
        "invoice_month": content.month,
        "legal_entity": content.legal_entity,
        "currency": content.currency,
        "cost_centre": content.cost_centre,
        **{name: getattr(line, name) for name in (*_OF_LINE, "usage_type", "tax_percent")},
        **{name: getattr(line.numbers, name) for name in NUMBERS},
    }
