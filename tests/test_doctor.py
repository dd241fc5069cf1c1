"""The doctor finds every fault, says what to do, and lets no fault hide another."""

from pathlib import Path

import pytest

from eur_pipeline import doctor
from eur_pipeline.doctor import examine
from eur_pipeline.project import Project
from tests.conftest import PASSWORD_VARIABLE, Remote, archive_xml, project_at

OTHER_KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIGtYt8v2cXq0Xr9cUQp0m3R0y0m1wqvT9m0e1m1JQmXk"


def faults_of(project: Project) -> dict[str, str]:
    """What is bad, by subject; read anew as a new process would."""
    return {f.subject: f.detail for f in examine(Project(project.path)) if not f.good}


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_healthy_project_has_no_faults_and_says_what_waits(
    project: Project, remote: Remote
) -> None:
    remote.put("a.xml", archive_xml("a"))
    remote.put("b.xml.part", b"")
    findings = {finding.subject: finding for finding in examine(project)}
    assert all(finding.good for finding in findings.values())
    assert "1 archives and 1 files still being uploaded" in findings["geneva_im: server"].detail


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


def test_a_missing_secret_is_named(project: Project) -> None:
    replace(project.path / ".env", f"{PASSWORD_VARIABLE}=correct", "")
    assert f"write {PASSWORD_VARIABLE}=... into that file" in faults_of(project)[".env"]


def test_a_missing_body_key_is_named(project: Project) -> None:
    replace(project.path / ".env", "EUR_BODY_HASH_KEY", "EUR_BODY_HASH_KEI")
    assert "EUR_BODY_HASH_KEY is set neither" in faults_of(project)[".env"]


def test_an_unknown_host_key_is_found(project: Project) -> None:
    project.known_hosts_path.write_text("")
    assert "its host key is not known yet" in faults_of(project)["geneva_im: server"]


def test_a_changed_host_key_is_found(project: Project, remote: Remote) -> None:
    host = remote.server.known_hosts_line.rsplit(" ", 1)[0]
    project.known_hosts_path.write_text(f"{host} {OTHER_KEY}\n")
    assert "Somebody may be in between" in faults_of(project)["geneva_im: server"]


def test_a_wrong_password_is_found_and_not_shown(project: Project) -> None:
    replace(project.path / ".env", "=correct", "=a-wrong-one")
    faults = faults_of(project)
    assert "refused the login" in faults["geneva_im: server"]
    assert "a-wrong-one" not in str(faults)


def test_a_closed_port_is_found(tmp_path: Path, remote: Remote) -> None:
    project = project_at(tmp_path / "closed", remote, port=1)
    assert "check host and port" in faults_of(project)["geneva_im: server"]


def test_a_missing_remote_folder_is_found(tmp_path: Path, remote: Remote) -> None:
    project = project_at(tmp_path / "lost", remote, remote_path="/missing")
    assert "there is no such folder" in faults_of(project)["geneva_im: server"]


def test_an_unknown_dialect_is_found(tmp_path: Path, remote: Remote) -> None:
    project = project_at(tmp_path / "foreign", remote, dialect="klingon")
    assert "klingon" in faults_of(project)["geneva_im: dialect"]


def test_a_fault_of_the_directory_is_named_by_line(project: Project) -> None:
    replace(project.directory_path, "Sales,4100,,", "Sales,4100,soon,")
    assert "line 2, valid_from: expected a date" in faults_of(project)["directory.csv"]


def test_a_fault_of_the_tariff_is_named_by_line(project: Project) -> None:
    replace(project.tariff_path, "CHF,0.05", "CHF,cheap")
    assert "line 3, price: expected" in faults_of(project)["tariff.csv"]


def test_a_full_disk_is_found(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LEAST_FREE_BYTES", 1 << 60)
    assert "bytes are free under" in faults_of(project)["disk"]


def test_faults_do_not_hide_each_other(project: Project) -> None:
    project.known_hosts_path.write_text("")
    project.directory_path.write_text("")
    project.tariff_path.unlink()
    assert set(faults_of(project)) == {"directory.csv", "tariff.csv", "geneva_im: server"}
