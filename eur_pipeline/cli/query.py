"""`eur query`: ask the published database, read-only."""

import csv
import io
import json
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

from eur_pipeline import analyst
from eur_pipeline.cli.console import ProjectDir, as_cell, errors, out, printable

_ANY_WIDTH = 1 << 20


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
        names, rows = answer.names, answer.fetchall()
    if as_json:
        _write(json.dumps([dict(zip(names, row, strict=True)) for row in rows], default=str))
    elif as_csv:
        _write(_as_csv(names, rows))
    else:
        _show(names, rows)


def _write(text: str) -> None:
    # `color` keeps every character as it is; else ESC sequences would be cut out of a pipe.
    typer.echo(text, color=True)


def _as_csv(names: list[str], rows: list[tuple[Any, ...]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([as_cell(value) for value in row] for row in rows)
    return text.getvalue().rstrip("\n")


def _show(names: list[str], rows: list[tuple[Any, ...]]) -> None:
    """A table where it fits, else every row as lines of `name  value`."""
    if not rows:
        errors.print("no rows")
    table = _as_table(names, rows)
    if Measurement.get(out, out.options.update(max_width=_ANY_WIDTH), table).maximum <= out.width:
        out.print(table)
        return
    widest = max(len(name) for name in names)
    for number, row in enumerate(rows, start=1):
        out.print(f"row {number}", style="bold", highlight=False)
        for name, value in zip(names, row, strict=True):
            line = f"  {printable(name):<{widest}}  {_as_text(value)}"
            out.print(line, markup=False, highlight=False, soft_wrap=True)


def _as_text(value: Any) -> str:
    return "" if value is None else printable(str(value))


def _as_table(names: list[str], rows: list[tuple[Any, ...]]) -> Table:
    table = Table(*(escape(printable(name)) for name in names))
    for row in rows:
        table.add_row(*(escape(_as_text(value)) for value in row))
    return table
