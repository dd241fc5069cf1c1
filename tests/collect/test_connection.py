"""The way in: whose host key is accepted, what we log in with, what is spoken, how long it takes.

What cannot work is refused with the reason; no secret is in any message.
"""

import base64
import hashlib
import hmac
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from eur_pipeline.collect import connection
from eur_pipeline.collect.connection import Connection
from eur_pipeline.collect.login import Login
from eur_pipeline.collect.server import SILENCE_SECONDS
from eur_pipeline.errors import (
    HostKeyError,
    LoginRefusedError,
    OutdatedServerError,
    ServerUnreachableError,
)
from eur_pipeline.project import Project
from tests.conftest import PASSWORD_VARIABLE, Remote, openssh, project_at, through
from tests.faults.openssh import OpenSshServer
from tests.faults.proxy import End, Link, TcpProxy

from .serving import PASSWORD, Visits, serving

# ssh-keygen makes no more rounds either.
pytestmark = pytest.mark.filterwarnings("ignore:Warning. bcrypt.kdf")

PASSPHRASE_VARIABLE = "EUR_TEST_PASSPHRASE"
SECRET = "a secret that nobody sees"
OTHER = asyncssh.generate_private_key("ssh-ed25519")


@dataclass(frozen=True)
class Somewhere:
    """A server of whatever kind, as a remote."""

    port: int
    known_hosts_line: str = ""
    host: str = "127.0.0.1"


def line_of(port: int, key: asyncssh.SSHKey) -> str:
    return f"[127.0.0.1]:{port} {key.export_public_key().decode().strip()}"


def project_for(path: Path, port: int, key: asyncssh.SSHKey = OTHER, **settings: Any) -> Project:
    server: Any = Somewhere(port, line_of(port, key))
    return project_at(path / "project", Remote(server, path), **settings)


def enter(project: Project) -> None:
    """Connect, log in and hang up."""
    (collection,) = Project(project.path).config.collections
    way = Connection.of(Project(project.path), collection)
    way.open()
    way.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Remote]:
    """OpenSSH with two host keys, of which it likes to show the first."""
    rsa = tmp_path / "rsa"
    asyncssh.generate_private_key("ssh-rsa").write_private_key(rsa)
    rsa.chmod(0o600)
    with openssh(tmp_path, f"HostKey {tmp_path}/openssh/host_key\nHostKey {rsa}") as remote:
        yield remote


def fingerprint_of(key: Path) -> str:
    return asyncssh.read_private_key(key).get_fingerprint()


class AsksOrTakes(Visits):
    """Takes a password as such, too."""

    def password_auth_supported(self) -> bool:
        return True


# Host keys


def test_the_line_that_an_unknown_server_is_refused_with_lets_it_in(
    tmp_path: Path, server: Remote
) -> None:
    project = project_at(tmp_path / "project", server)
    project.known_hosts_path.write_text("")
    with pytest.raises(HostKeyError, match="is not known yet") as refused:
        enter(project)
    *_, line = str(refused.value).splitlines()
    assert line == server.server.known_hosts_line
    assert fingerprint_of(tmp_path / "openssh" / "host_key") in str(refused.value)

    project.known_hosts_path.write_text(line + "\n")
    enter(project)


def test_a_changed_key_is_refused_with_both_fingerprints(tmp_path: Path, server: Remote) -> None:
    project = project_at(tmp_path / "project", server)
    project.known_hosts_path.write_text(line_of(server.server.port, OTHER))
    with pytest.raises(HostKeyError, match="Somebody may be in between") as refused:
        enter(project)
    assert fingerprint_of(tmp_path / "openssh" / "host_key") in str(refused.value)
    assert OTHER.get_fingerprint() in str(refused.value)


def test_a_key_of_another_kind_is_a_changed_one(tmp_path: Path) -> None:
    rsa = asyncssh.generate_private_key("ssh-rsa")
    with serving(rsa) as port, pytest.raises(HostKeyError, match="has changed") as refused:
        enter(project_for(tmp_path, port, OTHER))
    assert rsa.get_fingerprint() in str(refused.value)


def test_nothing_is_sent_to_a_server_whose_key_is_not_known(tmp_path: Path) -> None:
    visits = Visits()
    key = asyncssh.generate_private_key("ssh-ed25519")
    with serving(key, visits) as port, pytest.raises(HostKeyError):
        enter(project_for(tmp_path, port))
    assert visits.tried == []


@pytest.mark.parametrize("kind", ["host_key", "rsa"])
def test_each_key_of_a_server_will_do(tmp_path: Path, server: Remote, kind: str) -> None:
    path = tmp_path / "rsa" if kind == "rsa" else tmp_path / "openssh" / "host_key"
    project = project_at(tmp_path / "project", server)
    key = asyncssh.read_private_key(path)
    project.known_hosts_path.write_text(line_of(server.server.port, key))
    enter(project)


def test_names_in_known_hosts_may_be_hashed(tmp_path: Path, server: Remote) -> None:
    project = project_at(tmp_path / "project", server)
    name, key = server.server.known_hosts_line.split(" ", 1)
    salt = os.urandom(20)
    digest = hmac.digest(salt, name.encode(), hashlib.sha1)
    hashed = "|".join(["", "1", *(base64.b64encode(part).decode() for part in (salt, digest))])
    project.known_hosts_path.write_text(f"{hashed} {key}\n")
    enter(project)


def test_a_revoked_key_is_refused(tmp_path: Path, server: Remote) -> None:
    project = project_at(tmp_path / "project", server)
    line = server.server.known_hosts_line
    project.known_hosts_path.write_text(f"{line}\n@revoked * {line.split(' ', 1)[1]}\n")
    with pytest.raises(HostKeyError, match="revoked"):
        enter(project)


@pytest.mark.parametrize("signs", ["the authority", "somebody else"])
def test_an_authority_vouches_for_its_hosts(tmp_path: Path, signs: str) -> None:
    authority = asyncssh.generate_private_key("ssh-ed25519")
    signer = authority if signs == "the authority" else OTHER
    key = asyncssh.generate_private_key("ssh-ed25519")
    certificate = signer.generate_host_certificate(key, "host", principals=["127.0.0.1"])
    with serving(key, server_host_keys=[(key, certificate)]) as port:
        project = project_for(tmp_path, port)
        project.known_hosts_path.write_text(f"@cert-authority {line_of(port, authority)}\n")
        if signer is authority:
            enter(project)
        else:
            with pytest.raises(HostKeyError, match="not trusted"):
                enter(project)


@pytest.mark.parametrize("kind", ["host_key", "rsa"])
def test_a_pinned_fingerprint_needs_no_known_hosts(
    tmp_path: Path, server: Remote, kind: str
) -> None:
    path = tmp_path / "rsa" if kind == "rsa" else tmp_path / "openssh" / "host_key"
    pinned = fingerprint_of(path)
    project = project_at(tmp_path / "project", server, host_key_fingerprint=pinned)
    project.known_hosts_path.unlink()
    enter(project)


def test_a_wrong_pin_is_refused_with_what_the_server_has(tmp_path: Path, server: Remote) -> None:
    pinned = OTHER.get_fingerprint()
    project = project_at(tmp_path / "project", server, host_key_fingerprint=pinned)
    with pytest.raises(HostKeyError, match="has changed") as refused:
        enter(project)
    said = str(refused.value)
    assert f"host_key_fingerprint is {pinned}" in said
    assert fingerprint_of(tmp_path / "rsa") in said
    assert fingerprint_of(tmp_path / "openssh" / "host_key") in said


@pytest.mark.parametrize("end", [End.CUT, End.RESET, End.STALL])
def test_a_link_that_is_lost_before_the_pinned_key_is_shown_is_no_changed_key(
    tmp_path: Path, server: Remote, end: End, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "LOGIN_SECONDS", 2)
    pinned = fingerprint_of(tmp_path / "rsa")
    with TcpProxy(server.server.host, server.server.port) as link:
        project = project_at(
            tmp_path / "project", through(link, server), host_key_fingerprint=pinned
        )
        link.plan(Link(), Link(end, after_bytes=30))
        with pytest.raises(ServerUnreachableError, match="could not connect"):
            enter(project)
        enter(project)


# Logging in


def key_file(path: Path, key: asyncssh.SSHKey, passphrase: str | None) -> Path:
    """A key file as ssh-keygen writes it."""
    # Few rounds, so that it takes no time.
    path.write_bytes(key.export_private_key(passphrase=passphrase, rounds=16))
    path.chmod(0o600)
    return path


@pytest.fixture
def own_key(server: Remote) -> asyncssh.SSHKey:
    """The key that the server lets in."""
    assert isinstance(server.server, OpenSshServer)
    return asyncssh.read_private_key(server.server.private_key)


def test_a_key_with_a_passphrase_opens_with_it(
    tmp_path: Path, server: Remote, own_key: asyncssh.SSHKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = key_file(tmp_path / "key", own_key, SECRET)
    names = {"private_key": str(key), "private_key_passphrase_env": PASSPHRASE_VARIABLE}
    project = project_at(tmp_path / "project", server, **names)
    monkeypatch.setenv(PASSPHRASE_VARIABLE, SECRET)
    enter(project)

    monkeypatch.setenv(PASSPHRASE_VARIABLE, "wrong secret")
    with pytest.raises(LoginRefusedError, match=f"{PASSPHRASE_VARIABLE} does not open") as refused:
        enter(project)
    assert "wrong secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file"),
        ("garbage", r"expected a private key in OpenSSH's or PEM format"),
        ("encrypted", "it is encrypted; name the variable .* private_key_passphrase_env"),
    ],
)
def test_a_key_that_cannot_be_used_says_why(
    tmp_path: Path, remote: Remote, content: str | None, said: str
) -> None:
    key = tmp_path / "key"
    if content == "encrypted":
        key_file(key, OTHER, SECRET)
    elif content:
        key.write_text(content)
    with pytest.raises(LoginRefusedError, match=said) as refused:
        enter(project_at(tmp_path / "project", remote, private_key=str(key)))
    assert str(key) in str(refused.value)


@contextmanager
def agent_with(folder: Path, *keys: asyncssh.SSHKey) -> Iterator[Path]:
    """The socket of an ssh agent that holds those keys."""
    path = folder / "agent"
    agent = subprocess.Popen(["/usr/bin/ssh-agent", "-D", "-a", path], stdout=subprocess.DEVNULL)
    try:
        while not path.exists():
            assert agent.poll() is None
            time.sleep(0.01)
        for number, key in enumerate(keys):
            file = key_file(folder / f"key-{number}", key, None)
            environment = {**os.environ, "SSH_AUTH_SOCK": str(path)}
            subprocess.run(["/usr/bin/ssh-add", "-q", file], env=environment, check=True)
            file.unlink()
        yield path
    finally:
        agent.kill()
        agent.wait()


def agent_only(remote: Remote, path: Path) -> Project:
    return project_at(path, remote, password_env=None, private_key=None, agent=True)


def test_an_agent_logs_in_for_us(
    tmp_path: Path, server: Remote, own_key: asyncssh.SSHKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = agent_only(server, tmp_path / "project")
    with agent_with(tmp_path, OTHER, own_key) as path:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
        enter(project)
    monkeypatch.delenv("SSH_AUTH_SOCK")
    with pytest.raises(LoginRefusedError, match="SSH_AUTH_SOCK is not set"):
        enter(project)


def test_an_agent_without_the_right_key_is_refused(
    tmp_path: Path, server: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    with agent_with(tmp_path, OTHER) as path:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
        with pytest.raises(LoginRefusedError, match="tried 1 keys of the agent"):
            enter(agent_only(server, tmp_path / "project"))


def test_a_server_that_has_seen_too_many_keys_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [asyncssh.generate_private_key("ssh-ed25519") for _ in range(3)]
    with openssh(tmp_path, "MaxAuthTries 2") as server, agent_with(tmp_path, *keys) as path:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
        with pytest.raises(LoginRefusedError, match="Too many authentication failures"):
            enter(agent_only(server, tmp_path / "project"))


def test_nobody_asked_for_an_agent_or_the_keys_in_ssh(
    tmp_path: Path, server: Remote, own_key: asyncssh.SSHKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".ssh").mkdir()
    key_file(tmp_path / ".ssh" / "id_ed25519", own_key, None)
    key_file(tmp_path / "other", OTHER, None)
    monkeypatch.setenv("HOME", str(tmp_path))
    with agent_with(tmp_path, own_key) as path:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
        with pytest.raises(LoginRefusedError, match="tried the private key;"):
            enter(project_at(tmp_path / "project", server, private_key=str(tmp_path / "other")))


def test_a_server_that_wants_no_password_is_told_none(tmp_path: Path, server: Remote) -> None:
    project = project_at(
        tmp_path / "project", server, password_env=PASSWORD_VARIABLE, private_key=None
    )
    with pytest.raises(LoginRefusedError, match="it asked for none of them"):
        enter(project)


@pytest.mark.parametrize("question", ["Password: ", "(avaya@server) Kennwort: "])
def test_a_password_is_also_given_to_a_server_that_asks_for_it(
    tmp_path: Path, question: str
) -> None:
    visits = Visits(questions=[(question, False)])
    with serving(OTHER, visits, password_auth=False) as port:
        enter(project_for(tmp_path, port))
    assert visits.tried == [PASSWORD]


def test_a_server_that_asks_for_a_code_first_still_gets_the_password(tmp_path: Path) -> None:
    visits = AsksOrTakes(questions=[("Verification code: ", False)])
    with serving(OTHER, visits) as port:
        enter(project_for(tmp_path, port))
    assert visits.tried == [PASSWORD]


@pytest.mark.parametrize(
    "questions", [[("Your name: ", True)], [("Password: ", False), ("Code: ", False)]]
)
def test_other_questions_get_no_answer(tmp_path: Path, questions: list[tuple[str, bool]]) -> None:
    visits = Visits(questions=questions)
    with serving(OTHER, visits) as port, pytest.raises(LoginRefusedError, match="none of them"):
        enter(project_for(tmp_path, port))
    assert visits.tried == []


@pytest.mark.parametrize("questions", [[], [("Password: ", False)]])
def test_a_wrong_password_is_tried_once_and_is_in_no_message(
    tmp_path: Path, questions: list[tuple[str, bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, SECRET)
    visits = Visits(questions=questions)
    with serving(OTHER, visits) as port, pytest.raises(LoginRefusedError) as refused:
        enter(project_for(tmp_path, port))
    assert visits.tried == [SECRET]
    said = f"{refused.value!r} {refused.value.__cause__!r}"
    assert PASSWORD_VARIABLE in said
    assert SECRET not in said


def test_nothing_that_may_be_written_out_has_a_secret(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)
    (collection,) = project.config.collections
    assert PASSWORD not in repr(Login.of(project, collection))
    way = Connection.of(project, collection)
    way.open()
    assert PASSWORD not in str(way.fs.storage_options)
    way.close()


class Rude(Visits):
    """Hangs up with a reason made for a terminal."""

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.connection = conn

    async def begin_auth(self, username: str) -> bool:  # noqa: ARG002
        self.connection.disconnect(asyncssh.DISC_BY_APPLICATION, "\x1b[2Jgone " + "x" * 9999)
        return True


def test_what_a_server_says_is_no_command_to_a_terminal(tmp_path: Path) -> None:
    with serving(OTHER, Rude()) as port, pytest.raises(LoginRefusedError) as refused:
        enter(project_for(tmp_path, port))
    said = str(refused.value)
    assert "x1b[2Jgone" in said
    assert said.isprintable()
    assert len(said) < 1000


# What is spoken


def test_the_fastest_modern_cipher_is_spoken_without_compression(
    tmp_path: Path, server: Remote
) -> None:
    project = project_at(tmp_path / "project", server)
    (collection,) = project.config.collections
    way = Connection.of(project, collection)
    way.open()
    spoken = {
        name: way.fs.client.get_extra_info(name) for name in ("recv_cipher", "recv_compression")
    }
    way.close()
    assert spoken == {"recv_cipher": "aes256-gcm@openssh.com", "recv_compression": "none"}


@pytest.mark.parametrize(
    ("setting", "kind"),
    [
        ("Ciphers aes256-cbc,aes128-cbc", "encryption algorithms are aes256-cbc, aes128-cbc"),
        (
            "KexAlgorithms diffie-hellman-group14-sha1,diffie-hellman-group1-sha1",
            "key exchange algorithms are diffie-hellman-group14-sha1,",
        ),
        ("Ciphers aes256-ctr\nMACs hmac-sha1", "MAC algorithms are hmac-sha1"),
        ("HostKey {rsa}\nHostKeyAlgorithms ssh-rsa", "host key algorithms are ssh-rsa"),
    ],
)
def test_an_outdated_server_is_told_what_it_lacks(tmp_path: Path, setting: str, kind: str) -> None:
    rsa = tmp_path / "rsa"
    asyncssh.generate_private_key("ssh-rsa").write_private_key(rsa)
    rsa.chmod(0o600)
    with (
        openssh(tmp_path, setting.format(rsa=rsa)) as server,
        pytest.raises(OutdatedServerError, match=kind) as refused,
    ):
        enter(project_at(tmp_path / "project", server))
    assert "Update the server" in str(refused.value)


# How long it takes


@contextmanager
def full() -> Iterator[int]:
    """A port where connections are neither taken nor refused, as behind a firewall."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port: int = listener.getsockname()[1]
        with closing(socket.socket()) as one, closing(socket.socket()) as two:
            for waiting in (one, two):
                waiting.setblocking(False)
                waiting.connect_ex(("127.0.0.1", port))
            yield port


@contextmanager
def silent(greeting: bytes = b"") -> Iterator[int]:
    """A port that takes connections, greets, and says no more."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        port: int = listener.getsockname()[1]
        if greeting:
            taken: list[socket.socket] = []

            def greet() -> None:
                caller, _ = listener.accept()
                caller.sendall(greeting)
                taken.append(caller)

            thread = threading.Thread(target=greet)
            thread.start()
            yield port
            thread.join()
            taken[0].close()
        else:
            yield port


@contextmanager
def never_answering_logins() -> Iterator[int]:
    with serving(OTHER, Visits(answers_logins=False)) as port:
        yield port


HOLES: Mapping[str, tuple[Any, str]] = {
    "nobody takes the connection": (full, "nothing took the connection"),
    "silence": (silent, "did not complete the handshake"),
    "silence after the greeting": (
        lambda: silent(b"SSH-2.0-OpenSSH_9.2\r\n"),
        "did not complete the handshake",
    ),
    "silence at login": (never_answering_logins, "did not answer the login"),
}


@pytest.mark.parametrize("hole", HOLES)
def test_silence_is_given_up_and_says_where_it_fell(
    tmp_path: Path, hole: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "LOGIN_SECONDS", 0.5)
    server, said = HOLES[hole]
    with server() as port, pytest.raises(ServerUnreachableError, match=said):
        enter(project_for(tmp_path, port))


def test_an_agent_that_says_nothing_is_given_up(
    tmp_path: Path, server: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "LOGIN_SECONDS", 0.5)
    path = tmp_path / "silent"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
        with pytest.raises(ServerUnreachableError, match="the login"):
            enter(agent_only(server, tmp_path / "project"))


def test_all_of_it_leaves_a_sensor_the_time_to_say_so() -> None:
    assert connection.LOGIN_SECONDS + connection.CLOSE_SECONDS <= 15
    assert SILENCE_SECONDS + connection.CLOSE_SECONDS < 20
