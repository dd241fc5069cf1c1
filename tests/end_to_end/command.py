"""The installed `eur` command, run as its user runs it."""

import os
import subprocess
import sys
from pathlib import Path

EUR = Path(sys.executable).with_name("eur")


def eur(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end; `variables` are added to the environment."""
    return subprocess.run(
        [EUR, *arguments],
        # Wide enough that no line of a message is broken.
        env={**os.environ, "COLUMNS": "1000", **variables},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
