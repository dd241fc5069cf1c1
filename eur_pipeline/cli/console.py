"""What all commands share: consoles, the project option, and results for programs."""

import json
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

if TYPE_CHECKING:
    from eur_pipeline.project import Project

# Names come from archives, and CSV is opened in spreadsheets.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

# Results go to standard output, everything about the way there to standard error.
out = Console()
errors = Console(stderr=True)

ProjectDir = Annotated[
    Path | None,
    typer.Option(
        "--dir",
        help="The project's directory; by default EUR_HOME, else the current one.",
        file_okay=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def project_in(directory: Path | None) -> "Project":
    """The project that the command is about, its configuration checked; raises EurError."""
    # Imported here, because `eur --help` needs the consoles alone.
    from eur_pipeline.project import Project

    project = Project.find(directory)
    _ = project.config
    return project


def command_name() -> str:
    """How to call `eur` from here: by its name where the shell finds it, else by its path."""
    found = shutil.which("eur")
    called = Path(sys.argv[0])
    if not called.exists() or (found and Path(found).samefile(called)):
        return "eur"
    return os.path.relpath(called)


def printable(text: str) -> str:
    """The text without control characters: a name from an archive could steer the terminal."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def as_cell(value: object) -> object:
    """For CSV: text that a spreadsheet would take for a formula begins with an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def print_json(result: Mapping[str, Any]) -> None:
    """A result for a program: one JSON object."""
    out.print_json(json.dumps(result, default=str, ensure_ascii=False))
