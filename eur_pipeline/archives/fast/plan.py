"""Whether a dialect is flat, and if so, at which element or attribute each of its fields stands.

Flat is a dialect whose records stand right below the root and have all their fields in attributes,
in child elements or in their attributes. Everything else that a dialect can say makes it another.
"""

import re
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel

from eur_pipeline.archives.dialect import Dialect
from eur_pipeline.archives.record import Kind
from eur_pipeline.archives.values import TimeFormat

_T = TypeVar("_T")

_NAME = "[A-Za-z_][A-Za-z0-9_.-]*"
_PLACE = re.compile(rf"(?P<element>{_NAME})?(?P<slash>/)?(?:@(?P<attribute>{_NAME}))?")
_RECORDS = re.compile(rf"(?P<root>{_NAME})/(?P<record>{_NAME})")
# A value that is written in one way only.
_KIND = re.compile(rf"@(?P<attribute>{_NAME}) = (?P<quote>['\"])(?P<value>[^'\"&<>\s]*)(?P=quote)")
# Microseconds of a unit of time.
_UNITS = {TimeFormat.EPOCH_MILLISECONDS: 1_000, TimeFormat.EPOCH_SECONDS: 1_000_000}
# What a flat dialect can say of fields and of itself; anything else has to be as in no dialect.
_FIELDS = ("sent_at", "sender", "recipients", "body", "file_bytes")
PLAIN_FIELDS = ("native_id", "conversation_id", "file_name", "refers_to")
_SAID_OF_ITSELF = (
    "name",
    "description",
    "records",
    "records_expected",
    "fields",
    "kinds",
    "other_kind",
    "overlap",
    "copy_skew_milliseconds",
    "copy_window_seconds",
)


@dataclass(frozen=True, slots=True)
class Place:
    """An element in a record, or an attribute of one or (element None) of the record itself."""

    element: str | None
    attribute: str | None


@dataclass(frozen=True, slots=True)
class KindRule:
    """Records have the kind where their attribute has the value."""

    attribute: str
    value: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Plan:
    """Where the fields of a flat dialect stand.

    Attributes:
        unit: Microseconds of a unit of `sent_at`.
        fields: The places of those that the dialect has.
    """

    root: str
    record: str
    unit: int
    fields: dict[str, Place]
    kinds: tuple[KindRule, ...]
    other_kind: Kind


class _NotFlatError(Exception):
    """The dialect says something that no plan can hold."""


def plan_of(dialect: Dialect) -> Plan | None:
    """The plan of a flat dialect; None for others."""
    try:
        _check_silent(dialect, _SAID_OF_ITSELF)
        _check_silent(dialect.fields, (*_FIELDS, *PLAIN_FIELDS))
        return _plan(dialect)
    except _NotFlatError:
        return None


def _plan(dialect: Dialect) -> Plan:
    records = _matched(_RECORDS, _only(dialect.records))
    time = _only(dialect.fields.sent_at)
    _check_silent(time, ("xpath", "format", "time_zone"))
    if time.format not in _UNITS:
        raise _NotFlatError
    texts = {name: getattr(dialect.fields, name) for name in (*_FIELDS[1:], *PLAIN_FIELDS)}
    places = {name: _place(_only(paths)) for name, paths in texts.items() if paths}
    return Plan(
        root=records["root"],
        record=records["record"],
        unit=_UNITS[time.format],
        fields={"sent_at": _place(time.xpath), **places},
        kinds=tuple(_kind_rule(rule.when, rule.kind) for rule in dialect.kinds),
        other_kind=dialect.other_kind,
    )


def _check_silent(section: BaseModel, known: tuple[str, ...]) -> None:
    """What it says beyond the known keys is what it would say anyway."""
    for name, field in type(section).model_fields.items():
        if name not in known and getattr(section, name) != field.get_default(
            call_default_factory=True
        ):
            raise _NotFlatError


def _place(xpath: str) -> Place:
    found = _matched(_PLACE, xpath)
    if (found["slash"] is not None) != (None not in (found["element"], found["attribute"])):
        raise _NotFlatError
    return Place(found["element"], found["attribute"])


def _kind_rule(xpath: str, kind: Kind) -> KindRule:
    found = _matched(_KIND, xpath)
    return KindRule(found["attribute"], found["value"], kind)


def _only(values: tuple[_T, ...]) -> _T:
    if len(values) != 1:
        raise _NotFlatError
    return values[0]


def _matched(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    found = pattern.fullmatch(text)
    if found is None:
        raise _NotFlatError
    return found
