"""The doctor finds every fault of the project's own, and lets no fault hide another."""

import asyncio
import datetime as dt
from pathlib import Path
from typing import Any

import asyncssh
import pytest
import yaml

from eur_pipeline import doctor
from eur_pipeline.cli.check import check
from eur_pipeline.doctor import examine
from eur_pipeline.project import Project
from tests.collect.serving import Visits, serving
from tests.conftest import PASSWORD_VARIABLE, Remote, archive_xml, project_at
from tests.faults.disk import small_disk
from tests.models.lake_project import record, write_archive

from .looking import faults_of, findings_of, replace


def test_a_healthy_project_has_no_faults_and_says_what_waits(
    project: Project, remote: Remote
) -> None:
    remote.put("a.xml", archive_xml("a"))
    remote.put("b.xml.part", b"")
    (remote.folder / "old").mkdir()
    findings = findings_of(project)
    assert all(finding.good for finding in findings.values())
    said = findings["geneva_im: folder"].detail
    assert "1 archives and 1 files still being uploaded; 1 folders" in said


def test_looking_changes_nothing(project: Project, remote: Remote) -> None:
    remote.put("a.xml", archive_xml("a"))
    before = sorted(project.path.rglob("*"))
    list(examine(project))
    assert sorted(project.path.rglob("*")) == before
    assert remote.names() == ["a.xml"]


def test_a_wrong_key_in_eur_yaml_is_named_and_ends_the_examination(project: Project) -> None:
    replace(project.config_path, "presence_domain", "presence_domian")
    assert list(faults_of(project)) == ["eur.yaml"]
    assert "collections.0.presence_domian: no such key here" in faults_of(project)["eur.yaml"]


def test_all_missing_secrets_are_named(project: Project) -> None:
    replace(project.path / ".env", f"{PASSWORD_VARIABLE}=correct", "")
    replace(project.path / ".env", "EUR_BODY_HASH_KEY", "EUR_BODY_HASH_KEI")
    assert f"write {PASSWORD_VARIABLE}=... into that file" in faults_of(project)[".env"]
    assert "EUR_BODY_HASH_KEY is set neither" in faults_of(project)[".env"]


def test_an_unknown_dialect_is_found(project: Project) -> None:
    replace(project.config_path, "avaya-ps", "klingon")
    assert "klingon" in faults_of(project)["geneva_im: dialect"]


def test_a_fault_of_the_directory_is_named_by_line(project: Project) -> None:
    replace(project.directory_path, "Sales,4100,,", "Sales,4100,soon,")
    assert "line 2, valid_from: expected a date" in faults_of(project)["directory.csv"]


@pytest.mark.parametrize(
    ("file", "content", "expected"),
    [
        ("sites", "site,parent,valid_from,valid_to\nmars,,,\n", "sites.csv, line 2, site"),
        ("aliases", "alias,person_id,valid_from,valid_to\nx,p7,,\n", "aliases.csv, line 2, alias"),
        ("departments", "department,name,valid_from,valid_to\n", "a department that departments"),
        ("cost_centres", "cost_centre,name,valid_from,valid_to\n4100,,,\n", "line 2, name"),
    ],
)
def test_a_fault_of_a_file_beside_the_directory_is_named(
    project: Project, file: str, content: str, expected: str
) -> None:
    project.organisation_folder.mkdir()
    (project.organisation_folder / f"{file}.csv").write_text(content)
    assert expected in faults_of(project)["directory.csv"]


def test_what_lies_elsewhere_and_cannot_be_fetched_is_found(project: Project) -> None:
    with project.config_path.open("a") as file:
        file.write("organisation: {directory: 's3://hr/people.csv'}\n")
    assert "Install s3fs" in faults_of(Project(project.path))["organisation"]


def test_a_fault_of_the_tariff_is_named_by_line(project: Project) -> None:
    replace(project.tariff_path, "CHF,0.05", "CHF,cheap")
    assert "line 3, price: expected" in faults_of(project)["tariff"]


def test_a_disk_with_less_room_than_a_collection_keeps_free_is_found(
    tmp_path: Path, remote: Remote
) -> None:
    mebibytes = 1 << 40
    project = project_at(tmp_path / "full", remote, brakes={"free_disk_mebibytes": mebibytes})
    fault = faults_of(project)["disk"]
    assert f"expected {mebibytes:,} MiB or more" in fault
    assert "free_disk_mebibytes of geneva_im" in fault


def test_a_full_disk_of_the_landing_zone_alone_is_found(project: Project) -> None:
    with small_disk(project.landing_path, 1 << 20):
        fault = faults_of(project)["disk"]
    assert f"MiB are free under {project.landing_path}" in fault
    assert len(fault.splitlines()) == 1


def test_faults_do_not_hide_each_other(project: Project) -> None:
    project.known_hosts_path.write_text("")
    project.directory_path.write_text("")
    project.tariff_path.unlink()
    project.landing_path.mkdir(mode=0o755)
    assert set(faults_of(project)) == {
        "directory.csv",
        "tariff",
        "privacy",
        "geneva_im: server",
    }


class Together(Visits):
    """A server that lets nobody in before three have come."""

    def __init__(self) -> None:
        super().__init__()
        self._three = asyncio.Barrier(3)

    async def begin_auth(self, username: str) -> bool:
        await self._three.wait()
        return await super().begin_auth(username)


def test_no_server_waits_for_another_and_findings_come_in_order(
    tmp_path: Path, project: Project
) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    with serving(key, Together()) as port:
        configuration: dict[str, Any] = yaml.safe_load(project.config_path.read_text())
        (collection,) = configuration["collections"]
        configuration["collections"] = [
            {**collection, "name": name, "port": port, "remote_path": str(tmp_path / name)}
            for name in ("one", "two", "three")
        ]
        project.config_path.write_text(yaml.safe_dump(configuration))
        line = f"[127.0.0.1]:{port} {key.export_public_key().decode()}"
        project.known_hosts_path.write_text(line)
        for name in ("one", "two", "three"):
            (tmp_path / name).mkdir()
        findings = findings_of(project)
    servers = [subject for subject in findings if subject.endswith(": server")]
    assert servers == ["one: server", "two: server", "three: server"]
    assert all(findings[subject].good for subject in servers)


def test_a_collection_that_has_stopped_needs_neither_server_nor_secrets(
    tmp_path: Path, remote: Remote
) -> None:
    project = project_at(tmp_path / "stopped", remote, port=1, stop=dt.date(2026, 3, 10))
    replace(project.path / ".env", "EUR_TEST_PASSWORD=correct", "")
    findings = findings_of(project)
    assert all(finding.good for finding in findings.values())
    assert "nothing is uploaded there since 2026-03-10" in findings["geneva_im: server"].detail
    assert "geneva_im: landing zone" in findings


def test_a_collection_that_is_gone_while_the_lake_has_its_messages_is_found(
    project: Project,
) -> None:
    write_archive(project, "a.xml", [record("2026-03-09T12:00")], "boston_im")
    assert "found none for boston_im" in faults_of(project)["collections"]


def files_of(project: Project) -> set[Path]:
    """All files of the project, locks apart."""
    files = (path for path in project.path.rglob("*") if path.is_file())
    return {path for path in files if path.suffix != ".lock"}


def test_looking_changes_only_the_copies_of_what_lies_elsewhere(
    project: Project, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "people.csv"
    elsewhere.write_bytes(project.directory_path.read_bytes())
    content = yaml.safe_load(project.config_path.read_text(encoding="utf-8"))
    content["organisation"] = {"directory": f"file://{elsewhere}"}
    project.config_path.write_text(yaml.safe_dump(content), encoding="utf-8")
    before = files_of(project)
    assert findings_of(project)["organisation"].good
    new = files_of(project) - before
    assert {path.name for path in new} == {"directory.csv", "directory.json"}
    assert {path.parent for path in new} == {project.fetched_folder}
    for said in (doctor.__doc__, check.__doc__):
        assert said is not None
        assert "as before every build" in " ".join(said.split())
