"""`eur check`."""

from collections.abc import Iterator
from dataclasses import asdict

import typer
from rich.table import Table
from rich.text import Text

from eur_pipeline.cli.console import AsJson, ProjectDir, errors, out, print_json
from eur_pipeline.doctor import Finding, examine
from eur_pipeline.project import Project

_MARKS = {
    True: Text("good", "green"),
    False: Text("bad", "bold red"),
    None: Text("unknown", "yellow"),
}


def check(directory: ProjectDir = None, as_json: AsJson = False) -> None:
    """Find what is wrong with settings, servers, disk or data.

    Changes nothing in the project, except that what `organisation` says lies elsewhere is fetched,
    as before every build, and takes the place of its last copy. Where archives are removed once
    they are collected, that right and the server's clock are tried with one empty file, which is
    removed again. Ends with 1 where something is bad.
    """
    findings = []
    for finding in _watched(examine(Project.find(directory))):
        findings.append(finding)
        if not as_json:
            out.print(_line(finding))
    if as_json:
        print_json({"findings": [asdict(finding) for finding in findings]})
    if any(finding.good is False for finding in findings):
        raise typer.Exit(1)


def _watched(findings: Iterator[Finding]) -> Iterator[Finding]:
    """The findings; while one takes its time, a terminal shows that something happens."""
    while True:
        with errors.status("Looking at the project and its servers"):
            finding = next(findings, None)
        if finding is None:
            return
        yield finding


def _line(finding: Finding) -> Table:
    """A finding whose further lines are indented below the first."""
    line = Table.grid(padding=(0, 2, 0, 0))
    line.add_column(width=len("unknown"))
    line.add_row(
        _MARKS[finding.good], Text(f"{finding.subject}: {finding.detail}", overflow="fold")
    )
    return line
