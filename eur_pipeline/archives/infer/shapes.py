"""What a text from an unknown archive looks like, and what the name of its place suggests.

Which place is chosen for a field is the business of `choice.py`.
"""

import datetime as dt
import re
from collections.abc import Iterable
from functools import lru_cache

from eur_pipeline.archives import values
from eur_pipeline.archives.values import TimeFormat

_ADDRESS = re.compile(r"(sip:|xmpp:|mailto:|im:)?[^\s@<>]{1,256}@[^\s@<>/]{1,256}(/.{0,200})?")
_NUMBER = re.compile(r"\+?[0-9]{2,15}")
_WORD = re.compile(r"[\w.:#-]{1,40}")
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_]+")
SENDER = frozenset(
    {"from", "sender", "src", "source", "author", "originator", "user", "login", "creator"}
)
RECIPIENT = frozenset(
    {"to", "recipient", "recipients", "receiver", "dest", "destination", "target", "rcpt"}
)
PARTIES = SENDER | RECIPIENT
# The order in which they are tried.
_FORMATS = (
    TimeFormat.ISO,
    TimeFormat.EPOCH_MILLISECONDS,
    TimeFormat.EPOCH_SECONDS,
    TimeFormat.DOTNET_TICKS,
)
PATTERNS = (
    "%d.%m.%Y %H:%M:%S",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%a, %d %b %Y %H:%M:%S %z",
)
# Texts are asked several times; trying all ways takes 50 microseconds.
_KNOWN = 10_000
Written = tuple[TimeFormat, str | None]
WAYS: tuple[Written, ...] = (
    *((format_, None) for format_ in _FORMATS),
    *((TimeFormat.PATTERN, pattern) for pattern in PATTERNS),
)


def is_time(text: str, written: Written) -> bool:
    """Whether the text is an instant, written so."""
    try:
        values.instant(text, written[0], dt.UTC, written[1])
    except ValueError:
        return False
    return True


@lru_cache(_KNOWN)
def time_ways(text: str) -> tuple[Written, ...]:
    """Every way of writing times in which the text is one."""
    return tuple(written for written in WAYS if is_time(text, written))


def is_address(text: str) -> bool:
    """Whether it is `somebody@somewhere`, perhaps with a resource."""
    return _ADDRESS.fullmatch(text.strip()) is not None


def is_extension(text: str) -> bool:
    """Whether it is a telephone number, or a bare extension."""
    return _NUMBER.fullmatch(text.strip()) is not None


def is_word(text: str) -> bool:
    """Whether it can be one of a small set of names."""
    return _WORD.fullmatch(text) is not None


def share(texts: Iterable[str], *, of: float) -> float:
    """How large the number `of` is beside that of the texts; 0 where there are none."""
    number = sum(1 for _ in texts)
    return of / number if number else 0.0


def words(name: str) -> tuple[str, ...]:
    """The words in the name of an element or attribute: `sentTime` is `sent`, `time`."""
    local = name.rpartition("}")[2]
    return tuple(part.lower() for part in _PARTS.findall(local))
