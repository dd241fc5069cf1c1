"""The models against the independent rater, over generated worlds.

`make rating-proof` runs many more of them: `python -m tests.rating`.
"""

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.rating.comparing import differences, modelled, rated
from tests.rating.coverage import FEATURES, features
from tests.rating.generating import make_world
from tests.rating.rater import Rater


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), combinations=st.just(40))
def test_models_and_rater_agree_on_every_line_tax_and_message(seed: int, combinations: int) -> None:
    world = make_world(seed, combinations)
    with TemporaryDirectory() as folder:
        bills = modelled(world, Path(folder) / "project")
    expected, _ = rated(world)
    assert differences(bills, expected) == {}
    assert len(bills.lines) > combinations


def test_generated_worlds_put_every_rule_to_use() -> None:
    # These have their months where a clock goes forward or back, or that have a leap day.
    worlds = [make_world(seed, 60) for seed in (0, 1, 2, 5, 14, 16)]
    raters = [Rater(world) for world in worlds]
    found = sum((features(r, r.rate_everything()) for r in raters), Counter[str]())
    assert [name for name in FEATURES if not found[name]] == []
    assert set(found) == set(FEATURES)
