"""Which host keys an archive server may show: those of `known_hosts`, or the pinned fingerprint.

Also says what a person needs to know and do where the server shows another one. Making the
connection is the business of `connection.py`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import asyncssh

from eur_pipeline.collect.algorithms import HOST_CERTIFICATES, HOST_KEYS
from eur_pipeline.config import Collection
from eur_pipeline.errors import HostKeyError
from eur_pipeline.project import Project

_DEFAULT_PORT = 22  # known_hosts names no port for it


class HostKeys:
    """The host keys that are accepted of one server; a pinned fingerprint goes before the file.

    Raises HostKeyError where the file is needed and cannot be read.
    """

    def __init__(self, path: Path, host: str, port: int, pinned: str | None = None) -> None:
        self.pinned = pinned
        self._path = path
        self._address = host if port == _DEFAULT_PORT else f"[{host}]:{port}"
        self.known_hosts = asyncssh.SSHKnownHosts() if pinned else self._read()
        matching = self.known_hosts.match(host, "", None if port == _DEFAULT_PORT else port)
        self._keys, self._authorities = matching[0], matching[1]

    @classmethod
    def of(cls, project: Project, collection: Collection) -> Self:
        """The host keys of a project's collection."""
        c = collection
        return cls(project.known_hosts_path, c.host, c.port, c.host_key_fingerprint)

    def _read(self) -> asyncssh.SSHKnownHosts:
        try:
            return asyncssh.read_known_hosts(str(self._path))
        except (OSError, ValueError) as error:
            raise HostKeyError(
                f"{self._path} is not readable ({error}); expected the host key of "
                f"{self._address} there, in OpenSSH's known_hosts format"
            ) from None

    def algorithms(self, shown: Sequence[asyncssh.SSHKey] = ()) -> list[str]:
        """What to ask the server for: certificates and keys of known kinds first.

        A server has a key of each kind and shows one. Kinds `shown` already are not asked again.
        """
        known = _kinds(self._keys)
        keys = [name for name in HOST_KEYS if name not in _kinds(shown)]
        keys.sort(key=lambda name: name not in known)
        return [*(HOST_CERTIFICATES if self._authorities else []), *keys]

    def accepts(self, key: asyncssh.SSHKey) -> bool:
        """Whether it is the pinned key; asyncssh itself knows those of `known_hosts`."""
        return key.get_fingerprint() == self.pinned

    def refusal(self, shown: Sequence[asyncssh.SSHKey], reason: str) -> str:
        """Why those keys, or a certificate for the `reason` that asyncssh gives, are not taken."""
        if not shown:
            return (
                f"its host key is not what {self._path} says of {self._address} ({reason}). "
                f"Ask the owner of the server for its host key, and put that one there"
            )
        found = " and ".join(_described(key) for key in shown)
        if self.pinned:
            return _changed(
                found, f"host_key_fingerprint is {self.pinned}", "change host_key_fingerprint"
            )
        line = f"{self._address} {_exported(shown[0])}"
        if self._keys:
            expected = " and ".join(_described(key) for key in self._keys)
            return _changed(
                found, f"{self._path} has {expected}", f"put into that file, instead:\n{line}"
            )
        return (
            f"its host key is not known yet: it is {found}. Ask the owner of the server whether "
            f"this is its fingerprint; if it is, add to {self._path} the line\n{line}"
        )


def _changed(found: str, expected: str, advice: str) -> str:
    return (
        f"its host key has changed: it is {found}, but {expected}. Somebody may be in between, to "
        f"read and change what passes; no login was tried. Only if the owner of the server says "
        f"that the key was changed on purpose, {advice}"
    )


def _described(key: asyncssh.SSHKey) -> str:
    return f"{key.get_algorithm()} {key.get_fingerprint()}"


def _exported(key: asyncssh.SSHKey) -> str:
    """The public key as known_hosts has it, without a comment."""
    return " ".join(key.export_public_key().decode().split()[:2])


def _kinds(keys: Sequence[asyncssh.SSHKey]) -> set[str]:
    """The algorithms that those keys sign with."""
    return {name.decode() for key in keys for name in key.sig_algorithms}
