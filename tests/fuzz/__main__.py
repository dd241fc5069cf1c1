"""Reads mutated archives until the time is over: `python -m tests.fuzz --seconds 600`.

Ends with an error, and says where the archive lies, at the first that makes the readers crash,
hang, grow, open something, or disagree.
"""

import argparse
import faulthandler
import sys
import tempfile
import time
from pathlib import Path
from random import Random

import psutil

from tests.fuzz.mutations import mutated
from tests.fuzz.reading import read_every_way, seeds
from tests.fuzz.watching import traps

# Most take milliseconds.
LONGEST_SECONDS = 60
# Caches fill at first; what leaks goes on.
WARM_UP = 500
MOST_GROWTH = 100 * 1024 * 1024
_SAY_EVERY_SECONDS = 30


def fuzz(seconds: float, seed: int, folder: Path) -> int:
    """Read mutated archives for so long; how many there were."""
    random, process = Random(seed), psutil.Process()
    cases = seeds()
    others = [case.content for case in cases]
    end, say_at, warm, readable, count = time.monotonic() + seconds, 0.0, 0, 0, 0
    with traps(folder) as addresses:
        while time.monotonic() < end:
            case = random.choice(cases)
            content, companion = case.content, case.companion
            if companion is not None and random.random() < 1 / 2:
                companion = mutated(random, companion, others, addresses)
            else:
                content = mutated(random, content, others, addresses)
            (folder / "archive").write_bytes(content)
            (folder / "companion").write_bytes(companion or b"")
            (folder / "dialect").write_text(case.dialect_name)
            faulthandler.dump_traceback_later(LONGEST_SECONDS, exit=True)
            readable += read_every_way(case, content, folder, companion)
            faulthandler.cancel_dump_traceback_later()
            count += 1
            if count == WARM_UP:
                warm = process.memory_info().rss
            if time.monotonic() >= say_at:
                say_at = time.monotonic() + _SAY_EVERY_SECONDS
                grown = _growth(process, warm)
                _say(f"{count:,} archives, {readable:,} readable, {grown / 2**20:+.0f} MiB")
    _say(f"{count:,} archives, {readable:,} readable; nothing went wrong")
    return count


def _growth(process: psutil.Process, warm: int) -> int:
    """Bytes since the caches are warm; an error where they are too many."""
    grown = process.memory_info().rss - warm if warm else 0
    if grown > MOST_GROWTH:
        raise MemoryError(f"{grown:,} bytes more than after {WARM_UP} archives")
    return grown


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Fuzz as the command line says; what went wrong stays in a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="eur-fuzz-"))
    _say(f"seed {arguments.seed}; the archive being read is {folder / 'archive'}")
    fuzz(arguments.seconds, arguments.seed, folder)


if __name__ == "__main__":
    main()
