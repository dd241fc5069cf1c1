"""Which commands there are; a command's module is imported only when that command is used.

Importing them all takes seconds (pandas, DuckDB, Arrow, SSH) that `eur --help` has no use for. What
a command does, and all its options, stand in its own module.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

MARKUP: Literal["markdown"] = "markdown"


@dataclass(frozen=True)
class Entry:
    """One line of `eur --help`: the function or group `module.attribute`, and its help's start."""

    module: str
    attribute: str
    help: str

    def load(self, name: str) -> TyperCommand | TyperGroup:
        """The command, or group of commands, itself, its module imported."""
        found = getattr(import_module(self.module), self.attribute)
        if not isinstance(found, typer.Typer):
            only = typer.Typer(add_completion=False, rich_markup_mode=MARKUP)
            only.command(name)(found)
            found = only
        command = get_command(found)
        assert isinstance(command, TyperCommand | TyperGroup)  # noqa: S101 - Typer makes no other
        return command


def group(text: str) -> typer.Typer:
    """An empty group of commands, with its help."""
    return typer.Typer(
        help=text, no_args_is_help=True, add_completion=False, rich_markup_mode=MARKUP
    )


def _entry(module: str, attribute: str, text: str) -> Entry:
    return Entry(f"{__package__}.{module}", attribute, text)


COMMANDS = {
    "init": _entry("init", "init", "Write a commented starter project."),
    "check": _entry("check", "check", "Find what is wrong with settings, servers, disk or data."),
    "demo": _entry("demo", "demo", "Run the whole pipeline on a made-up company's chats."),
    "up": _entry("up", "up", "Serve the Dagster UI and run its daemon, until Ctrl-C."),
    "run": _entry("run", "run", "Collect, read, build and publish once, now, through Dagster."),
    "collect": _entry("collect", "collect", "Collect what is on the servers now, without Dagster."),
    "parse": _entry("parse", "parse", "Read archives into a Parquet file, without a project."),
    "dialect": _entry("dialect", "dialect", "List, show, check and propose ways to read archives."),
    "query": _entry("query", "query", "Answer a query from the published database, read-only."),
    "tariff": _entry("tariff", "tariff", "Ask what usage costs, why, and what it would cost."),
    "invoice": _entry("invoice", "invoice", "Draw up, issue, show and credit invoices."),
    "quarantine": _entry("quarantine", "quarantine", "See what could not be read; read it again."),
    "simulate": _entry("simulate", "simulate", "Upload a made-up company's archives to servers."),
    "serve-sftp": _entry("simulate", "serve_sftp", "Serve a folder over SFTP, until Ctrl-C."),
}


class CommandsOnDemand(TyperGroup):
    """Lists the commands by their entries, and loads the one that is used."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, entry in COMMANDS.items():
            self.add_command(TyperCommand(name, help=entry.help))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command that the arguments begin with; an unknown one is wrong use."""
        name, listed, rest = super().resolve_command(ctx, args)
        return name, COMMANDS[name].load(name) if name else listed, rest
