"""Turns the texts of an archive into addresses, times, sizes and file names.

Where in the XML such a text stands is the dialect's business. A time that cannot be understood is a
ValueError that says what was found and expected.
"""

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum
from urllib.parse import unquote, urlsplit

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
# Before, nobody chatted; far beyond, or in 1970, it is another unit or no time at all.
EARLIEST = dt.datetime(1990, 1, 1, tzinfo=dt.UTC)
LATEST = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
_NUMBER = re.compile(r"\+?[0-9]+")
# No address of XMPP begins so: a colon is forbidden before its @.
_SCHEMES = re.compile(r"\s*(?:(?:sips?|xmpp|im|pres|mailto|tel):\s*)+", re.I)
_PARAMETERS = re.compile(r"[;?].*", re.S)
_DECIMAL = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,9})?")
_SECONDS = re.compile(r"[0-9]{1,10}(\.[0-9]{1,9})?")
_TICKS = re.compile(r"[0-9]{1,19}")
_TICKS_PER_MICROSECOND = 10
_TICKS_BEGIN = dt.datetime(1, 1, 1)  # noqa: DTZ001 - in whatever zone the ticks are
# Seconds have nine or ten digits from 1990 until 2100, milliseconds twelve or thirteen.
_MILLISECOND_DIGITS = 11
_TIME_OF_DAY = re.compile(r"[0-9][T ][0-9]")
_SIZE = re.compile(r"[0-9]{1,15}")
# Reasons are published, and where a dialect points to the wrong place the text may be a body: only
# what looks like a time or a number is quoted.
_QUOTABLE = re.compile(r"[0-9TZ:.,+\- ]{1,40}")
# What no XML document can hold, and so no XPath function may return.
_FORBIDDEN_IN_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class TimeFormat(StrEnum):
    """How an archive writes an instant."""

    ISO = "iso"
    EPOCH_MILLISECONDS = "epoch_milliseconds"
    EPOCH_SECONDS = "epoch_seconds"
    EPOCH_SECONDS_OR_MILLISECONDS = "epoch_seconds_or_milliseconds"
    DOTNET_TICKS = "dotnet_ticks"
    PATTERN = "pattern"
    SECONDS_AFTER_PREVIOUS = "seconds_after_previous"


def bare_address(
    text: str, presence_domain: str | None = None, extension_length: int | None = None
) -> str:
    """The address without resource, its domain in lower case; an extension gets the domain.

    Of a URI (`sip:56207@x.example;transport=tls`, `tel:56207`) the address alone is taken.
    An extension is a number of exactly `extension_length` digits (None: any number); other numbers
    stay as they are: they are nobody's of the company.
    """
    if scheme := _SCHEMES.match(text):
        text = _PARAMETERS.sub("", text[scheme.end() :])
    address = text.partition("/")[0].strip()
    local, at, domain = address.rpartition("@")
    if at:
        return f"{local}@{domain.lower()}"
    if presence_domain and _is_extension(address, extension_length):
        return f"{address}@{presence_domain.lower()}"
    return address.lower()


def _is_extension(address: str, length: int | None) -> bool:
    is_number = _NUMBER.fullmatch(address) is not None
    return is_number and (length is None or (len(address) == length and address.isdigit()))


def occupant_address(text: str) -> str:
    """`ROOM/nick`: the room's domain in lower case, the nickname as it is."""
    room, slash, nick = text.strip().partition("/")
    return bare_address(room) + slash + nick


def instant(
    text: str, time_format: TimeFormat, zone: dt.tzinfo, pattern: str | None = None
) -> dt.datetime:
    """The instant in UTC, to the microsecond; `zone` holds for times that name none.

    ValueError where it is none, or not from EARLIEST until LATEST.
    """
    try:
        if time_format is TimeFormat.PATTERN:
            moment = _by_pattern(text.strip(), pattern or "", zone)
        else:
            moment = _PARSERS[time_format](text.strip(), zone)
    except (ValueError, OverflowError):
        expected = pattern or time_format.replace("_", " ")
        raise ValueError(f"expected a time ({expected}), found {described(text)}") from None
    if not EARLIEST <= moment <= LATEST:
        raise ValueError(
            f"expected a time from {EARLIEST:%Y} until {LATEST:%Y}, found {described(text)}"
        )
    return moment


def check_pattern(pattern: str) -> None:
    """Raise ValueError unless times can be written with the pattern and read back."""
    minute = dt.datetime(2001, 11, 23, 16, 47, tzinfo=dt.UTC)
    try:
        read = _by_pattern(minute.strftime(pattern), pattern, dt.UTC)
    except (ValueError, re.error):
        read = None
    if read != minute:
        raise ValueError(
            f"a pattern of strptime with date, hour and minute, such as "
            f"'%m/%d/%Y %I:%M:%S %p', found {pattern!r}"
        )


def seconds(text: str) -> dt.timedelta:
    """A number of seconds, not negative, to the microsecond; ValueError where it is none."""
    stripped = text.strip()
    if not _SECONDS.fullmatch(stripped):
        raise ValueError(f"expected a number of seconds, found {described(text)}")
    return _microseconds(int(Decimal(stripped) * 1_000_000))


def size(text: str) -> int | None:
    """A number of bytes; None where it is no such number, or one of over 15 digits.

    Senders write it: nonsense must not cost the record, or its sender could avoid the charge.
    """
    return int(text) if _SIZE.fullmatch(text.strip()) else None


def url_file_name(url: str) -> str:
    """The last part of the URL's path, percent-decoded; empty where the path ends in a slash.

    What cannot be decoded, or is no character of XML, becomes U+FFFD.
    """
    try:
        path = urlsplit(url.strip()).path
    except ValueError:  # such as an unfinished IPv6 host
        path = url.partition("?")[0].partition("#")[0]
    return percent_decoded(path.rpartition("/")[2])


def percent_decoded(text: str) -> str:
    """The text with every %xx replaced; what is no UTF-8 or no character of XML becomes U+FFFD."""
    return _FORBIDDEN_IN_XML.sub("\ufffd", unquote(text))


def described(text: str) -> str:
    """The text for an error: quoted if it is short and of digits, else only its length."""
    return repr(text) if _QUOTABLE.fullmatch(text) else f"a text of {len(text)} characters"


def _in_utc(moment: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return moment.astimezone(dt.UTC)


def _by_pattern(text: str, pattern: str, zone: dt.tzinfo) -> dt.datetime:
    return _in_utc(dt.datetime.strptime(text, pattern), zone)  # noqa: DTZ007 - `zone` holds


def _iso(text: str, zone: dt.tzinfo) -> dt.datetime:
    if not _TIME_OF_DAY.search(text):
        raise ValueError(text)
    return _in_utc(dt.datetime.fromisoformat(text), zone)


def _epoch(unit_microseconds: int) -> Callable[[str, dt.tzinfo], dt.datetime]:
    def parse(text: str, _zone: dt.tzinfo) -> dt.datetime:
        if not _DECIMAL.fullmatch(text):
            raise ValueError(text)
        return _EPOCH + _microseconds(int(Decimal(text) * unit_microseconds))

    return parse


_epoch_milliseconds = _epoch(1_000)
_epoch_seconds = _epoch(1_000_000)


def _epoch_by_magnitude(text: str, zone: dt.tzinfo) -> dt.datetime:
    whole_digits = len(text.partition(".")[0])
    parse = _epoch_milliseconds if whole_digits >= _MILLISECOND_DIGITS else _epoch_seconds
    return parse(text, zone)


def _dotnet_ticks(text: str, zone: dt.tzinfo) -> dt.datetime:
    if not _TICKS.fullmatch(text):
        raise ValueError(text)
    return _in_utc(_TICKS_BEGIN + _microseconds(int(text) // _TICKS_PER_MICROSECOND), zone)


def _microseconds(number: int) -> dt.timedelta:
    return dt.timedelta(microseconds=number)


_PARSERS: dict[TimeFormat, Callable[[str, dt.tzinfo], dt.datetime]] = {
    TimeFormat.ISO: _iso,
    TimeFormat.EPOCH_MILLISECONDS: _epoch_milliseconds,
    TimeFormat.EPOCH_SECONDS: _epoch_seconds,
    TimeFormat.EPOCH_SECONDS_OR_MILLISECONDS: _epoch_by_magnitude,
    TimeFormat.DOTNET_TICKS: _dotnet_ticks,
}
