"""The examination of the issued documents: every file is what was issued, no number is missing.

Reads all of them; nothing is finished, restored or removed here.
"""

import hashlib
from collections.abc import Iterator

from eur_pipeline.billing.invoices.filing import LOCK
from eur_pipeline.billing.invoices.losses import describe, lost_since_published
from eur_pipeline.billing.invoices.register import (
    REGISTER,
    Register,
    look_at_register,
    number_faults,
    strays,
)
from eur_pipeline.doctor.finding import UnknownError, all_of, some_of
from eur_pipeline.errors import BusyError
from eur_pipeline.project import Project
from eur_pipeline.storage import LocalStore


def look_at_invoices(project: Project) -> str:
    """Raises a PermanentError with every gap, double, missing, changed or unknown file."""
    store = LocalStore(project.invoices_path)
    if not store.root.exists():
        all_of(list(_lost(project, Register(store, ()))))
        return "nothing was issued yet"
    try:
        with project.lock(LOCK):
            register, unlisted = look_at_register(store)
            all_of([*_faults(register, unlisted), *_lost(project, register)])
    except BusyError as error:
        raise UnknownError(f"not looked at: {error}") from None
    return f"{len(register.entries):,} documents, each as it was issued; no number is missing"


def _lost(project: Project, register: Register) -> Iterator[str]:
    missing = lost_since_published(project, register)
    if missing:
        yield describe(register, missing)


def _faults(register: Register, unlisted: list[str]) -> Iterator[str]:
    store = register.store
    for fault in strays(unlisted):
        yield f"{store.path(REGISTER)}: {fault}"
    for fault in number_faults(register.numbered):
        yield (f"{store.path(REGISTER)}: {fault}; restore {store.root} as a whole from a backup")
    found = {key: _state(register, key, sha256) for key, sha256 in _listed(register)}
    for state in (_MISSING, _CHANGED):
        keys = [key for key, of_key in found.items() if of_key == state]
        if keys:
            yield (
                f"{len(keys):,} files of issued documents in {store.root} {state}: "
                f"{some_of(keys)}; restore them from a backup"
            )


_MISSING = "are missing"
_CHANGED = "are not what was issued (SHA-256)"


def _listed(register: Register) -> Iterator[tuple[str, str]]:
    for entry in register.entries:
        yield from entry.hashes.items()


def _state(register: Register, key: str, sha256: str) -> str:
    data = register.find(key)
    if data is None:
        return _MISSING
    return "" if hashlib.sha256(data).hexdigest() == sha256 else _CHANGED
