"""A process of the soak: collects one collection again and again, or `once`."""

import sys
import time
from pathlib import Path

from eur_pipeline.collect.collector import collect
from eur_pipeline.errors import EurError
from eur_pipeline.project import Project
from tests.faults.collecting import shorten_waits

_PAUSE_SECONDS = 0.2


def main(project: Project, name: str, *, once: bool) -> None:
    """Collect. After an error that is ours it goes on; any other ends the process."""
    collection = project.config.collection(name)
    while True:
        try:
            collect(project, collection)
        except EurError:
            if once:
                raise
        if once:
            return
        time.sleep(_PAUSE_SECONDS)


if __name__ == "__main__":
    if "once" not in sys.argv:
        shorten_waits()
    main(Project(Path(sys.argv[1])), sys.argv[2], once="once" in sys.argv)
