"""`eur check`."""

from dataclasses import asdict

import typer
from rich.table import Table
from rich.text import Text

from eur_pipeline.cli.console import AsJson, ProjectDir, out, print_json
from eur_pipeline.doctor import Finding, examine
from eur_pipeline.project import Project


def check(directory: ProjectDir = None, as_json: AsJson = False) -> None:
    """Check settings, secrets, host keys, logins and folders.

    Changes nothing. Ends with 1 where something is bad.
    """
    findings = []
    for finding in examine(Project.find(directory)):
        findings.append(finding)
        if not as_json:
            out.print(_line(finding))
    if as_json:
        print_json({"findings": [asdict(finding) for finding in findings]})
    if not all(finding.good for finding in findings):
        raise typer.Exit(1)


def _line(finding: Finding) -> Table:
    """A finding whose further lines are indented below the first."""
    line = Table.grid(padding=(0, 2, 0, 0))
    mark = Text("good", "green") if finding.good else Text("bad ", "bold red")
    line.add_row(mark, Text(f"{finding.subject}: {finding.detail}", overflow="fold"))
    return line
