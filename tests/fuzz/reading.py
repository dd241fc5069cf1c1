"""Reads whatever comes in every way there is; only an UnreadableArchiveError may come of it."""

import io
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lxml import etree

from eur_pipeline.archives.record import Record, Reject
from eur_pipeline.errors import UnreadableArchiveError
from eur_pipeline.lake.intake import Intake
from eur_pipeline.lake.records import BodyPolicy, Origin
from eur_pipeline.lake.schema import MESSAGES, REJECTS
from eur_pipeline.lake.spool import Spool
from tests.every_case import PRESENCE_DOMAIN, Case, Found, every_case
from tests.fuzz.watching import watched

ORIGIN = Origin("0" * 64, "mutated", "fuzz")
# Of a long case so many elements below the root are enough to begin with.
_MOST_ELEMENTS = 12


@cache
def seeds() -> Sequence[Case]:
    """The cases to begin with, short ones: their content is that of the first elements."""
    cases = [case for case in every_case() if case.read(case.content).error is None]
    for case in cases:
        if case.companion is None:
            case.__dict__["content"] = _shortened(case.content)
    _warm_up(cases)
    return cases


def _warm_up(cases: Sequence[Case]) -> None:
    """What is imported at first use opens files: none of the archive's doing."""
    with TemporaryDirectory() as folder, Spool(Path(folder) / "warm.arrow", MESSAGES) as spool:
        for case in cases:
            _take(case, Intake(case.dialect, BodyPolicy(), spool), case.content, None)


def _shortened(content: bytes) -> bytes:
    try:
        root = etree.fromstring(content)
    except etree.XMLSyntaxError:
        return content
    del root[_MOST_ELEMENTS:]
    return etree.tostring(root, encoding="utf-8")


class DisagreementError(AssertionError):
    """Two ways of reading one archive gave different things."""


def read_every_way(
    case: Case, content: bytes, folder: Path, companion: bytes | None = None
) -> bool:
    """Whether it could be read; anything else than yes and no is an error of the readers.

    `companion` is what lies beside it instead of the case's own.
    """
    with (
        Spool(folder / "messages.arrow", MESSAGES) as messages,
        Spool(folder / "rejects.arrow", REJECTS) as rejects,
        watched(),
    ):
        found = case.read(content, companion)
        intake = Intake(case.dialect, BodyPolicy(), messages, rejects)
        error = _take(case, intake, content, companion)
    if found.ordinals != list(range(1, len(found.ordinals) + 1)):
        raise DisagreementError(f"records are numbered {found.ordinals}")
    expected = found if found.error is None else Found([], [], None)
    _compare(error, str(found.error) if found.error else None)
    _compare(_rows(messages), [_row(record) for record in expected.records])
    _compare(_rows(rejects), [_row(reject) for reject in expected.rejects])
    return found.error is None


def _take(case: Case, intake: Intake, content: bytes, companion: bytes | None) -> str | None:
    """Read the content into the lake's rows; why that was not possible."""
    surroundings = case.surroundings(companion)
    try:
        replace(intake, presence_domain=PRESENCE_DOMAIN).take(
            io.BytesIO(content), ORIGIN, surroundings=surroundings
        )
    except UnreadableArchiveError as error:
        return str(error)
    return None


def _rows(spool: Spool) -> list[dict[str, Any]]:
    rows = [row for batch in spool.batches() for row in batch.to_pylist()]
    fields = {*Record.__slots__, *Reject.__slots__}
    return [{name: value for name, value in row.items() if name in fields} for row in rows]


def _row(item: Record | Reject) -> dict[str, Any]:
    row = asdict(item)
    if isinstance(item, Record):
        row |= {"recipients": list(item.recipients), "kind": item.kind.value}
    return row


def _compare(into_the_lake: object, record_by_record: object) -> None:
    if into_the_lake != record_by_record:
        raise DisagreementError(
            f"into the lake: {into_the_lake!r}; record by record: {record_by_record!r}"
        )
