"""Whatever strikes at whichever step: nothing is lost, doubled, or removed without a safe copy.

The reduced form of `make faults`.
"""

from pathlib import Path

import pytest

from tests.faults import table
from tests.faults.matrix import FAULTS, reduced_steps, strike_once, undisturbed
from tests.faults.script import Step

DOCUMENT = Path(__file__).parents[2] / "docs" / "faults.md"


@pytest.mark.parametrize("number", range(len(FAULTS)), ids=[fault.name for fault in FAULTS])
def test_a_fault_does_no_harm(number: int) -> None:
    assert [v for step in reduced_steps(number) for v in strike_once(number, step)] == []


def test_every_step_is_seen_and_can_be_struck() -> None:
    assert {step for step, turns in undisturbed().turns.items() if turns} == set(Step)
    assert {step for fault in FAULTS for step in fault.steps} == set(Step)


def test_the_documentation_shows_the_matrix_as_it_is() -> None:
    assert table.markdown() in DOCUMENT.read_text(encoding="utf-8")
