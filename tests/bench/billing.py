"""Rating a large month, and what a late archive costs with little or much history.

Both are builds as a project makes them: staleness, tests, hashes of contents and the commit are
within the time. The company is that of `company.py`.
"""

import datetime as dt
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from eur_pipeline.billing.invoices.issuing import issue
from eur_pipeline.models import build, load_models, publish
from eur_pipeline.project import Project
from tests.bench.company import COST_CENTRES, MONTH, lake_writer, write_company
from tests.bench.measuring import Case, Timing

MESSAGES = 10_000_000
# Enough that a month's rows outweigh what a build costs without any.
MESSAGES_OF_A_SMALL_MONTH = 200_000
LATE_MESSAGES = 1_000
HISTORY_MONTHS = 12
# A message that is located has its payer, site, local day and time, and has no price yet.
LOCATED = "int_messages_located"
BILLS = ("charges_by_", "charge_lines_", "taxes_by_")


def a_large_month(folder: Path) -> Timing:
    """From located messages to charges, taxes and invoices of every account."""
    project = write_company(folder)
    with lake_writer(project) as lake:
        lake.write_month(MONTH, MESSAGES)
    rating = rating_models()
    located = _seconds_to_build(project, models_before(rating))
    rated = _seconds_to_build(project, rating)
    others = _seconds_to_build(project, None)
    issued = _seconds_to_issue(project)
    return Timing(
        what=f"rate and invoice {MESSAGES:,} messages, once they are located",
        seconds=rated + issued,
        target=60,
        note=f"rating {rated:.0f} s, issuing {COST_CENTRES} invoices {issued:.0f} s; "
        f"before: from the lake to located messages, and usage, {located:.0f} s; "
        f"after: what is made of both {others:.0f} s",
    )


@contextmanager
def a_late_archive(folder: Path) -> Iterator[Case]:
    """A day's late archive with a year of history, beside the same with one month."""
    late = _LateArchives(_with_history(folder / "year", HISTORY_MONTHS))
    rival = _LateArchives(_with_history(folder / "month", 1))
    yield Case(
        what=f"build after a day's late archive, with {HISTORY_MONTHS} months of "
        f"{MESSAGES_OF_A_SMALL_MONTH:,} messages",
        floor="the same with one month",
        subject=late.build,
        rival=rival.build,
        target=1.5,
        prepare=partial(_arrive, late, rival),
        note=lambda: f"publishing takes {late.publishing()}, with one month {rival.publishing()}",
    )


class _LateArchives:
    """A project to which archives of one day are delivered late, one after the other."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.arrived = 0

    def arrive(self) -> None:
        self.arrived += 1
        with lake_writer(self.project) as lake:
            lake.write_day(MONTH.replace(day=10), LATE_MESSAGES, days_late=self.arrived)

    def build(self) -> None:
        assert build(self.project).committed

    def publishing(self) -> str:
        seconds = []
        for _ in range(3):
            self.project.published_path.unlink(missing_ok=True)
            seconds.append(publish(self.project).seconds)
        return f"{statistics.median(seconds):.2f} s"


def _arrive(*projects: _LateArchives) -> None:
    for project in projects:
        project.arrive()


def _with_history(folder: Path, months: int) -> Project:
    project = write_company(folder)
    month = MONTH
    with lake_writer(project) as lake:
        for _ in range(months):
            lake.write_month(month, MESSAGES_OF_A_SMALL_MONTH)
            month = (month - dt.timedelta(days=1)).replace(day=1)
    assert build(project).committed
    return project


def _seconds_to_build(project: Project, select: set[str] | None) -> float:
    begun = time.perf_counter()
    assert build(project, select).committed
    return time.perf_counter() - begun


def _seconds_to_issue(project: Project) -> float:
    begun = time.perf_counter()
    batch = issue(project, MONTH, force_reason="uploads of a benchmark are not complete")
    assert batch.committed
    assert len(batch.documents) == COST_CENTRES
    return time.perf_counter() - begun


def rating_models() -> set[str]:
    """What lies between a located message and the bills."""
    bills = {model.name for model in load_models() if model.name.startswith(BILLS)}
    return _ancestors(bills) - _ancestors({LOCATED})


def models_before(others: set[str]) -> set[str]:
    """All models that are made without these, and tested without them."""
    models = {model.name: model for model in load_models()}
    made: set[str] = set()
    found = set(others)
    while found != made:
        made = set(found)
        for model in models.values():
            read = {name for test in model.tests for name in test.template.refs}
            if made & (read | set(model.parents)):
                found.add(model.name)
    return models.keys() - made


def _ancestors(names: set[str]) -> set[str]:
    """These models and all that they are made from."""
    found = set(names)
    for model in reversed(load_models()):
        if model.name in found:
            found |= set(model.parents)
    return found
