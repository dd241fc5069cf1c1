"""The proof in full: `python -m tests.rating [COMBINATIONS] [FIRST_SEED]`, 100,000 by default.

Each world holds many combinations of plan, calendar, directory and usage; every line and tax by the
models has to be what the rater computes. It ends at the first that is not, and names its seed.
"""

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from tests.rating.comparing import differences, modelled, rated
from tests.rating.generating import make_world

OF_A_WORLD = 1_000
console = Console(highlight=False)


def prove(seed: int, combinations: int) -> int:
    """Compare one world; the number of lines that agree."""
    world = make_world(seed, combinations)
    with TemporaryDirectory() as folder:
        lines, taxes = modelled(world, Path(folder) / "project")
    expected_lines, expected_taxes = rated(world)
    wrong = differences(lines, expected_lines) | differences(taxes, expected_taxes)
    if wrong:
        sys.exit(f"seed {seed}, {combinations} combinations: models and rater differ: {wrong}")
    return len(lines)


def main() -> None:
    """Prove, and say how much."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    started, done, lines, seed = time.monotonic(), 0, 0, first
    while done < wanted:
        lines += prove(seed, OF_A_WORLD)
        done, seed = done + OF_A_WORLD, seed + 1
        seconds = time.monotonic() - started
        console.print(
            f"{done:,} combinations, {lines:,} lines agree; seeds {first} to {seed - 1}; "
            f"{seconds:,.0f} s"
        )


if __name__ == "__main__":
    main()
