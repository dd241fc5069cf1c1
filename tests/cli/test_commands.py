"""The command line as a whole: help, wrong use, errors, and what is imported for it."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.testing import CliRunner

from eur_pipeline.cli import app
from eur_pipeline.cli.commands import COMMANDS

HEAVY = ("asyncssh", "dagster", "duckdb", "lxml", "pandas", "pyarrow", "pydantic", "sqlglot")
LIST_HEAVY_MODULES = f"""
import sys, json
from eur_pipeline.cli import app
try:
    app(sys.argv[1:])
except SystemExit:
    sys.stderr.write(json.dumps([name for name in {HEAVY} if name in sys.modules]))
"""
INTERRUPTED_COMMAND = """
from eur_pipeline.cli import main, init
def interrupted(*_): raise KeyboardInterrupt
init.create_starter = interrupted
main()
"""


def eur(*arguments: str | Path, program: str = "") -> subprocess.CompletedProcess[str]:
    code = program or "from eur_pipeline.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_that_begins_as_it_is_listed(name: str) -> None:
    result = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "80"})
    assert result.exit_code == 0
    assert COMMANDS[name].help in result.output
    assert max(map(len, result.output.splitlines())) <= 80


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_and_argument_has_a_help_text(name: str) -> None:
    command = COMMANDS[name].load(name)
    members = command.commands.values() if isinstance(command, TyperGroup) else [command]
    for member in members:
        assert member.help
        assert member.params
        for parameter in member.params:
            assert getattr(parameter, "help", None), f"{name}: {parameter.name}"


def test_the_list_of_commands_fits_a_line_each() -> None:
    result = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "80"})
    assert result.exit_code == 0
    for name, entry in COMMANDS.items():
        assert any(
            name in line.split() and entry.help in line for line in result.output.splitlines()
        )


def test_listing_the_commands_imports_nothing_heavy() -> None:
    assert json.loads(eur("--help", program=LIST_HEAVY_MODULES).stderr) == []


@pytest.mark.parametrize(
    ("command", "foreign"),
    [
        ("init", set(HEAVY) - {"pydantic"}),
        ("query", {"asyncssh", "dagster", "lxml", "pandas", "pyarrow", "sqlglot"}),
        ("parse", {"asyncssh", "dagster", "duckdb", "pandas", "sqlglot"}),
        ("dialect", {"asyncssh", "dagster", "duckdb", "pandas", "pyarrow", "sqlglot"}),
        ("collect", {"dagster", "duckdb", "pandas", "sqlglot"}),
        ("quarantine", {"dagster", "duckdb", "sqlglot"}),
        ("run", {"dagster", "duckdb", "pandas", "sqlglot"}),
        ("up", {"dagster", "duckdb", "pandas", "sqlglot"}),
    ],
)
def test_a_command_imports_only_what_it_needs(command: str, foreign: set[str]) -> None:
    imported = json.loads(eur(command, "--help", program=LIST_HEAVY_MODULES).stderr)
    assert foreign.isdisjoint(imported)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["colect"],
        ["init"],
        ["check", "--verbose"],
        ["demo", "--hours", "0"],
        ["demo", "--end", "tomorrow"],
        ["run", "--from", "2026-03-09"],
        ["run", "--from", "2026-03-09", "--to", "2026-03-09"],
        ["run", "--from", "yesterday", "--to", "2026-03-09"],
        ["parse", "a.xml"],
        ["query"],
        ["quarantine"],
        ["quarantine", "show"],
        ["quarantine", "retry", "--every-hour", "0123"],
        ["dialect"],
        ["dialect", "show"],
        ["dialect", "lint"],
        ["dialect", "infer"],
    ],
)
def test_wrong_use_ends_with_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    assert CliRunner().invoke(app, ["init", str(tmp_path)]).exit_code == 0
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(app, arguments).exit_code == 2


def test_a_mistyped_command_is_guessed() -> None:
    assert "Did you mean 'simulate'?" in CliRunner().invoke(app, ["simulte"]).output


def test_a_failure_is_told_once_on_standard_error_and_ends_with_1(tmp_path: Path) -> None:
    result = eur("collect", "--dir", tmp_path)
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.startswith(f"error: {tmp_path}/eur.yaml: no such file")
    assert len(result.stderr.splitlines()) == 1


def test_ctrl_c_ends_with_130_and_one_line(tmp_path: Path) -> None:
    result = eur("init", tmp_path / "new", program=INTERRUPTED_COMMAND)
    assert result.returncode == 128 + signal.SIGINT
    assert result.stdout == ""
    assert result.stderr == "interrupted\n"
