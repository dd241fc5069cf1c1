"""Documents that were issued, and that `data/invoices` does not have any more.

A folder that is not mounted, or is older, agrees with itself. But warehouse and published database
remember what was issued: without them numbers would be given, and months billed, a second time.
"""

import datetime as dt
from collections.abc import Iterable
from contextlib import suppress

import duckdb

from eur_pipeline.billing.invoices.filing import filing
from eur_pipeline.billing.invoices.register import REGISTER, Lost, Register
from eur_pipeline.errors import InvoiceError
from eur_pipeline.models.warehouse import open_warehouse
from eur_pipeline.project import Project

# As many numbers are named.
_NAMED = 3
# A build of a few stale dates takes seconds; whoever comes meanwhile waits for it.
_WAIT_SECONDS = 60.0

# Number, legal entity, and instant and day of issue of a document.
Issued = tuple[str, str, dt.datetime, dt.date]


def require_nothing_lost(
    project: Project, connection: duckdb.DuckDBPyConnection, register: Register
) -> None:
    """An InvoiceError where the register lacks what the warehouse has read in it before."""
    missing = _missing(register, _issued_before(project, connection))
    if missing:
        raise InvoiceError(describe(register, missing))


def describe(register: Register, missing: list[Issued]) -> str:
    """What is missing, and what to do about it."""
    numbers = [number for number, *_ in missing]
    return (
        f"{register.store.root} lacks {len(numbers):,} documents that were issued: "
        f"{', '.join(numbers[:_NAMED])}{' and others' if numbers[_NAMED:] else ''}. Their numbers "
        f"would be given again, and their months billed again. Mount that folder, or restore its "
        f"newest backup as a whole; documents that are lost for good: eur invoice accept-loss"
    )


def lost_since_published(project: Project, register: Register) -> list[Issued]:
    """What the register lacks of the documents that analysts see."""
    return _missing(register, _published(project))


def accept_losses(project: Project, reason: str) -> list[str]:
    """Go on without the documents that are lost; their numbers.

    These are not given again; their months are open, to be issued anew under other numbers.
    """
    with filing(project) as register:
        with open_warehouse(project, wait_seconds=_WAIT_SECONDS) as connection:
            missing = _missing(register, _issued_before(project, connection))
        now = dt.datetime.now(dt.UTC).replace(microsecond=0)
        lost = [_lost(issued, reason, now) for issued in missing]
        if lost:
            accepted = Register(register.store, register.entries, (*register.lost, *lost))
            register.store.write(REGISTER, accepted.to_bytes())
    return [document.number for document in lost]


def _lost(issued: Issued, reason: str, now: dt.datetime) -> Lost:
    number, legal_entity, issued_at, issue_date = issued
    return Lost(
        number=number,
        legal_entity=legal_entity,
        issued_at=issued_at.astimezone(dt.UTC),
        issue_date=issue_date,
        reason=reason,
        accepted_at=now,
    )


def _missing(register: Register, issued: Iterable[Issued]) -> list[Issued]:
    known = {document.number for document in register.numbered}
    return [document for document in issued if document[0] not in known]


def _issued_before(project: Project, connection: duckdb.DuckDBPyConnection) -> list[Issued]:
    """As the warehouse has it; where that is new, as it is published."""
    read = _read(connection, "inputs")
    return _published(project) if read is None else read


def _published(project: Project) -> list[Issued]:
    if not project.published_path.exists():
        return []
    # What cannot be read tells nothing; the next publication takes its place.
    with (
        suppress(duckdb.Error),
        duckdb.connect(project.published_path, read_only=True) as connection,
    ):
        return _read(connection, "main") or []
    return []


def _read(connection: duckdb.DuckDBPyConnection, schema: str) -> list[Issued] | None:
    """The documents in that schema's table `invoices`; None where there is no such table."""
    tables = connection.execute(
        "select table_name from duckdb_tables() where database_name = current_database() "
        "and schema_name = ? and table_name = 'invoices'",
        [schema],
    ).fetchall()
    if not tables:
        return None
    return connection.execute(
        f"select number, legal_entity, issued_at, issue_date from {schema}.invoices order by all"  # noqa: S608 - names of our own
    ).fetchall()
