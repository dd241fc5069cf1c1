"""What a collection logs in with: password, private key, agent. Secrets go from here to asyncssh.

They stay out of everything that is shown, sshfs' own options among them, which it would write out
when asked for its JSON. What the server then says is translated in `connection.py`.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import asyncssh

from eur_pipeline.config import Collection
from eur_pipeline.errors import LoginRefusedError
from eur_pipeline.project import Project

AGENT_VARIABLE = "SSH_AUTH_SOCK"


@dataclass(frozen=True)
class Login:
    """All that a collection has to log in with.

    Attributes:
        agent_socket: Where the ssh agent listens; None where it is not to be asked.
    """

    collection: Collection
    password: str | None = field(repr=False)
    private_key: asyncssh.SSHKey | None = field(repr=False)
    agent_socket: str | None

    @classmethod
    def of(cls, project: Project, collection: Collection) -> Self:
        """The login of a project's collection; a PermanentError says what of it is missing."""
        return cls(
            collection,
            project.password(collection),
            private_key(project, collection),
            agent_socket(collection),
        )

    @property
    def means(self) -> str:
        """What there is to log in with, by its names in `eur.yaml`."""
        c = self.collection
        means = {
            f"password_env ({c.password_env})": c.password_env,
            f"private_key ({c.private_key})": c.private_key,
            f"agent ({self.agent_socket})": c.agent,
        }
        return ", ".join(name for name, wanted in means.items() if wanted)


def private_key(project: Project, collection: Collection) -> asyncssh.SSHKey | None:
    """The collection's private key, decrypted; a LoginRefusedError says why it cannot be used."""
    path = project.private_key_path(collection)
    if path is None:
        return None
    passphrase = project.passphrase(collection)
    try:
        return asyncssh.read_private_key(path, passphrase)
    except OSError as error:
        reason = f"{error.strerror}; expected a private key that this user may read"
    except asyncssh.KeyEncryptionError:
        reason = (
            f"the passphrase in {collection.private_key_passphrase_env} does not open it; "
            f"write the right one into {project.path / '.env'}"
        )
    except asyncssh.KeyImportError as error:
        reason = _unreadable(error, passphrase)
    raise LoginRefusedError(
        f"{path}, the private_key of {collection.name}, is not usable: {reason}"
    )


def _unreadable(error: asyncssh.KeyImportError, passphrase: str | None) -> str:
    if passphrase is None and "Passphrase" in str(error):
        return (
            "it is encrypted; name the variable that has its passphrase in "
            "private_key_passphrase_env"
        )
    return f"{error}; expected a private key in OpenSSH's or PEM format"


def agent_socket(collection: Collection) -> str | None:
    """Where the agent listens, where the collection wants one."""
    if not collection.agent:
        return None
    path = os.environ.get(AGENT_VARIABLE)
    if not path or not Path(path).is_socket():
        raise LoginRefusedError(
            f"{collection.name} logs in with an ssh agent, but {AGENT_VARIABLE} is "
            f"{path or 'not set'}, where no agent listens; start this program where "
            f"`ssh-add -l` lists the key, or give the collection a private_key"
        )
    return path


class Answers(asyncssh.SSHClient):
    """Answers what the server asks at login: every key and the password, each once at most.

    Attributes:
        given: What was given so far, in words.
    """

    def __init__(self, login: Login) -> None:
        self._login = login
        self.given: list[str] = []
        self._keys_given = False
        self._password: str | None = login.password
        self._agent: asyncssh.SSHAgentClient | None = None

    async def public_key_auth_requested(self) -> list[asyncssh.SSHKey | asyncssh.SSHKeyPair]:
        """The private key, then those of the agent; none when asked again."""
        if self._keys_given:
            return []
        self._keys_given = True
        own = [self._login.private_key] if self._login.private_key else []
        agent = await self._agent_keys()
        self.given += ["the private key"] * len(own)
        if self._login.agent_socket is not None:
            self.given.append(f"{len(agent)} keys of the agent")
        return [*own, *agent]

    async def _agent_keys(self) -> list[asyncssh.SSHKeyPair]:
        if self._login.agent_socket is None:
            return []
        # Stays open, because it also signs.
        self._agent = asyncssh.SSHAgentClient(self._login.agent_socket)
        try:
            return list(await self._agent.get_keys())
        except (OSError, ValueError):
            return []

    def password_auth_requested(self) -> str | None:
        """The password; a second wrong answer would count towards locking the account."""
        password, self._password = self._password, None
        if password is not None:
            self.given.append("the password")
        return password

    def kbdint_auth_requested(self) -> str | None:
        """Whether we answer questions: with the password alone."""
        return "" if self._password is not None else None

    def kbdint_challenge_received(
        self, name: str, instructions: str, lang: str, prompts: Sequence[tuple[str, bool]]
    ) -> list[str] | None:
        """The password where one thing is asked that is not to be shown on the screen."""
        _ = name, instructions, lang
        if not prompts:
            return []
        if len(prompts) > 1 or prompts[0][1]:
            return None
        password = self.password_auth_requested()
        return None if password is None else [password]

    def connection_lost(self, exc: Exception | None) -> None:
        """Lets the agent go."""
        _ = exc
        if self._agent is not None:
            self._agent.close()
