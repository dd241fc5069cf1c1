"""The models against the independent rater, over generated worlds.

`make rating-proof` runs many more of them: `python -m tests.rating`.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.rating.comparing import differences, modelled, rated
from tests.rating.generating import make_world


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), combinations=st.just(40))
def test_models_and_rater_agree_on_every_line_and_tax(seed: int, combinations: int) -> None:
    world = make_world(seed, combinations)
    with TemporaryDirectory() as folder:
        lines, taxes = modelled(world, Path(folder) / "project")
    expected_lines, expected_taxes = rated(world)
    assert differences(lines, expected_lines) == {}
    assert differences(taxes, expected_taxes) == {}
    assert len(lines) > combinations
