"""The `eur` command: reads arguments, calls the core, shows what came of it."""

import sys

import typer

from eur_pipeline.cli.commands import MARKUP, CommandsOnDemand
from eur_pipeline.cli.console import errors
from eur_pipeline.errors import EurError

FAILED = 1
# As shells have it: 128 and the number of SIGINT.
INTERRUPTED = 130

app = typer.Typer(
    name="eur",
    cls=CommandsOnDemand,
    no_args_is_help=True,
    rich_markup_mode=MARKUP,
    pretty_exceptions_show_locals=False,
    add_completion=False,
)


@app.callback()
def eur() -> None:
    """Collect instant-message archives; make usage analysis and bills of them."""


def main() -> None:
    """Run the command; exit 0 when done, 1 when it failed, 2 when it was used wrongly."""
    try:
        app()
    except (EurError, OSError) as error:
        errors.print("[bold red]error:[/] ", end="")
        errors.print(str(error), markup=False, highlight=False, soft_wrap=True)
        sys.exit(FAILED)
    except SystemExit as end:
        # Typer makes this of Ctrl-C, without a word.
        if end.code == INTERRUPTED:
            errors.print("interrupted")
        raise
