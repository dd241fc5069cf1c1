"""When a record was sent: told by itself, or by what has passed since the record before.

How one instant is written is `values.py`'s.
"""

import datetime as dt
from dataclasses import dataclass

from lxml import etree

from eur_pipeline.archives import values
from eur_pipeline.archives.dialect import Dialect
from eur_pipeline.archives.sections import Time
from eur_pipeline.archives.view import View
from eur_pipeline.archives.xpath import XPath


@dataclass(frozen=True, slots=True)
class _Told:
    """Where a time stands, compiled."""

    time: Time
    path: XPath
    start: XPath | None

    @classmethod
    def all_of(cls, times: tuple[Time, ...], dialect: Dialect) -> "tuple[_Told, ...]":
        """Every place in turn."""
        compiled = dialect.compile
        return tuple(
            cls(time, compiled(time.xpath), compiled(time.start.xpath) if time.start else None)
            for time in times
        )


class Times:
    """The times of one archive's records, from its beginning."""

    def __init__(self, dialect: Dialect) -> None:
        self._sent_at = _Told.all_of(dialect.fields.sent_at, dialect)
        self._original = _Told.all_of(dialect.fields.original_sent_at, dialect)
        self._clock = _Clock() if dialect.tells_time_by_the_record_before else None

    def enter(self, element: etree._Element) -> None:
        """Turn to the next record."""
        if self._clock is not None:
            self._clock.enter(element)

    def sent_at(self, view: View) -> dt.datetime:
        """The archive's stamp in UTC; raises ValueError."""
        moment = self._read(view)
        if self._clock is not None:
            self._clock.current = moment
        return moment

    def original_sent_at(self, view: View, sent_at: dt.datetime) -> dt.datetime | None:
        """The oldest stamp in the message that is older than the archive's."""
        stamps = (
            _instant_or_none(text, told.time)
            for told in self._original
            for text in view.texts((told.path,))
        )
        return min((stamp for stamp in stamps if stamp and stamp < sent_at), default=None)

    def _read(self, view: View) -> dt.datetime:
        for told in self._sent_at:
            text = view.text((told.path,))
            if text is None:
                continue
            if self._clock is None or told.start is None or told.time.start is None:
                return told.time.read(text)
            start = view.text((told.start,))
            begun = told.time.start.read(start) if start else None
            return self._clock.after_previous(values.seconds(text), begun)
        raise ValueError("expected a time, found nothing")


class _Clock:
    """The time of the record before, among the records of one surrounding element.

    Attributes:
        current: The time of the current record; unknown until it is told.
    """

    def __init__(self) -> None:
        self.current: dt.datetime | None = None
        self._around: etree._Element | None = None
        self._is_first = True
        self._last: dt.datetime | None = None

    def enter(self, element: etree._Element) -> None:
        """Turn to the next record."""
        around = element.getparent()
        self._is_first = around is not self._around
        self._around = around
        self._last, self.current = self.current, None

    def after_previous(self, passed: dt.timedelta, start: dt.datetime | None) -> dt.datetime:
        """So long after the record before, or for the first one after `start`; ValueError."""
        previous = start if self._is_first else self._last
        if previous is None:
            raise ValueError("expected a time after that of the record before, which is unknown")
        if passed > values.LATEST - previous:
            raise ValueError(f"expected a time until {values.LATEST:%Y}, found a later one")
        return previous + passed


def _instant_or_none(text: str, time: Time) -> dt.datetime | None:
    # The sender writes this one and nobody bills by it: nonsense in it must not cost the record.
    try:
        return time.read(text)
    except ValueError:
        return None
