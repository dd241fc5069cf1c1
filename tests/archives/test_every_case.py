"""What holds of every archive of every dialect: cut anywhere, or damaged, it tells no lies."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eur_pipeline.archives.record import Record
from tests.every_case import Case, Found, every_case

EVERY_CASE = every_case()
# The long ones take a second each; a few cuts of each are enough beside the many of the short.
_LONG_BYTES = 20_000


def _is_true(case: Case, part: Found, whole: Found) -> bool:
    """Whether a part says nothing but what the whole says."""
    said = {record.ordinal: _of_itself(case, record) for record in whole.records}
    return all(_of_itself(case, record) == said.get(record.ordinal) for record in part.records)


def _of_itself(case: Case, record: Record) -> Record:
    """What the record tells; who was in its room, others tell, also later ones."""
    in_room = case.dialect.participants is not None and record.occupant is not None
    return replace(record, recipients=()) if in_room else record


@pytest.mark.parametrize("case", EVERY_CASE, ids=str)
def test_records_and_rejects_are_numbered_without_a_gap(case: Case) -> None:
    found = case.read(case.content)
    assert found.ordinals == list(range(1, len(found.ordinals) + 1))
    if found.error is not None:
        assert found.error.records_before == len(found.ordinals)


def _check_cut(case: Case, whole: Found, length: int) -> None:
    part = case.read(case.content[:length])
    assert _is_true(case, part, whole)
    # Fewer of them, and a reason; but for what follows the end of the root, nothing goes unnoticed.
    if len(part.records) < len(whole.records):
        assert part.error is not None or len(part.rejects) > len(whole.rejects)


@pytest.mark.parametrize("case", [c for c in EVERY_CASE if len(c.content) < _LONG_BYTES], ids=str)
@settings(max_examples=25)
@given(data=st.data())
def test_wherever_a_file_is_cut_there_are_fewer_records_and_a_reason_but_none_is_wrong(
    case: Case, data: st.DataObject
) -> None:
    whole = case.read(case.content)
    _check_cut(case, whole, data.draw(st.integers(0, len(case.content))))


@pytest.mark.parametrize("case", [c for c in EVERY_CASE if len(c.content) >= _LONG_BYTES], ids=str)
def test_wherever_a_long_file_is_cut_it_is_the_same(case: Case) -> None:
    whole = case.read(case.content)
    for number in range(1, 4):
        _check_cut(case, whole, len(case.content) * number // 4 + number)
