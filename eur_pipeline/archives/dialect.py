"""Dialects: where in an archive's XML a record and its fields stand, declared as YAML.

Loading and checking a dialect is all that happens here; `extract.py` applies one to an element.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import cached_property
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from eur_pipeline.archives.record import Kind
from eur_pipeline.archives.values import TimeFormat
from eur_pipeline.archives.xpath import FUNCTIONS_PREFIX, RecordPath, XPath, compile_xpath
from eur_pipeline.config import TimeZoneName
from eur_pipeline.errors import ConfigurationError

SUFFIX = ".yml"


class Overlap(StrEnum):
    """Whether one message can stand in several archives of this dialect."""

    NEVER = "never"
    POSSIBLE = "possible"


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


# Several are tried in order; the first that finds something counts.
XPaths = Annotated[tuple[str, ...], BeforeValidator(_as_list)]
CompanionSuffix = Annotated[str, Field(pattern=r"^\.[A-Za-z0-9]+$")]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Time(_Section):
    """Where an instant stands, how it is written, and the zone of ISO times that name none."""

    xpath: str
    format: TimeFormat
    time_zone: TimeZoneName = "UTC"

    @cached_property
    def zone(self) -> dt.tzinfo:
        """The zone of times that name none."""
        return ZoneInfo(self.time_zone)


class Fields(_Section):
    """An XPath for each field of a record, seen from the dialect's `content`.

    Attributes:
        sender: Its resource is cut off.
        sender_in_room: Used where `sender` finds nothing; `ROOM/nick` is kept whole.
        recipients: All that is found counts; resources are cut off.
        recipients_in_room: Likewise, with `ROOM/nick` kept whole.
        owner: Whose copy it is. Found first: the other XPaths can use it as `$owner`.
    """

    sent_at: Time
    sender: XPaths
    sender_in_room: XPaths = ()
    recipients: XPaths = ()
    recipients_in_room: XPaths = ()
    owner: XPaths = ()
    native_id: XPaths = ()
    original_sent_at: Time | None = None
    conversation_id: XPaths = ()
    body: XPaths = ()
    file_name: XPaths = ()
    file_bytes: XPaths = ()
    refers_to: XPaths = ()


class KindRule(_Section):
    """The kind of the records for which the XPath is true, or finds something."""

    when: str
    kind: Kind


class Dialect(_Section):
    """One layout of archives.

    Attributes:
        records: Where records stand, from the root: `archive/message`; `*` is any element, `**`
            any number of elements.
        records_expected: Whether an archive with elements but without a record is unreadable, as
            one of another layout; not so where archives hold other things too.
        content: The element inside a record from which the fields are read.
        kinds: The first rule that holds gives the kind; `other_kind` where none does.
        overlap: Whether one message can stand in several archives.
        copy_skew_milliseconds: How far the stamps of two copies without native id can differ.
        copy_window_seconds: How far the stamps of two copies with one native id can differ.
        companion_suffix: The archive `NAME.xml` is whole only with the file `NAME` + this suffix
            beside it, without which it cannot be read. Files that end so are no archives.
        owner_in_name: Whether the archive's name says whose it is, so that two archives of equal
            bytes are two. With a companion or an owner in the name, these belong to the content.
    """

    name: str
    description: str
    namespaces: dict[str, str] = {}
    records: Annotated[XPaths, Field(min_length=1)]
    records_expected: bool = True
    content: str = "."
    fields: Fields
    kinds: tuple[KindRule, ...] = ()
    other_kind: Kind = Kind.SYSTEM
    overlap: Overlap = Overlap.POSSIBLE
    copy_skew_milliseconds: Annotated[int, Field(ge=0)] = 0
    copy_window_seconds: Annotated[int, Field(ge=0)] = 300
    companion_suffix: CompanionSuffix | None = None
    owner_in_name: bool = False

    @cached_property
    def record_paths(self) -> tuple[RecordPath, ...]:
        """`records`, ready for matching."""
        return tuple(RecordPath.parse(path, self.namespaces) for path in self.records)

    def compile(self, expression: str) -> XPath:
        """The XPath with this dialect's prefixes; raises ValueError where it is none."""
        return compile_xpath(expression, self.namespaces)

    def accepts_root(self, tag: str) -> bool:
        """Whether records can stand below a root element of that name (`{namespace}name`)."""
        return any(path.accepts_root(tag) for path in self.record_paths)

    @field_validator("namespaces")
    @classmethod
    def _keeps_our_prefix(cls, namespaces: dict[str, str]) -> dict[str, str]:
        if FUNCTIONS_PREFIX in namespaces:
            raise ValueError(
                f"another prefix: {FUNCTIONS_PREFIX} is that of the built-in functions"
            )
        return namespaces

    @model_validator(mode="after")
    def _compiles(self) -> Self:
        for number, path in enumerate(self.records):
            with _naming(f"records.{number}"):
                RecordPath.parse(path, self.namespaces)
        for key, expression in self._expressions():
            with _naming(key):
                self.compile(expression)
        return self

    def _expressions(self) -> Iterator[tuple[str, str]]:
        yield "content", self.content
        for name, value in self.fields:
            if isinstance(value, Time):
                yield f"fields.{name}.xpath", value.xpath
            else:
                yield from ((f"fields.{name}", expression) for expression in value or ())
        for number, rule in enumerate(self.kinds):
            yield f"kinds.{number}.when", rule.when


@contextmanager
def _naming(key: str) -> Iterator[None]:
    """Errors in the block name the key."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from None


def load_dialect(name: str, project_dialects: Path | None = None) -> Dialect:
    """The dialect of that name, the project's own before the built-in; ConfigurationError."""
    for folder in _folders(project_dialects):
        if name in _names(folder):
            return _load(name, folder / (name + SUFFIX))
    raise ConfigurationError(
        f"no dialect is named {name!r}; there are: {', '.join(dialect_names(project_dialects))}. "
        f"A dialect of your own is a file dialects/{name}{SUFFIX} in the project"
    )


def dialect_names(project_dialects: Path | None = None) -> list[str]:
    """The names of all dialects there are, in order."""
    return sorted({name for folder in _folders(project_dialects) for name in _names(folder)})


def _folders(project_dialects: Path | None) -> list[Traversable]:
    built_in = resources.files("eur_pipeline.archives") / "dialects"
    return [built_in] if project_dialects is None else [project_dialects, built_in]


def _names(folder: Traversable) -> list[str]:
    if not folder.is_dir():
        return []
    return [f.name.removesuffix(SUFFIX) for f in folder.iterdir() if f.name.endswith(SUFFIX)]


def _load(name: str, file: Traversable) -> Dialect:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file}: not readable as YAML: {error}") from None
    if not isinstance(content, dict):
        raise ConfigurationError(f"{file}: expected the keys of a dialect, found none")
    if "name" in content:
        raise ConfigurationError(f"{file}: name: no such key in a dialect; its file names it")
    try:
        return Dialect.model_validate({**content, "name": name})
    except ValidationError as error:
        faults = "\n".join(_explain(file, fault) for fault in error.errors())
        raise ConfigurationError(faults) from None


def _explain(file: Traversable, fault: Any) -> str:
    key = ".".join(str(part) for part in fault["loc"])
    match fault["type"]:
        case "extra_forbidden":
            said = "no such key in a dialect"
        case "missing":
            said = "expected this key, found nothing"
        case "value_error":
            said = f"expected {fault['ctx']['error']}" if key else str(fault["ctx"]["error"])
        case _:
            said = f"expected: {fault['msg']}; found {fault['input']!r}"
    return f"{file}: {key}: {said}" if key else f"{file}: {said}"
