"""SSH servers of a peculiar kind, made with asyncssh, for the tests of the way in."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncssh
from fsspec.asyn import get_loop, sync

PASSWORD = "correct"


@dataclass
class Visits(asyncssh.SSHServer):
    """Takes every login of whoever knows the password, and notes what was tried.

    `questions` are those of a keyboard-interactive login, each with whether its answer is shown;
    where there are any, the password is taken in no other way.
    """

    questions: list[tuple[str, bool]] = field(default_factory=list)
    answers_logins: bool = True
    tried: list[str] = field(default_factory=list)

    async def begin_auth(self, username: str) -> bool:  # noqa: ARG002
        if not self.answers_logins:
            await asyncio.sleep(60)
        return True

    def password_auth_supported(self) -> bool:
        return not self.questions

    def validate_password(self, username: str, password: str) -> bool:  # noqa: ARG002
        self.tried.append(password)
        return password == PASSWORD

    def kbdint_auth_supported(self) -> bool:
        return bool(self.questions)

    def get_kbdint_challenge(
        self,
        username: str,  # noqa: ARG002
        lang: str,  # noqa: ARG002
        submethods: str,  # noqa: ARG002
    ) -> tuple[str, str, str, list[tuple[str, bool]]]:
        return "login", "instructions", "en", self.questions

    def validate_kbdint_response(self, username: str, responses: Any) -> bool:  # noqa: ARG002
        self.tried += responses
        return list(responses) == [PASSWORD]


@contextmanager
def serving(
    host_key: asyncssh.SSHKey, visits: asyncssh.SSHServer | None = None, **options: Any
) -> Iterator[int]:
    """The port of a server with that host key."""
    options.setdefault("server_host_keys", [host_key])
    acceptor = sync(
        get_loop(),
        asyncssh.listen,
        "127.0.0.1",
        0,
        server_factory=lambda: visits or Visits(),
        sftp_factory=True,
        **options,
    )
    try:
        yield acceptor.get_port()
    finally:
        get_loop().call_soon_threadsafe(acceptor.close)
