"""The doctor finds and explains what is wrong with a server, or with our way to it."""

import asyncio
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from eur_pipeline.collect import connection
from eur_pipeline.project import Project
from eur_pipeline.simulator.sftp_server import SftpServer
from tests.conftest import Remote, archive_xml, openssh, project_at
from tests.faults.lying import LyingFiles, refuse, without_times
from tests.faults.script import Answer, Script, Step, Strike

from .looking import faults_of, findings_of, replace

OTHER_KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIGtYt8v2cXq0Xr9cUQp0m3R0y0m1wqvT9m0e1m1JQmXk"
PROBES = ".eur-check-"


@pytest.fixture
def script() -> Script:
    """What the server does wrong."""
    return Script()


@pytest.fixture
def remote(tmp_path: Path, script: Script) -> Iterator[Remote]:
    """A server that follows the script."""
    folder = tmp_path / "remote" / "archives"
    folder.mkdir(parents=True)
    with SftpServer(
        root=folder.parent,
        user="avaya",
        password="correct",
        host_key_path=tmp_path / "host_key",
        files=partial(LyingFiles, script=script),
    ) as server:
        yield Remote(server, folder)


def later(seconds: float) -> Answer:
    """Say that a file was written so much later than it was."""

    def answer(request: object, answer: Any) -> Any:
        attributes = getattr(answer, "attrs", answer)
        attributes.mtime = int(attributes.mtime + seconds)
        return answer

    return answer


def owned_by(uid: int) -> Answer:
    """Say that a file is that user's."""

    def answer(request: object, answer: Any) -> Any:
        answer.uid = uid
        return answer

    return answer


# The way in


def test_a_wrong_host_is_found(project: Project) -> None:
    replace(project.config_path, "host: 127.0.0.1", "host: no-such-host.invalid")
    fault = faults_of(project)["geneva_im: server"]
    assert "no-such-host.invalid" in fault
    assert "no address is known of this host" in fault
    assert "check host and port" in fault


def test_a_closed_port_is_found(tmp_path: Path, remote: Remote) -> None:
    project = project_at(tmp_path / "closed", remote, port=1)
    fault = faults_of(project)["geneva_im: server"]
    assert "127.0.0.1:1: nothing listens on this port there" in fault
    assert "check host and port" in fault


def test_a_wrong_password_is_found_and_not_shown(project: Project) -> None:
    replace(project.path / ".env", "=correct", "=a-wrong-one")
    faults = faults_of(project)
    assert "refused the login" in faults["geneva_im: server"]
    assert "a-wrong-one" not in str(faults)


def test_an_unknown_host_key_is_found_with_the_line_to_add(
    project: Project, remote: Remote
) -> None:
    project.known_hosts_path.write_text("")
    fault = faults_of(project)["geneva_im: server"]
    assert "its host key is not known yet: it is ssh-ed25519 SHA256:" in fault
    assert fault.splitlines()[-1] == remote.server.known_hosts_line


def test_a_changed_host_key_is_found_with_both_fingerprints(
    project: Project, remote: Remote
) -> None:
    host = remote.server.known_hosts_line.rsplit(" ", 1)[0]
    project.known_hosts_path.write_text(f"{host} {OTHER_KEY}\n")
    fault = faults_of(project)["geneva_im: server"]
    assert "Somebody may be in between" in fault
    assert fault.count("SHA256:") == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file"),
        (b"garbage", "expected a private key"),
        (
            asyncssh.generate_private_key("ssh-rsa").export_private_key("pkcs8-pem", "secret"),
            "it is encrypted",
        ),
    ],
    ids=["missing", "garbage", "encrypted"],
)
def test_an_unreadable_key_is_found(
    tmp_path: Path, remote: Remote, content: bytes | None, said: str
) -> None:
    key = tmp_path / "key"
    if content is not None:
        key.write_bytes(content)
    project = project_at(tmp_path / "keyed", remote, private_key=str(key))
    assert said in faults_of(project)["geneva_im: private key"]


def test_a_missing_remote_folder_is_found(tmp_path: Path, remote: Remote) -> None:
    project = project_at(tmp_path / "lost", remote, remote_path="/missing")
    assert "there is no such folder" in faults_of(project)["geneva_im: folder"]


def test_a_folder_that_takes_long_to_list_is_no_fault_while_the_server_goes_on(
    tmp_path: Path, remote: Remote, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(4):
        remote.put(f"{n}.xml", archive_xml("a"))
    monkeypatch.setattr(connection, "CALL_SECONDS", 1)
    script.set(Strike(Step.LIST, before=lambda _: asyncio.sleep(1.5), times=None))
    findings = findings_of(project_at(tmp_path / "kept", remote, after_collect="keep"))
    assert findings["geneva_im: folder"].good
    assert "4 archives" in findings["geneva_im: folder"].detail


# The right to remove


def test_a_server_that_lets_us_remove_is_left_as_it_was(project: Project, remote: Remote) -> None:
    remote.put("a.xml", archive_xml("a"))
    assert findings_of(project)["geneva_im: removal"].good
    assert remote.names() == ["a.xml"]


def test_a_server_that_refuses_to_remove_is_found_and_what_is_left_there_is_named(
    project: Project, remote: Remote, script: Script
) -> None:
    script.set(Strike(Step.REMOVE, refuse, times=None))
    fault = faults_of(project)["geneva_im: removal"]
    (left,) = remote.names()
    assert left.startswith(PROBES)
    assert f"The empty file /archives/{left} is left there" in fault
    assert "after_collect: keep" in fault


def test_openssh_that_refuses_to_remove_is_found(tmp_path: Path) -> None:
    with openssh(tmp_path, "ForceCommand internal-sftp -P remove") as remote:
        project = project_at(tmp_path / "project", remote)
        assert "Expected the right to remove" in faults_of(project)["geneva_im: removal"]


def test_where_no_file_can_be_made_the_right_to_remove_is_not_known(tmp_path: Path) -> None:
    with openssh(tmp_path, "ForceCommand internal-sftp -R") as remote:
        findings = findings_of(project_at(tmp_path / "project", remote))
    assert findings["geneva_im: removal"].good is None
    assert "it is not known whether" in findings["geneva_im: removal"].detail
    assert findings["geneva_im: clock"].good is None


@pytest.mark.parametrize("we_are", ["somebody else", "their owner", "root"])
def test_files_of_others_in_a_sticky_folder_are_found(
    project: Project, remote: Remote, script: Script, we_are: str
) -> None:
    owner = os.getuid()
    remote.folder.chmod(0o1777)
    remote.put("a.xml", archive_xml("a"))
    us = {"somebody else": owner + 1000, "their owner": owner, "root": 0}[we_are]
    script.set(Strike(Step.STAT, answer=owned_by(us), times=None))
    finding = findings_of(project)["geneva_im: removal"]
    if we_are == "somebody else":
        assert finding.good is False
        assert "1 of 1 files in /archives belong to others" in finding.detail
        assert "mode 1777" in finding.detail
    else:
        assert finding.good


def test_nothing_is_written_where_archives_are_kept(
    tmp_path: Path, remote: Remote, script: Script
) -> None:
    findings = findings_of(project_at(tmp_path / "kept", remote, after_collect="keep"))
    assert "geneva_im: removal" not in findings
    assert findings["geneva_im: clock"].good is None
    assert "whether the server's clock is behind" in findings["geneva_im: clock"].detail
    assert {event.step for event in script.events} <= {Step.LIST, Step.STAT}


# The clock


@pytest.mark.parametrize(("seconds", "direction"), [(3600, "ahead of"), (-3600, "behind")])
def test_a_wrong_clock_is_found(
    project: Project, script: Script, seconds: int, direction: str
) -> None:
    script.set(Strike(Step.STAT, answer=later(seconds), times=None))
    assert f"s {direction} ours" in faults_of(project)["geneva_im: clock"]


@pytest.mark.parametrize("seconds", [45, -45])
def test_a_clock_may_be_a_little_off(project: Project, script: Script, seconds: int) -> None:
    script.set(Strike(Step.STAT, answer=later(seconds), times=None))
    assert findings_of(project)["geneva_im: clock"].good


def test_a_server_without_times_has_no_clock_that_can_be_judged(
    project: Project, script: Script
) -> None:
    script.set(Strike(Step.STAT, answer=without_times, times=None))
    assert findings_of(project)["geneva_im: clock"].good is None


def test_files_of_the_future_are_found_where_archives_are_kept(
    tmp_path: Path, remote: Remote, script: Script
) -> None:
    path = remote.put("a.xml", archive_xml("a"))
    os.utime(path)
    script.set(Strike(Step.LIST, answer=later(3600), times=None))
    project = project_at(tmp_path / "kept", remote, after_collect="keep")
    assert "s ahead of ours" in faults_of(project)["geneva_im: clock"]
