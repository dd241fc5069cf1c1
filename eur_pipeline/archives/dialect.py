"""Dialects: where in an archive's XML a record and its fields stand, declared as YAML.

Loading and checking a dialect is all that happens here; `extract.py` applies one to an element.
"""

from collections.abc import Callable, Iterator
from functools import cache, cached_property
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from eur_pipeline.archives.record import Kind
from eur_pipeline.archives.sections import (
    Direction,
    Fields,
    FileTransfers,
    Key,
    KindRule,
    Layout,
    Overlap,
    Participants,
    Section,
    XPaths,
)
from eur_pipeline.archives.xpath import FUNCTIONS_PREFIX, RecordPath, XPath, compile_xpath
from eur_pipeline.checked_yaml import Wording, checked, read_yaml
from eur_pipeline.errors import ConfigurationError

SUFFIX = ".yml"
EXTENDS = "extends"
# Of these an extending dialect gives single entries; of all others the whole.
_MERGED = ("namespaces", "fields")
_WORDING = Wording(
    unknown_key="no such key in a dialect; docs/dialects/README.md lists those there are",
    secret_keys={},
)

CompanionSuffix = Annotated[str, Field(pattern=r"^\.[A-Za-z0-9]+$")]


class Dialect(Section):
    """One layout of archives.

    Attributes:
        records: Where records stand, from the root: `archive/message`; `*` is any element, `**`
            any number of elements.
        records_expected: Whether an archive with elements but without a record is unreadable, as
            one of another layout; not so where archives hold other things too.
        envelope: Elements beside the records that tell something of those after them; like
            `records`, and never records themselves. Others are forgotten before a record is read.
            XPaths reach them by `preceding-sibling::NAME[1]`; of each name the last is kept.
        ignore: A record for which one of these is true is none, and not counted.
        content: The element inside a record from which the fields are read.
        direction: Sender and recipient of records between the owner and one other.
        participants: Who receives a message that names no recipient.
        kinds: The first rule that holds gives the kind; `other_kind` where none does.
        file_transfers: Those that are told in two records.
        overlap: Whether one message can stand in several archives.
        copy_skew_milliseconds: How far the stamps of two copies without native id can differ.
        copy_window_seconds: How far the stamps of two copies with one native id can differ.
        companion_suffix: The archive `NAME.xml` is whole only with the file `NAME` + this suffix
            beside it, without which it cannot be read. Files that end so are no archives.
        layout: How records are found, where it takes more than XML.
        owner_in_name: Whether the archive's name says whose it is, so that two archives of equal
            bytes are two. With a companion or an owner in the name, these belong to the content.
    """

    name: str
    description: str
    namespaces: Annotated[dict[str, str], Field(default_factory=dict)]
    records: Annotated[XPaths, Field(min_length=1)]
    records_expected: bool = True
    envelope: XPaths = ()
    ignore: XPaths = ()
    content: str = "."
    fields: Fields
    direction: Direction | None = None
    participants: Participants | None = None
    kinds: tuple[KindRule, ...] = ()
    other_kind: Kind = Kind.SYSTEM
    file_transfers: FileTransfers | None = None
    overlap: Overlap = Overlap.POSSIBLE
    copy_skew_milliseconds: Annotated[int, Field(ge=0)] = 0
    copy_window_seconds: Annotated[int, Field(ge=0)] = 300
    layout: Layout | None = None
    companion_suffix: CompanionSuffix | None = None
    owner_in_name: bool = False

    @cached_property
    def record_paths(self) -> tuple[RecordPath, ...]:
        """`records`, ready for matching."""
        return tuple(RecordPath.parse(path, self.namespaces) for path in self.records)

    @cached_property
    def envelope_paths(self) -> tuple[RecordPath, ...]:
        """`envelope`, ready for matching."""
        return tuple(RecordPath.parse(path, self.namespaces) for path in self.envelope)

    @property
    def is_flat(self) -> bool:
        """Whether a record can be read without knowing any other element."""
        return not (
            self.tells_time_by_the_record_before
            or self.envelope
            or self.participants
            or self.file_transfers
            or self.layout
        )

    @property
    def tells_time_by_the_record_before(self) -> bool:
        """Whether a record's time can count from that of the record before."""
        return any(time.is_relative for time in self.fields.sent_at)

    def compile(self, expression: str) -> XPath:
        """The XPath with this dialect's prefixes; raises ValueError where it is none."""
        return compile_xpath(expression, self.namespaces)

    def accepts_root(self, tag: str) -> bool:
        """Whether records can stand below a root element of that name (`{namespace}name`)."""
        return any(path.accepts_root(tag) for path in self.record_paths)

    @property
    def root_names(self) -> frozenset[str]:
        """The names of the root elements that it tells, without their namespaces."""
        return frozenset(path.steps[0].rpartition("}")[2] for path in self.record_paths)

    @field_validator("namespaces")
    @classmethod
    def _keeps_our_prefix(cls, namespaces: dict[str, str]) -> dict[str, str]:
        if FUNCTIONS_PREFIX in namespaces:
            raise ValueError(
                f"another prefix: {FUNCTIONS_PREFIX} is that of the built-in functions"
            )
        return namespaces

    @model_validator(mode="after")
    def _can_be_used(self) -> Self:
        if faults := list(self._faults()):
            raise ValidationError.from_exception_data(
                "Dialect",
                [
                    InitErrorDetails(
                        type=PydanticCustomError("value_error", "{error}", {"error": reason}),
                        loc=key,
                        input=None,
                    )
                    for key, reason in faults
                ],
            )
        return self

    def _faults(self) -> Iterator[tuple[Key, str]]:
        if not self.fields.sent_at:
            yield ("fields", "sent_at"), "where and how it stands, found nothing"
        if not (self.fields.sender or self.fields.sender_in_room or self.direction):
            yield ("fields", "sender"), "this key (or `direction`), found nothing"
        for key, paths in (("records", self.records), ("envelope", self.envelope)):
            for number, path in enumerate(paths):
                if fault := _fault(RecordPath.parse, path, self.namespaces):
                    yield (key, number), fault
        for location, expression in self._expressions():
            if fault := _fault(compile_xpath, expression, self.namespaces):
                yield location, fault

    def _expressions(self) -> Iterator[tuple[Key, str]]:
        yield ("content",), self.content
        yield from ((("ignore", number), path) for number, path in enumerate(self.ignore))
        yield from self.fields.expressions(("fields",))
        if self.direction is not None:
            yield from self.direction.expressions(("direction",))
        if self.file_transfers is not None:
            yield from self.file_transfers.expressions(("file_transfers",))
        for number, rule in enumerate(self.kinds):
            yield ("kinds", number, "when"), rule.when


def _fault(
    parse: Callable[[str, dict[str, str]], object], text: str, namespaces: dict[str, str]
) -> str | None:
    """What is wrong with the expression."""
    try:
        parse(text, namespaces)
    except ValueError as error:
        return str(error).removeprefix("expected ")
    return None


def load_dialect(name: str, project_dialects: Path | None = None) -> Dialect:
    """The dialect of that name, the project's own before the built-in; ConfigurationError."""
    if project_dialects is None or not _names(project_dialects):
        return _built_in(name)
    return read_dialect(dialect_file(name, project_dialects), project_dialects)


# Reading one takes longer than reading a small archive by it.
@cache
def _built_in(name: str) -> Dialect:
    return read_dialect(dialect_file(name))


def dialect_file(name: str, project_dialects: Path | None = None) -> Traversable:
    """Where the dialect of that name stands, likewise."""
    for folder in _folders(project_dialects):
        if name in _names(folder):
            return folder / (name + SUFFIX)
    raise ConfigurationError(
        f"no dialect is named {name!r}; there are: {', '.join(dialect_names(project_dialects))}. "
        f"A dialect of your own is a file dialects/{name}{SUFFIX} in the project"
    )


def dialect_names(project_dialects: Path | None = None) -> list[str]:
    """The names of all dialects there are, in order."""
    return sorted({name for folder in _folders(project_dialects) for name in _names(folder)})


def is_built_in(name: str, project_dialects: Path | None = None) -> bool:
    """Whether the dialect of that name is not the project's own."""
    return project_dialects is None or name not in _names(project_dialects)


def _folders(project_dialects: Path | None) -> list[Traversable]:
    built_in = resources.files("eur_pipeline.archives") / "dialects"
    return [built_in] if project_dialects is None else [project_dialects, built_in]


def _names(folder: Traversable) -> list[str]:
    if not folder.is_dir():
        return []
    return [f.name.removesuffix(SUFFIX) for f in folder.iterdir() if f.name.endswith(SUFFIX)]


def read_dialect(file: Traversable, project_dialects: Path | None = None) -> Dialect:
    """The dialect in the file, named after it; ConfigurationError lists all that is wrong."""
    name = file.name.removesuffix(SUFFIX)
    return parse_dialect(_text(file), name, str(file), project_dialects)


def parse_dialect(text: str, name: str, file: str, project_dialects: Path | None = None) -> Dialect:
    """The dialect of that name in the text of that file; raises ConfigurationError."""
    content = _content(text, file)
    if "name" in content:
        raise ConfigurationError(f"{file}: name: no such key in a dialect; its file names it")
    content = _extended(content, (file,), _folders(project_dialects))
    return checked(Dialect, {**content, "name": name}, text, file, _WORDING)


def _text(file: Traversable) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file}: not readable as YAML: {error}") from None


def _content(text: str, file: str) -> dict[str, Any]:
    content = read_yaml(text, file)
    if not isinstance(content, dict):
        raise ConfigurationError(f"{file}: expected the keys of a dialect, found none")
    return content


def _extended(
    content: dict[str, Any], files: tuple[str, ...], folders: list[Traversable]
) -> dict[str, Any]:
    """The content with all that the dialect it extends says and it does not.

    `files` are those read so far: a project's dialect can extend the built-in one of its name.
    """
    own = dict(content)
    name = own.pop(EXTENDS, None)
    if name is None:
        return own
    candidates = (folder / f"{name}{SUFFIX}" for folder in folders if name in _names(folder))
    base = next((file for file in candidates if str(file) not in files), None)
    if base is None:
        raise ConfigurationError(
            f"{files[-1]}: {EXTENDS}: expected another dialect that there is, found {name!r}"
        )
    inherited = _extended(_content(_text(base), str(base)), (*files, str(base)), folders)
    return {key: _merged(inherited.get(key), own.get(key), key) for key in {**inherited, **own}}


def _merged(inherited: Any, own: Any, key: str) -> Any:
    if key in _MERGED and isinstance(inherited, dict) and isinstance(own, dict):
        return {**inherited, **own}
    return inherited if own is None else own
