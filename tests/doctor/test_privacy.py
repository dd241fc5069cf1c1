"""The doctor finds what others may read, and what we may not."""

import os
from pathlib import Path

import pytest

from eur_pipeline.collect.collector import collect
from eur_pipeline.project import Project
from tests.conftest import Remote, archive_xml, project_at

from .looking import faults_of


def test_secrets_that_others_may_read_are_found(tmp_path: Path, remote: Remote) -> None:
    key = tmp_path / "key"
    key.write_text("")
    key.chmod(0o640)
    project = project_at(tmp_path / "keyed", remote, private_key=str(key))
    (project.path / ".env").chmod(0o644)
    fault = faults_of(project)["privacy"]
    assert f"chmod 600 {key}" in fault
    assert f"chmod 600 {project.path / '.env'}" in fault


def test_archives_that_others_may_read_are_found(project: Project, remote: Remote) -> None:
    remote.put("a.xml", archive_xml("a"))
    collect(project, project.config.collections[0])
    assert "privacy" not in faults_of(project)
    (archive,) = project.landing_path.rglob("*-a.xml")
    archive.chmod(0o604)
    fault = faults_of(project)["privacy"]
    assert str(archive) in fault
    assert f"chmod -R go= {project.landing_path}" in fault


@pytest.mark.skipif(os.getuid() == 0, reason="root may read and write everything")
def test_archives_that_we_may_not_write_are_found(project: Project, remote: Remote) -> None:
    remote.put("a.xml", archive_xml("a"))
    collect(project, project.config.collections[0])
    (archive,) = project.landing_path.rglob("*-a.xml")
    archive.chmod(0o400)
    assert "cannot be read and written" in faults_of(project)["privacy"]
