"""`eur check`."""

from dataclasses import asdict

import typer

from eur_pipeline.cli.console import AsJson, ProjectDir, out, print_json
from eur_pipeline.doctor import examine
from eur_pipeline.project import Project


def check(directory: ProjectDir = None, as_json: AsJson = False) -> None:
    """Check settings, secrets, host keys, logins and folders.

    Changes nothing. Ends with 1 where something is bad.
    """
    findings = []
    for finding in examine(Project.find(directory)):
        findings.append(finding)
        if not as_json:
            mark = "[green]good[/]" if finding.good else "[bold red]bad [/]"
            out.print(mark, end="  ")
            out.print(f"{finding.subject}: {finding.detail}", markup=False, highlight=False)
    if as_json:
        print_json({"findings": [asdict(finding) for finding in findings]})
    if not all(finding.good for finding in findings):
        raise typer.Exit(1)
