"""One chat as it grows: who is in it, who receives what is sent, and which site archives it.

What is said, by whom and when is decided in `traffic.py`.
"""

import datetime as dt
import random
from dataclasses import dataclass, field

MILLISECOND = dt.timedelta(milliseconds=1)
LONGEST_PAUSE_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Message:
    """One record as an archive has it; `site` is the one whose Presence Services archives it."""

    site: str
    sent_at: dt.datetime
    sender: str
    recipients: tuple[str, ...]
    conversation_id: str
    kind: str
    body: str | None = None
    file_name: str | None = None
    file_bytes: int | None = None


@dataclass(frozen=True)
class Party:
    """Who takes part in a chat, and the site whose Presence Services archives what they send."""

    address: str
    site: str


@dataclass
class Chat:
    """A conversation that grows message by message."""

    rng: random.Random
    conversation_id: str
    at: dt.datetime
    parties: list[Party]
    pause_seconds: float = 25
    messages: list[Message] = field(default_factory=list)

    def pause(self) -> None:
        """Let some time pass, to the millisecond."""
        seconds = min(self.rng.expovariate(1 / self.pause_seconds), LONGEST_PAUSE_SECONDS)
        self.at += MILLISECOND * max(1, round(seconds * 1000))

    def say(self, sender: Party, body: str) -> None:
        """Send a message to everybody else."""
        self._add("message", sender, self._others(sender), body=body)

    def say_again(self, *, same_millisecond: bool) -> None:
        """Send the last message once more within the same second."""
        last = self.messages[-1]
        left = 999 - last.sent_at.microsecond // 1000
        self.at = last.sent_at
        if not same_millisecond:
            self.at += MILLISECOND * self.rng.randint(0, left)
        sender = next(party for party in self.parties if party.address == last.sender)
        self.say(sender, last.body or "")

    def offer_file(self, sender: Party, name: str, size: int) -> None:
        """Send a file through the chat window."""
        self._add("file_transfer", sender, self._others(sender), file_name=name, file_bytes=size)

    def invite(self, sender: Party, guest: Party) -> None:
        """Bring somebody in, who from then on receives everything."""
        self._add("invite", sender, (guest.address,))
        self.parties.append(guest)

    def _others(self, sender: Party) -> tuple[str, ...]:
        return tuple(party.address for party in self.parties if party != sender)

    def _add(
        self,
        kind: str,
        sender: Party,
        recipients: tuple[str, ...],
        *,
        body: str | None = None,
        file_name: str | None = None,
        file_bytes: int | None = None,
    ) -> None:
        self.messages.append(
            Message(
                sender.site,
                self.at,
                sender.address,
                recipients,
                self.conversation_id,
                kind,
                body,
                file_name,
                file_bytes,
            )
        )
