"""OpenSSH's own SFTP server, on loopback and as the user who runs the tests.

Configuration, keys and port are its own: it reads and writes nothing of the machine's sshd.
"""

import contextlib
import os
import pwd
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import asyncssh
import psutil

from eur_pipeline.simulator.sftp_server import load_or_make_host_key

# sshd is in no ordinary user's PATH.
SSHD = Path("/usr/sbin/sshd")
MISSING = f"{SSHD} is missing: apt-get install openssh-server"

# Where sshd locks itself in while somebody logs in; it insists on it when root starts it.
_JAIL = Path("/run/sshd")
_STARTED_SECONDS = 10
_ATTEMPTS = 5

_CONFIG = """\
Port {port}
ListenAddress {host}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
StrictModes no
UsePAM no
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
AllowTcpForwarding no
X11Forwarding no
PrintMotd no
MaxStartups 100
LogLevel VERBOSE
Subsystem sftp internal-sftp
ForceCommand internal-sftp
"""


class OpenSshServer:
    """OpenSSH serving SFTP while its `with` block lasts; `folder` holds its keys and its log.

    It locks nobody in: paths on it are the machine's. Who has `private_key` may log in as `user`.
    `settings` are lines of sshd_config that go before its own; of most, the first counts.
    """

    host = "127.0.0.1"

    def __init__(self, folder: Path, settings: str = "") -> None:
        self.port = 0
        self._settings = settings
        self.user = pwd.getpwuid(os.getuid()).pw_name
        self.private_key = folder / "client_key"
        self._folder = folder

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._host_key = load_or_make_host_key(self._folder / "host_key")
        self.authorize(load_or_make_host_key(self.private_key))
        if os.getuid() == 0:
            _JAIL.mkdir(mode=0o755, exist_ok=True)
        for _ in range(_ATTEMPTS):
            # sshd cannot be asked which free port it took, so another may take it first.
            self.port = _free_port(self.host)
            if self.start():
                return self
        raise RuntimeError(f"sshd did not start:\n{self.log}")

    def authorize(self, key: asyncssh.SSHKey) -> None:
        """Let the holder of that key log in, and nobody else."""
        key.write_public_key(self._folder / "authorized_keys")

    def start(self) -> bool:
        """Start it on its port; whether it is up."""
        config = self._folder / "sshd_config"
        own = _CONFIG.format(port=self.port, host=self.host, folder=self._folder)
        config.write_text(f"{self._settings}\n{own}")
        self._process = subprocess.Popen(
            [SSHD, "-D", "-f", config, "-E", self._folder / "log"], stdin=subprocess.DEVNULL
        )
        end = time.monotonic() + _STARTED_SECONDS
        while self._process.poll() is None and time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection((self.host, self.port)):
                return True
            time.sleep(0.01)
        self.kill()
        return False

    def kill(self) -> None:
        """End it and every connection at once, as when its machine goes down."""
        with contextlib.suppress(psutil.NoSuchProcess):
            for session in psutil.Process(self._process.pid).children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    session.kill()
        self._process.kill()
        self._process.wait()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    @property
    def log(self) -> str:
        """What it has written about itself."""
        return (self._folder / "log").read_text()

    @property
    def known_hosts_line(self) -> str:
        """What a client's known_hosts file must say to accept it, without a line end."""
        algorithm, key = self._host_key.export_public_key().decode().split()[:2]
        return f"[{self.host}]:{self.port} {algorithm} {key}"


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
    return port
