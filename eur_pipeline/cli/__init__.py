"""The `eur` command: reads arguments, calls the core, shows what came of it."""

import sys

import typer

from eur_pipeline.cli import check, collect, demo, init, parse, query, run, simulate, up
from eur_pipeline.cli.console import errors
from eur_pipeline.errors import EurError

app = typer.Typer(
    name="eur",
    help="Collects instant-message archives and makes usage analysis and billing of them.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    add_completion=False,
)

app.command("init")(init.init)
app.command("check")(check.check)
app.command("demo")(demo.demo)
app.command("up")(up.up)
app.command("collect")(collect.collect)
app.command("run")(run.run)
app.command("parse")(parse.parse)
app.command("query")(query.query)
app.command("serve-sftp")(simulate.serve_sftp)
app.command("simulate")(simulate.simulate)


def main() -> None:
    """Run the command; exit 0 when done, 1 when it failed, 2 when it was used wrongly."""
    try:
        app()
    except EurError as error:
        errors.print("[bold red]error:[/] ", end="")
        errors.print(str(error), markup=False, highlight=False, soft_wrap=True)
        sys.exit(1)
