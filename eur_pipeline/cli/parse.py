"""`eur parse`: archives to one Parquet file of records.

The reading is done by `eur_pipeline.lake.files`; here are only options and what is shown.
"""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from eur_pipeline.archives.limits import DEFAULT_LIMITS
from eur_pipeline.cli.console import AsJson, errors, out, print_json, printable
from eur_pipeline.cli.reading import reading_progress
from eur_pipeline.labels import clean
from eur_pipeline.lake.files import FileParser, ParsedFile
from eur_pipeline.project import Project


def parse(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Archives to read.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Parquet file to write; it holds the bodies too.")
    ],
    dialect: Annotated[
        str | None,
        typer.Option(help="How to read them; by default each file's root element says it."),
    ] = None,
    presence_domain: Annotated[
        str | None, typer.Option(help="Domain of addresses that are a bare extension.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read archives into a Parquet file, without a project.

    Ends with 0 also where single records could not be read (standard error says how many and why),
    with 1 where a whole file could not; the other files are written all the same.
    """
    project = Project.find()
    with reading_progress(errors, files) as shown:
        parser = FileParser(
            dialect=dialect,
            project_dialects=project.dialects_path,
            limits=project.config.limits if project.config_path.exists() else DEFAULT_LIMITS,
            presence_domain=presence_domain,
            open_file=shown.open_file,
            on_written=shown.written,
        )
        parsed = parser.parse(files, output)
    for file in parsed:
        _report(file, chosen=dialect is not None)
    if as_json:
        print_json({"output": output, "files": [_as_json(file) for file in parsed]})
    else:
        _conclude(parsed, output)
    if any(file.error for file in parsed):
        raise typer.Exit(1)


def _report(file: ParsedFile, *, chosen: bool) -> None:
    """What is worth knowing about one file, on standard error."""
    if file.dialect and not chosen:
        _say(f"{file.path}: read as dialect {file.dialect}")
    if file.error:
        _say(f"{file.path}: not stored, after {file.records_before} records: {file.error}")
    if file.rejects:
        _say(f"{file.path}: {file.rejects} records could not be read, the first of them:")
        for reason in file.reasons:
            _say(f"  {reason}")


def _as_json(file: ParsedFile) -> dict[str, object]:
    # Not every name is UTF-8, as JSON has to be.
    return asdict(file) | {"path": clean(str(file.path))}


def _conclude(parsed: Sequence[ParsedFile], output: Path) -> None:
    good = [file for file in parsed if file.error is None]
    records = sum(file.records for file in good)
    if good:
        line = f"{records:,} records of {len(good)} of {len(parsed)} files in {output}"
        out.print(line, markup=False, highlight=False, soft_wrap=True)


def _say(line: str) -> None:
    # Names of a zip's members stand in errors.
    errors.print(printable(line), markup=False, highlight=False, soft_wrap=True)
