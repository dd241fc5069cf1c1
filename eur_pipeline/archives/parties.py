"""Who sent a record and to whom, as the record itself says.

Who was in a conversation at a moment is `presence.py`'s.
"""

from collections.abc import Callable
from dataclasses import dataclass

from eur_pipeline.archives import values
from eur_pipeline.archives.dialect import Dialect
from eur_pipeline.archives.view import FieldError, View
from eur_pipeline.archives.xpath import XPath


@dataclass(frozen=True, slots=True)
class _Direction:
    """Which way a record went between the owner and one other."""

    sent: XPath
    received: XPath
    other: tuple[XPath, ...]

    @classmethod
    def of(cls, dialect: Dialect) -> "_Direction | None":
        """As the dialect declares it."""
        if dialect.direction is None:
            return None
        declared = dialect.direction
        return cls(
            dialect.compile(declared.sent),
            dialect.compile(declared.received),
            tuple(dialect.compile(x) for x in declared.other),
        )

    def parties(self, view: View) -> tuple[str, str]:
        """Sender and recipient, empty where they are not known."""
        other = view.text(self.other) or ""
        if view.holds(self.sent):
            return view.owner, other
        return (other, view.owner) if view.holds(self.received) else ("", "")


class Parties:
    """Finds the addresses of a record, bare."""

    def __init__(self, dialect: Dialect, bare: Callable[[str], str]) -> None:
        fields = dialect.fields
        self._bare = bare
        self._sender = tuple(map(dialect.compile, fields.sender))
        self._sender_in_room = tuple(map(dialect.compile, fields.sender_in_room))
        self._recipients = tuple(map(dialect.compile, fields.recipients))
        self._recipients_in_room = tuple(map(dialect.compile, fields.recipients_in_room))
        self._occupant = tuple(map(dialect.compile, fields.occupant))
        self._direction = _Direction.of(dialect)

    def sender(self, view: View) -> str:
        """Who sent it; raises FieldError where nobody did."""
        if address := view.text(self._sender):
            sender = self._bare(address)
        elif occupant := view.text(self._sender_in_room):
            sender = values.occupant_address(occupant)
        else:
            sender = self._bare(self._directed(view)[0])
        if not sender:
            raise FieldError("sender", "expected an address, found nothing")
        return sender

    def recipients(self, view: View) -> tuple[str, ...]:
        """To whom, each once."""
        bare = map(self._bare, view.texts(self._recipients))
        occupants = map(values.occupant_address, view.texts(self._recipients_in_room))
        if found := tuple(dict.fromkeys((*bare, *occupants))):
            return found
        directed = self._bare(self._directed(view)[1])
        return (directed,) if directed else ()

    def occupant(self, view: View) -> str | None:
        """As whom the sender is in the room to all of whom it was said, where that is told."""
        found = view.text(self._occupant)
        return values.occupant_address(found) if found else None

    def _directed(self, view: View) -> tuple[str, str]:
        """Sender and recipient, where the record's direction says it."""
        return ("", "") if self._direction is None else self._direction.parties(view)
