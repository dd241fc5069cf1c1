"""`eur query`: ask the published database, read-only."""

import csv
import io
import json
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from eur_pipeline import analyst
from eur_pipeline.cli.console import ProjectDir, out


def query(
    sql: Annotated[
        str, typer.Argument(metavar="SQL", help="A query in DuckDB's SQL, such as 'from archives'.")
    ],
    directory: ProjectDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="An array of objects.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Comma-separated, names first.")] = False,
) -> None:
    """Answer a query from the published database, read-only."""
    if as_json and as_csv:
        raise typer.BadParameter("choose one of --json and --csv")
    with analyst.open(directory).answer(sql) as answer:
        names = [column[0] for column in answer.description or ()]
        rows = answer.fetchall()
    if as_json:
        _write(json.dumps([dict(zip(names, row, strict=True)) for row in rows], default=str))
    elif as_csv:
        _write(_as_csv(names, rows))
    else:
        out.print(_as_table(names, rows))


def _write(text: str) -> None:
    typer.echo(text)


def _as_csv(names: list[str], rows: list[tuple[Any, ...]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    return text.getvalue().rstrip("\n")


def _as_table(names: list[str], rows: list[tuple[Any, ...]]) -> Table:
    table = Table(*(escape(name) for name in names))
    for row in rows:
        table.add_row(*("" if value is None else escape(str(value)) for value in row))
    return table
