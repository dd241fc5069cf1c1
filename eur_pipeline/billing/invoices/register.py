"""The register of all documents, and the files that it lists; reading needs no lock.

Written by `filing.py`, and by `restoring.py` and `losses.py` where documents or the register were
lost. What the documents say is the business of `document.py`.
"""

import datetime as dt
import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from eur_pipeline.billing.invoices.canonical import canonical
from eur_pipeline.billing.invoices.document import FORMAT, Account, Document, Kind, TaxLine
from eur_pipeline.errors import InvoiceError
from eur_pipeline.project import Project
from eur_pipeline.storage import UNFINISHED_PREFIX, LocalStore

REGISTER = "register.json"
DOCUMENT_SUFFIX = ".json"
LINES_SUFFIX = ".parquet"
SUFFIXES = (DOCUMENT_SUFFIX, LINES_SUFFIX)
# At least so many digits has a number's place in its year.
_DIGITS = 5
_NUMBER = re.compile(r"([a-z][a-z0-9_]*)-([0-9]{4})-([0-9]{5,})")
_RESTORE = "restore it from a backup; `eur check` looks at all of them"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Entry(_Part):
    """One document, as the register has it; `sha256` and `lines_sha256` are of its two files."""

    number: str
    kind: Kind
    legal_entity: str
    cost_centre: str
    currency: str
    month: dt.date
    issued_at: dt.datetime
    issue_date: dt.date
    credits: str | None
    reason: str | None
    forced_reason: str | None
    taxes: tuple[TaxLine, ...]
    content_sha256: str
    sha256: str
    lines_sha256: str

    @classmethod
    def of(cls, document: Document, sha256: str, lines_sha256: str) -> "Entry":
        """The entry of a document with files of these hashes."""
        content = document.content
        return cls(
            number=document.number,
            kind=content.kind,
            legal_entity=content.legal_entity,
            cost_centre=content.cost_centre,
            currency=content.currency,
            month=content.month,
            issued_at=document.issued_at,
            issue_date=document.issue_date,
            credits=content.credits,
            reason=document.reason,
            forced_reason=document.forced.reason if document.forced else None,
            taxes=content.taxes,
            content_sha256=document.content_sha256,
            sha256=sha256,
            lines_sha256=lines_sha256,
        )

    @property
    def account(self) -> Account:
        """Who is billed."""
        return Account(self.legal_entity, self.cost_centre, self.currency)

    @property
    def usage_months(self) -> set[dt.date]:
        """The months that its lines are for: every line has its tax, be that 0."""
        return {tax.local_month for tax in self.taxes}

    @property
    def hashes(self) -> dict[str, str]:
        """What each of its files has to be, by key."""
        key = f"{self.legal_entity}/{self.number}"
        return {key + DOCUMENT_SUFFIX: self.sha256, key + LINES_SUFFIX: self.lines_sha256}


class Lost(_Part):
    """A document whose files are lost for good; its number is not given again.

    Attributes:
        reason: Why that was accepted, at `accepted_at`.
    """

    number: str
    legal_entity: str
    issued_at: dt.datetime
    issue_date: dt.date
    reason: str
    accepted_at: dt.datetime


class _Content(_Part):
    format: int
    documents: tuple[Entry, ...]
    lost: tuple[Lost, ...] = ()


@dataclass(frozen=True)
class Register:
    """All documents, in the order in which they were issued."""

    store: LocalStore
    entries: tuple[Entry, ...]
    lost: tuple[Lost, ...] = ()

    @property
    def numbered(self) -> tuple[Entry | Lost, ...]:
        """All that has or had a number."""
        return (*self.entries, *self.lost)

    @cached_property
    def by_number(self) -> dict[str, Entry]:
        """The entries by number."""
        return {entry.number: entry for entry in self.entries}

    @cached_property
    def credit_notes(self) -> dict[str, Entry]:
        """By the number of a credited invoice: the credit note."""
        return {entry.credits: entry for entry in self.entries if entry.credits}

    def entry(self, number: str) -> Entry:
        """The document of that number; an InvoiceError where there is none."""
        if number not in self.by_number:
            raise InvoiceError(f"there is no document {number!r}; `eur invoice list` shows all")
        return self.by_number[number]

    def standing(self, month: dt.date | None = None) -> Iterator[Entry]:
        """The invoices (of a month) that no credit note has taken back."""
        for entry in self.entries:
            if (
                entry.kind is Kind.INVOICE
                and entry.number not in self.credit_notes
                and month in (None, entry.month)
            ):
                yield entry

    def document(self, entry: Entry) -> Document:
        """What was issued; an InvoiceError where the file is missing or was changed."""
        data = self.read(f"{entry.legal_entity}/{entry.number}{DOCUMENT_SUFFIX}", entry.sha256)
        return Document.from_bytes(data)

    def lines(self, entry: Entry) -> bytes:
        """The Parquet file of its lines; an InvoiceError where it is missing or was changed."""
        key = f"{entry.legal_entity}/{entry.number}{LINES_SUFFIX}"
        return self.read(key, entry.lines_sha256)

    def read(self, key: str, sha256: str) -> bytes:
        """The file of that key; an InvoiceError where it is missing or was changed."""
        data, path = self.find(key), self.store.path(key)
        if data is None:
            raise InvoiceError(f"{path} is missing, though {REGISTER} has it; {_RESTORE}")
        if hashlib.sha256(data).hexdigest() != sha256:
            raise InvoiceError(
                f"{path} was changed after it was issued: its SHA-256 is not the one in "
                f"{REGISTER}; {_RESTORE}"
            )
        return data

    def find(self, key: str) -> bytes | None:
        """The file of that key; of a batch that a crash kept from being named, the unnamed one."""
        path = self.store.path(key)
        # Looked for twice under its name: it may get it meanwhile.
        for place in (path, path.with_name(UNFINISHED_PREFIX + path.name), path):
            if place.exists():
                with suppress(FileNotFoundError):
                    return place.read_bytes()
        return None

    def to_bytes(self) -> bytes:
        """The register's one form: JSON with a line per document."""
        documents = _lines(self.entries)
        lost = f', "lost": {_lines(self.lost)}' if self.lost else ""
        return f'{{"format": {FORMAT}, "documents": {documents}{lost}}}\n'.encode()


def _lines(parts: Iterable[_Part]) -> str:
    lines = ",\n".join(canonical(part.model_dump(mode="json")) for part in parts)
    return f"[\n{lines}\n]"


def read_register(project: Project) -> Register:
    """The register as it is; an InvoiceError where it is damaged, or older than the documents."""
    store = LocalStore(project.invoices_path)
    register, unlisted = look_at_register(store)
    faults = [*strays(unlisted), *number_faults(register.numbered)]
    if faults:
        raise InvoiceError(f"{store.path(REGISTER)}: {'; '.join(faults)}. {_RESTORE}")
    return register


def look_at_register(store: LocalStore) -> tuple[Register, list[str]]:
    """The register, unchecked, and the keys of issued files that it does not have.

    Raises InvoiceError where it cannot be read.
    """
    # Named only after the register had them: what is found first has to be in it afterwards.
    named, unnamed = list(named_documents(store)), list(unnamed_documents(store))
    register, exists = _read(store), store.path(REGISTER).exists()
    # No document is written before there is a register: these were issued perhaps, and it is lost.
    issued = named if exists else [*named, *unnamed]
    listed = {key for entry in register.entries for key in entry.hashes}
    return register, [key for key in issued if key not in listed]


def strays(unlisted: list[str]) -> Iterator[str]:
    """That the register does not have these files, if there are any."""
    if unlisted:
        yield (
            f"it is older than the documents beside it, or missing: it does not have "
            f"{', '.join(unlisted[:3])}{' and others' if unlisted[3:] else ''}. Restore the newest "
            f"backup of it, or make it anew from the documents: eur invoice restore-register"
        )


def _read(store: LocalStore) -> Register:
    path = store.path(REGISTER)
    try:
        content = _Content.model_validate_json(store.read(REGISTER))
    except FileNotFoundError:
        return Register(store, ())
    except ValidationError as error:
        raise InvoiceError(
            f"{path} is damaged: {error.errors()[0]['msg']}; restore it from a backup, or remove "
            f"it and make it anew from the documents: eur invoice restore-register"
        ) from None
    if content.format != FORMAT:
        raise InvoiceError(
            f"{path}: expected format {FORMAT}, found {content.format}, which a newer version of "
            f"this software wrote; use that one"
        )
    return Register(store, content.documents, content.lost)


def named_documents(store: LocalStore) -> Iterator[str]:
    """The keys of all files in the folders of legal entities."""
    return (key for key in store.files() if "/" in key and key.endswith(SUFFIXES))


def unnamed_documents(store: LocalStore) -> dict[str, Path]:
    """By key, the files of documents that a crash kept from being named, or from being issued."""
    found = {}
    for path in sorted(store.root.glob(f"*/{UNFINISHED_PREFIX}*")):
        if path.name.endswith(SUFFIXES):
            named = path.with_name(path.name.removeprefix(UNFINISHED_PREFIX))
            found[named.relative_to(store.root).as_posix()] = path
    return found


def number_of(legal_entity: str, year: int, place: int) -> str:
    """The number of that place in the entity's year; places begin at 1."""
    return f"{legal_entity}-{year}-{place:0{_DIGITS}}"


def last_places(entries: Iterable[Entry | Lost]) -> dict[tuple[str, int], int]:
    """The last place that each legal entity has used in each year."""
    last: defaultdict[tuple[str, int], int] = defaultdict(int)
    for entity, year, place in _places(entries):
        last[entity, year] = max(last[entity, year], place)
    return last


def number_faults(entries: Iterable[Entry | Lost]) -> Iterator[str]:
    """Gaps and doubles in the numbers, and numbers that are not what they should be."""
    entries = list(entries)
    places: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for entity, year, place in _places(entries):
        places[entity, year].append(place)
    for (entity, year), found in sorted(places.items()):
        times = Counter(found)
        for place in range(1, max(found) + 1):
            if times[place] != 1:
                fault = "stands twice" if times[place] else "is missing"
                yield f"{number_of(entity, year, place)} {fault}"
    for entry in entries:
        match = _NUMBER.fullmatch(entry.number)
        if not match or (match[1], match[2]) != (entry.legal_entity, str(entry.issue_date.year)):
            yield f"{entry.number} is no number of {entry.legal_entity} in {entry.issue_date.year}"


def _places(entries: Iterable[Entry | Lost]) -> Iterator[tuple[str, int, int]]:
    for entry in entries:
        if match := _NUMBER.fullmatch(entry.number):
            yield match[1], int(match[2]), int(match[3])


def digests_by_usage_month(entries: Iterable[Entry]) -> Mapping[dt.date, str]:
    """Of every usage month a hash over the documents with lines of it."""
    return _digests((month, e) for e in entries for month in e.usage_months)


def digests_by_invoice_month(entries: Iterable[Entry]) -> Mapping[dt.date, str]:
    """Of every invoice month a hash over its documents."""
    return _digests((entry.month, entry) for entry in entries)


def _digests(pairs: Iterable[tuple[dt.date, Entry]]) -> dict[dt.date, str]:
    texts: defaultdict[dt.date, list[str]] = defaultdict(list)
    for month, entry in pairs:
        texts[month].append(f"{entry.number} {entry.sha256} {entry.lines_sha256}")
    return {m: hashlib.sha256("\n".join(lines).encode()).hexdigest() for m, lines in texts.items()}
