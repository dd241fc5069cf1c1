"""The proof in full: `python -m tests.rating [COMBINATIONS] [FIRST_SEED]`, 100,000 by default.

Each world holds many combinations of plan, calendar, directory and usage; every line, tax and
billing state by the models has to be what the rater computes. It ends at the first that is not, and
names its seed. In the end it tells how many combinations put each rule to use.
"""

import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from tests.rating.comparing import differences, modelled, rated
from tests.rating.coverage import FEATURES
from tests.rating.generating import make_world

OF_A_WORLD = 1_000
console = Console(highlight=False)


@dataclass(frozen=True)
class Proof:
    """One world that agrees: how many lines it has, and how often it puts which rule to use."""

    lines: int
    features: Counter[str]


def prove(seed: int) -> Proof:
    """Compare one world; an AssertionError tells where models and rater differ."""
    world = make_world(seed, OF_A_WORLD)
    with TemporaryDirectory() as folder:
        bills = modelled(world, Path(folder) / "project")
    expected, features = rated(world)
    wrong = differences(bills, expected)
    if wrong:
        raise AssertionError(f"seed {seed}: models and rater differ: {wrong}")
    return Proof(len(bills.lines), features)


def main() -> None:
    """Prove, as many worlds at once as there are processors, and say how much."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    seeds = range(first, first + -(-wanted // OF_A_WORLD))
    started, lines = time.monotonic(), 0
    found: Counter[str] = Counter()
    with ProcessPoolExecutor() as pool:
        for done, proof in enumerate(pool.map(prove, seeds), start=1):
            lines, found = lines + proof.lines, found + proof.features
            console.print(
                f"{done * OF_A_WORLD:,} combinations, {lines:,} lines agree; "
                f"seeds {first} to {seeds[done - 1]}; {time.monotonic() - started:,.0f} s"
            )
    console.print("combinations in which something was billed by ...")
    for name in FEATURES:
        console.print(f"{found[name]:9,} {name}")


if __name__ == "__main__":
    main()
