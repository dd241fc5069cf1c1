"""Short ways to ask the doctor, and to break what it looks at."""

from pathlib import Path

from eur_pipeline.doctor import Finding, examine
from eur_pipeline.project import Project


def findings_of(project: Project) -> dict[str, Finding]:
    """All findings by subject; read anew as a new process would."""
    return {finding.subject: finding for finding in examine(Project(project.path))}


def faults_of(project: Project) -> dict[str, str]:
    """What is bad, by subject."""
    return {s: f.detail for s, f in findings_of(project).items() if f.good is False}


def replace(path: Path, old: str, new: str) -> None:
    """Change a text file; what is to be changed has to be there."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
