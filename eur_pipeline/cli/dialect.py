"""`eur dialect`: which dialects there are, what they say, whether one is good, and a new one.

What a dialect may say is the business of `eur_pipeline.archives.dialect`, what samples suggest that
of `eur_pipeline.archives.infer`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from eur_pipeline.archives.dialect import (
    dialect_file,
    dialect_names,
    is_built_in,
    load_dialect,
    read_dialect,
)
from eur_pipeline.archives.infer.proposal import Proposal, propose
from eur_pipeline.archives.limits import DEFAULT_LIMITS
from eur_pipeline.archives.record import Record
from eur_pipeline.cli.commands import group
from eur_pipeline.cli.console import AsJson, ProjectDir, errors, out, print_json, printable
from eur_pipeline.errors import ConfigurationError
from eur_pipeline.project import Project

dialect = group(
    """List, show, check and propose ways to read archives.

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


@dialect.command()
def infer(
    samples: Annotated[
        list[Path], typer.Argument(metavar="SAMPLE", help="Archives of one unknown layout.")
    ],
    bodies: Annotated[
        bool, typer.Option("--bodies", help="Show the first records' texts; people wrote them.")
    ] = False,
    directory: ProjectDir = None,
    as_json: AsJson = False,
) -> None:
    """Propose a dialect for archives of an unknown layout.

    Prints its file, with reasons and doubts as comments, to be kept as dialects/NAME.yml. Standard
    error shows the first records that it reads.
    """
    project = Project.find(directory)
    limits = project.config.limits if project.config_path.exists() else DEFAULT_LIMITS
    proposal = propose(samples, limits)
    shown = [_shown(record, bodies=bodies) for record in proposal.records]
    if as_json:
        of_samples = {"read": proposal.read, "rejects": proposal.rejects}
        told = {"dialect": proposal.text, "doubts": proposal.doubts, "reasons": proposal.reasons}
        print_json({**told, **of_samples, "records": shown})
        return
    typer.echo(proposal.text, nl=False)
    _tell(proposal, shown)


def _shown(record: Record, *, bodies: bool) -> dict[str, Any]:
    """What it has; of the body only the length, where it is not asked for."""
    row = asdict(record)
    if not bodies:
        row["body"] = None if record.body is None else f"({record.body_characters} characters)"
    return {name: value for name, value in row.items() if value not in (None, ())}


def _tell(proposal: Proposal, shown: Sequence[Mapping[str, Any]]) -> None:
    _say(f"it reads {proposal.read:,} records, and rejects {proposal.rejects:,}", errors)
    if proposal.rejects > proposal.read:
        _say("most of them cannot be read: it is not to be used as it is", errors)
    for reason in proposal.reasons:
        _say(f"  {reason}", errors)
    for row in shown:
        _say("  " + ", ".join(f"{name}: {_text(value)}" for name, value in row.items()), errors)
    _say(f"{len(proposal.doubts)} doubts stand in the file; look at them first", errors)


def _text(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _say(line: str, console: Console = out) -> None:
    # Names and texts can come from archives.
    console.print(printable(line), markup=False, highlight=False, soft_wrap=True)
