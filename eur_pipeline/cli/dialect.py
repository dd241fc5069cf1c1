"""`eur dialect`: which dialects there are, what they say, and whether one can be used.

What a dialect may say is the business of `eur_pipeline.archives.dialect`.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from eur_pipeline.archives.dialect import (
    dialect_file,
    dialect_names,
    is_built_in,
    load_dialect,
    read_dialect,
)
from eur_pipeline.cli.commands import group
from eur_pipeline.cli.console import AsJson, ProjectDir, errors, out, print_json, printable
from eur_pipeline.errors import ConfigurationError
from eur_pipeline.project import Project

dialect = group(
    """List, show and check the ways to read archives.

    A dialect says where in an archive's XML a message and its fields stand. A project's own are
    files dialects/NAME.yml in its directory.
    """
)


@dataclass(frozen=True)
class _Listed:
    """One dialect as it is listed.

    Attributes:
        error: Why it cannot be used; None where it can.
    """

    name: str
    description: str
    built_in: bool
    error: str | None = None

    @classmethod
    def of(cls, name: str, folder: Path) -> "_Listed":
        """The dialect of that name; a project's own can be faulty."""
        built_in = is_built_in(name, folder)
        try:
            return cls(name, load_dialect(name, folder).description, built_in)
        except ConfigurationError as error:
            return cls(name, "", built_in, str(error))


@dialect.command("list")
def list_dialects(directory: ProjectDir = None, as_json: AsJson = False) -> None:
    """List the dialects there are, built in or the project's own."""
    folder = Project.find(directory).dialects_path
    found = [_Listed.of(name, folder) for name in dialect_names(folder)]
    if as_json:
        print_json({"dialects": [asdict(one) for one in found]})
        return
    width = max(len(one.name) for one in found)
    for one in found:
        origin = "built in" if one.built_in else "own"
        said = one.description if one.error is None else f"cannot be used: {one.error}"
        _say(f"{one.name:{width}}  {origin:8}  {said}")


@dialect.command()
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As `list` shows it.")],
    directory: ProjectDir = None,
) -> None:
    """Print a dialect's file as it is, to be copied and changed."""
    file = dialect_file(name, Project.find(directory).dialects_path)
    try:
        typer.echo(file.read_bytes(), nl=False)
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read: {error.strerror}") from None


@dialect.command()
def lint(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A dialect's YAML file.")],
    directory: ProjectDir = None,
    as_json: AsJson = False,
) -> None:
    """Find every fault in a dialect's file, with line and key.

    Ends with 1 where there is one. What it extends is looked up in the project, then built in.
    """
    try:
        read_dialect(file.resolve(), Project.find(directory).dialects_path)
    except ConfigurationError as error:
        if not as_json:
            raise
        print_json({"file": file, "good": False, "faults": str(error).splitlines()})
        raise typer.Exit(1) from None
    if as_json:
        print_json({"file": file, "good": True, "faults": []})
    else:
        errors.print(f"{file}: good", markup=False, highlight=False, soft_wrap=True)


def _say(line: str) -> None:
    out.print(printable(line), markup=False, highlight=False, soft_wrap=True)
