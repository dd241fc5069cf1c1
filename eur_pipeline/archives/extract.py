"""Makes a record from an element, as a dialect says.

Finding the elements in a file, and doing so within bounds, is the reader's business.
"""

import datetime as dt
from dataclasses import dataclass
from functools import partial

from lxml import etree

from eur_pipeline.archives import values
from eur_pipeline.archives.dialect import Dialect, Time
from eur_pipeline.archives.record import Kind, Record
from eur_pipeline.archives.xpath import XPath

# Fields whose XPaths find text that is stored as it is.
_PLAIN = ("native_id", "conversation_id", "file_name", "refers_to")


class FieldError(ValueError):
    """A field of a record cannot be read.

    Attributes:
        field: The field's name.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


@dataclass(frozen=True, slots=True)
class _View:
    """The element that fields are read from, and whose copy it is."""

    element: etree._Element
    owner: str

    def texts(self, paths: tuple[XPath, ...]) -> list[str]:
        """Everything that the first path with a finding finds; blank addresses and ids are none."""
        for path in paths:
            if found := [t for t in path.texts(self.element, self.owner) if t.strip()]:
                return found
        return []

    def text(self, paths: tuple[XPath, ...]) -> str | None:
        """The first text found."""
        return next(iter(self.texts(paths)), None)

    def body(self, paths: tuple[XPath, ...]) -> str | None:
        """The first body found, which may well be empty."""
        for path in paths:
            if found := path.texts(self.element, self.owner):
                return found[0]
        return None


class Extractor:
    """A dialect's XPaths, compiled, for one presence domain."""

    def __init__(
        self,
        dialect: Dialect,
        presence_domain: str | None,
        extension_length: int | None,
        not_after: dt.datetime | None,
    ) -> None:
        self._dialect = dialect
        self._not_after = not_after or values.LATEST
        self._bare = partial(
            values.bare_address,
            presence_domain=presence_domain,
            extension_length=extension_length,
        )
        self._content = dialect.compile(dialect.content)
        self._paths: dict[str, tuple[XPath, ...]] = {
            name: tuple(dialect.compile(x) for x in _expressions(value))
            for name, value in dialect.fields
        }
        self._kinds = [(dialect.compile(rule.when), rule.kind) for rule in dialect.kinds]

    def record(self, element: etree._Element, ordinal: int) -> Record:
        """The record in that element; raises FieldError."""
        view = self._view(element)
        plain = {name: view.text(self._paths[name]) for name in _PLAIN}
        sent_at = self._sent_at(view)
        return Record(
            ordinal=ordinal,
            sent_at=sent_at,
            original_sent_at=self._original_sent_at(view, sent_at),
            sender=self._sender(view),
            recipients=self._recipients(view),
            owner=view.owner or None,
            kind=self._kind(view),
            body=view.body(self._paths["body"]),
            file_bytes=self._file_bytes(view),
            **plain,
        )

    def _view(self, element: etree._Element) -> _View:
        content = self._content.elements(element)
        if not content:
            raise FieldError("content", f"expected {self._dialect.content} in it, found none")
        owner = _View(content[0], "").text(self._paths["owner"])
        return _View(content[0], self._bare(owner) if owner else "")

    def _sent_at(self, view: _View) -> dt.datetime:
        text = view.text(self._paths["sent_at"])
        if text is None:
            raise FieldError("sent_at", "expected a time, found nothing")
        time = self._dialect.fields.sent_at
        try:
            sent_at = values.instant(text, time.format, time.zone)
        except ValueError as error:
            raise FieldError("sent_at", str(error)) from None
        if sent_at > self._not_after:
            raise FieldError(
                "sent_at",
                f"expected a time until {self._not_after.isoformat()}, a day after the upload, "
                f"found {sent_at.isoformat()}; check the clock and time zone of the server",
            )
        return sent_at

    def _original_sent_at(self, view: _View, sent_at: dt.datetime) -> dt.datetime | None:
        time = self._dialect.fields.original_sent_at
        if time is None:
            return None
        stamps = (_instant_or_none(t, time) for t in view.texts(self._paths["original_sent_at"]))
        return min((stamp for stamp in stamps if stamp and stamp < sent_at), default=None)

    def _sender(self, view: _View) -> str:
        if address := view.text(self._paths["sender"]):
            sender = self._bare(address)
        else:
            sender = values.occupant_address(view.text(self._paths["sender_in_room"]) or "")
        if not sender:
            raise FieldError("sender", "expected an address, found nothing")
        return sender

    def _recipients(self, view: _View) -> tuple[str, ...]:
        bare = [self._bare(t) for t in view.texts(self._paths["recipients"])]
        occupants = map(values.occupant_address, view.texts(self._paths["recipients_in_room"]))
        return tuple(dict.fromkeys((*bare, *occupants)))

    def _kind(self, view: _View) -> Kind:
        for path, kind in self._kinds:
            if path.holds(view.element, view.owner):
                return kind
        return self._dialect.other_kind

    def _file_bytes(self, view: _View) -> int | None:
        text = view.text(self._paths["file_bytes"])
        return None if text is None else values.size(text)


def _expressions(value: object) -> tuple[str, ...]:
    match value:
        case Time(xpath=xpath):
            return (xpath,)
        case tuple():
            return value
        case _:
            return ()


def _instant_or_none(text: str, time: Time) -> dt.datetime | None:
    # The sender writes this one and nobody bills by it: nonsense in it must not cost the record.
    try:
        return values.instant(text, time.format, time.zone)
    except ValueError:
        return None
