"""`eur init`."""

from pathlib import Path
from typing import Annotated

import typer

from eur_pipeline.cli.console import command_name, out
from eur_pipeline.starter import create_starter


def init(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where; made when it is missing.")
    ],
) -> None:
    """Write a commented starter project."""
    project = create_starter(directory)
    out.print(f"A project in {project.path}:", highlight=False)
    out.print("  eur.yaml       sites, collections and billing: edit it first")
    out.print("  directory.csv  who has which address, department and cost centre")
    out.print("  tariff.csv     what a message and a file cost (more: docs/rating.md)")
    out.print("  known_hosts    the host keys of your archive servers")
    out.print("  .env           passwords; only you can read it")
    out.print(f"Then: [bold]{command_name()} check --dir {directory}[/]", highlight=False)
