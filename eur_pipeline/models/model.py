"""What a SQL model is: its name, place, grain, columns, tests and template.

Plain values; finding and checking them is the business of `loading.py`.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from eur_pipeline.models.grains import Grain


class Layer(StrEnum):
    """The folder of a model."""

    STAGING = "staging"
    INTERMEDIATE = "intermediate"
    MARTS = "marts"

    @property
    def schema(self) -> str:
        """The schema its tables lie in; marts lie where analysts look first."""
        return "main" if self is Layer.MARTS else self.value


class Severity(StrEnum):
    """What a failing test means: the build is undone, or the failure is only reported."""

    ERROR = "error"
    WARN = "warn"


@dataclass(frozen=True)
class Column:
    """A column of a model or source, with its DuckDB type."""

    name: str
    type: str
    description: str


@dataclass(frozen=True, order=True)
class ColumnSource:
    """A column that another is made from; `table` is a model, or a source as `lake.messages`."""

    table: str
    column: str


@dataclass(frozen=True)
class Template:
    """A Jinja template of SQL, and what it was found to refer to.

    Attributes:
        refs: Models, in order of first mention.
        sources: Sources as `lake.messages`, in order of first mention.
        settings: What its `config(...)` says.
    """

    text: str
    refs: tuple[str, ...]
    sources: tuple[str, ...]
    settings: dict[str, Any] = field(hash=False)

    @property
    def grain(self) -> Grain:
        """The declared grain; a ValueError names an unknown one, a KeyError a missing one."""
        return Grain(self.settings["meta"]["grain"])

    @property
    def context_days(self) -> int | None:
        """How many dates before and after its own each date reads; None: all (`all`)."""
        days = self.settings["meta"].get("context_days", 0)
        return None if days == "all" else int(days)

    @property
    def inputs_context_days(self) -> int:
        """How many dates before and after its own, of inputs valid for a while, a date reads."""
        return int(self.settings["meta"].get("inputs_context_days", 0))


@dataclass(frozen=True)
class ModelTest:
    """A query that returns the rows which break a rule.

    Attributes:
        name: Unique among all tests.
        model: The model it is about.
        rule: `not_null`, `unique`, `accepted_values`, `relationships` or `rows` (a file in tests/).
        template: Its `ref`s stand for what the rebuilt dates read; 0 rows = passed.
        condition: What a row fulfils that breaks the rule by itself; empty where no row can.
    """

    name: str
    model: str
    rule: str
    description: str
    severity: Severity
    template: Template
    condition: str = ""

    @property
    def is_of_rows(self) -> bool:
        """Whether it is a file of its own, and no rule of a column."""
        return self.rule == "rows"


@dataclass(frozen=True)
class Model:
    """One SQL model, with all that its two files say."""

    name: str
    layer: Layer
    description: str
    columns: tuple[Column, ...]
    template: Template
    tests: tuple[ModelTest, ...]

    @property
    def grain(self) -> Grain:
        """By which date its rows are rebuilt."""
        return self.template.grain

    @property
    def parents(self) -> tuple[str, ...]:
        """The models it reads."""
        return self.template.refs

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources it reads, as `lake.messages` or `inputs.directory`."""
        return self.template.sources

    @property
    def table(self) -> str:
        """Its table's name with the schema."""
        return f"{self.layer.schema}.{self.name}"


@dataclass(frozen=True)
class Source:
    """A table that models read and do not make: `lake.messages`, `inputs.directory`."""

    name: str
    description: str
    columns: tuple[Column, ...]
