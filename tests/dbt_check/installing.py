"""dbt in a virtual environment of its own: it is no dependency of the project."""

import subprocess
import sys
from pathlib import Path

import duckdb

# The last dbt-core that is Python alone: newer ones fetch a binary while they are installed.
PACKAGES = ("dbt-core==1.10.23", "dbt-duckdb==1.10.1", f"duckdb=={duckdb.__version__}")
VENV = Path(__file__).parents[2] / ".venv-dbt"


class NoDbtError(Exception):
    """dbt cannot be installed here; the message has the installer's last line."""


def install_dbt() -> Path:
    """The `dbt` command, installed where it is not there yet in these versions."""
    stamp = VENV / "installed"
    wanted = "\n".join(PACKAGES)
    if not (stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted):
        sys.stderr.write(f"Installing {', '.join(PACKAGES)} into {VENV.name} ...\n")
        _run(sys.executable, "-m", "venv", "--clear", str(VENV))
        pip = (str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet")
        _run(*pip, "--disable-pip-version-check", *PACKAGES)
        stamp.write_text(wanted, encoding="utf-8")
    return VENV / "bin" / "dbt"


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise NoDbtError(f"dbt cannot be installed here: {lines[-1] if lines else 'no reason'}")
