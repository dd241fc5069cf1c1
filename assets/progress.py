"""What a running collection says in Dagster's log; how a line looks is in `metadata.py`."""

import time
from collections.abc import Callable

from assets.metadata import progress_line
from eur_pipeline.collect.report import Progress

# A terminal's bar moves all the time; a log does not.
SECONDS_BETWEEN_LINES = 10


class ProgressLog:
    """Says now and then how far a collection is."""

    def __init__(self, say: Callable[[str], object]) -> None:
        self._say = say
        self._last = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        """Say it, unless something was said a moment ago."""
        if time.monotonic() - self._last >= SECONDS_BETWEEN_LINES:
            self._last = time.monotonic()
            self._say(progress_line(progress))
