"""What a build tells its caller: what was rebuilt, and which tests failed."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from eur_pipeline.models.model import ModelTest, Severity


@dataclass(frozen=True)
class ModelResult:
    """What a build did to one model.

    Attributes:
        dates: Those rebuilt, in the model's grain; 0001-01-01 where it is built as a whole.
        rows: Rows written.
        total_rows: Rows the table has now.
    """

    model: str
    dates: tuple[dt.date, ...]
    emptied: tuple[dt.date, ...]
    rows: int
    total_rows: int
    seconds: float


@dataclass(frozen=True)
class TestResult:
    """What a test found in the rebuilt dates of its model; `sample` has no bodies."""

    __test__ = False  # for pytest, which takes the name for a test case

    test: ModelTest
    failing_rows: int
    sample: tuple[dict[str, Any], ...]

    @property
    def passed(self) -> bool:
        """Whether no row broke the rule."""
        return self.failing_rows == 0

    @property
    def message(self) -> str:
        """The failure in one line: what failed, how often, and the first rows."""
        rows = "; ".join(
            ", ".join(f"{name} = {value}" for name, value in row.items()) for row in self.sample
        )
        return f"{self.test.model}: {self.test.name} fails for {self.failing_rows} rows: {rows}"


@dataclass(frozen=True)
class BuildReport:
    """What a build did. It is committed unless a test of severity error failed.

    Attributes:
        warnings: What it had to do without: files that lie elsewhere and could not be fetched.
    """

    models: tuple[ModelResult, ...]
    tests: tuple[TestResult, ...]
    warnings: tuple[str, ...] = ()

    @property
    def failures(self) -> tuple[TestResult, ...]:
        """The failed tests that undid the build."""
        return tuple(t for t in self.tests if not t.passed and t.test.severity is Severity.ERROR)

    @property
    def committed(self) -> bool:
        """Whether the build stands."""
        return not self.failures
