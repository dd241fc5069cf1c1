"""Makes a record from an element, as a dialect says.

Finding the elements in a file, and doing so within bounds, is the reader's business.
"""

import datetime as dt
from dataclasses import replace
from functools import partial

from lxml import etree

from eur_pipeline.archives import values
from eur_pipeline.archives.dialect import Dialect
from eur_pipeline.archives.parties import Parties
from eur_pipeline.archives.presence import Presence
from eur_pipeline.archives.record import Kind, Record
from eur_pipeline.archives.times import Times
from eur_pipeline.archives.transfers import Transfers
from eur_pipeline.archives.view import FieldError, View

# Fields whose XPaths find text that is stored as it is.
_PLAIN = ("native_id", "conversation_id", "file_name", "refers_to")


class Extractor:
    """A dialect's XPaths, compiled, for one presence domain and one archive from its beginning.

    Args:
        presence: Who was where, for a dialect that finds recipients so.
    """

    def __init__(
        self,
        dialect: Dialect,
        presence_domain: str | None,
        extension_length: int | None,
        times: tuple[dt.datetime, dt.datetime],
        presence: Presence | None = None,
    ) -> None:
        self._dialect = dialect
        self._earliest, self._latest = times
        self._presence = presence
        self._bare = partial(
            values.bare_address,
            presence_domain=presence_domain,
            extension_length=extension_length,
        )
        self._content = dialect.compile(dialect.content)
        self._ignored = [dialect.compile(x) for x in dialect.ignore]
        self._paths = {
            name: tuple(map(dialect.compile, getattr(dialect.fields, name)))
            for name in (*_PLAIN, "owner", "account", "body", "file_bytes")
        }
        self._kinds = [(dialect.compile(rule.when), rule.kind) for rule in dialect.kinds]
        self._times = Times(dialect)
        self._parties = Parties(dialect, self._bare)
        self._transfers = Transfers.of(dialect)

    def ignores(self, element: etree._Element) -> bool:
        """Whether the element is no record after all."""
        return any(path.holds(element) for path in self._ignored)

    def record(self, element: etree._Element, ordinal: int) -> Record:
        """The record in that element; raises FieldError."""
        self._times.enter(element)
        view = self._view(element)
        plain = {name: view.text(self._paths[name]) for name in _PLAIN}
        sent_at = self._sent_at(view)
        record = Record(
            ordinal=ordinal,
            sent_at=sent_at,
            original_sent_at=self._times.original_sent_at(view, sent_at),
            sender=self._parties.sender(view),
            occupant=self._parties.occupant(view),
            recipients=self._parties.recipients(view),
            owner=view.owner or None,
            kind=self._kind(view),
            body=view.body(self._paths["body"]),
            file_bytes=self._file_bytes(view),
            **plain,
        )
        return self._completed(record, view)

    def _completed(self, record: Record, view: View) -> Record:
        """The record with what others of the archive tell of it."""
        if self._is_said_to_all(record):
            record = replace(record, occupant=record.occupant or record.sender)
        if self._presence is not None and record.occupant is not None:
            record = replace(record, recipients=self._presence.others(record))
        return record if self._transfers is None else self._transfers.completed(record, view)

    def _is_said_to_all(self, record: Record) -> bool:
        """Whether everybody in the conversation gets it; what the system tells, nobody does."""
        asked = self._dialect.participants is not None and record.kind is not Kind.SYSTEM
        return asked and not record.recipients

    def _view(self, element: etree._Element) -> View:
        content = self._content.elements(element)
        if not content:
            raise FieldError("content", f"expected {self._dialect.content} in it, found none")
        owner = self._address(View(content[0]), "owner")
        account = self._address(View(content[0], owner), "account")
        return View(content[0], owner, account)

    def _address(self, view: View, name: str) -> str:
        found = view.text(self._paths[name])
        return self._bare(found) if found else ""

    def _sent_at(self, view: View) -> dt.datetime:
        try:
            sent_at = self._times.sent_at(view)
        except ValueError as error:
            raise FieldError("sent_at", str(error)) from None
        if not self._earliest <= sent_at <= self._latest:
            raise FieldError(
                "sent_at",
                f"expected a time from {self._earliest.isoformat()} until "
                f"{self._latest.isoformat()}, near the upload, found {sent_at.isoformat()}; check "
                f"the clock and time zone of the server, or change limits.days_before_upload or "
                f"limits.days_after_upload in eur.yaml",
            )
        return sent_at

    def _kind(self, view: View) -> Kind:
        return next(
            (kind for path, kind in self._kinds if view.holds(path)), self._dialect.other_kind
        )

    def _file_bytes(self, view: View) -> int | None:
        text = view.text(self._paths["file_bytes"])
        return None if text is None else values.size(text)
