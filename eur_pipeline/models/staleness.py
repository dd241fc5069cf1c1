"""Which dates of a model are to be built again.

A date's stamp is a hash over the model's own SQL and variables, the inputs valid on the date, and
the contents of the parents' dates that it reads. It is stale when that differs from what is kept.
Contents, not stamps, of the parents: what was rebuilt into the same rows makes nothing else stale.
"""

import datetime as dt
import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from eur_pipeline.models.grains import WHOLE_DATE, Grain, dates_read, dates_touched, days_around
from eur_pipeline.models.model import Model
from eur_pipeline.models.validity import InputStamps


@dataclass(frozen=True)
class ParentState:
    """A parent's grain, and a hash of its content for every date that has rows."""

    grain: Grain
    contents: Mapping[dt.date, str]


def wanted_stamps(
    model: Model,
    definition: str,
    parents: Mapping[str, ParentState],
    inputs: Mapping[str, InputStamps],
) -> dict[dt.date, str]:
    """The stamps that the model's dates should have; a date that is not among them has no rows."""
    if model.template.context_days is None:
        parents = {name: _of_one_piece(parent) for name, parent in parents.items()}
    return {
        date: _stamp(model, date, definition, parents, inputs)
        for date in _dates(model, parents.values())
    }


def _of_one_piece(parent: ParentState) -> ParentState:
    """The parent with the hash of all its content for every date: each date reads all of it."""
    digest = hashlib.sha256(repr(sorted(parent.contents.items())).encode()).hexdigest()
    return ParentState(parent.grain, dict.fromkeys(parent.contents, digest))


def _dates(model: Model, parents: Collection[ParentState]) -> list[dt.date]:
    if model.grain is Grain.WHOLE:
        return [WHOLE_DATE]
    context_days = model.template.context_days or 0
    touched = {
        touched
        for parent in parents
        for date in parent.contents
        for touched in dates_touched(parent.grain, date, model.grain, context_days)
    }
    return sorted(touched)


def _stamp(
    model: Model,
    date: dt.date,
    definition: str,
    parents: Mapping[str, ParentState],
    inputs: Mapping[str, InputStamps],
) -> str:
    digest = hashlib.sha256(definition.encode())
    days = days_around(date, model.template.inputs_context_days)
    for name, stamps in sorted(inputs.items()):
        valid = " ".join(stamps.at(model.grain, day) for day in days)
        digest.update(f"\n{name} {valid}".encode())
    for name, parent in sorted(parents.items()):
        for read in needed_dates(model.grain, [date], parent, model.template.context_days or 0):
            digest.update(f"\n{name} {read} {parent.contents[read]}".encode())
    return digest.hexdigest()


def needed_dates(
    grain: Grain, dates: Collection[dt.date], parent: ParentState, context_days: int | None
) -> list[dt.date]:
    """The parent's dates, of those that have rows, that these dates of a child read."""
    if grain is Grain.WHOLE or context_days is None:
        return sorted(parent.contents)
    wanted = {
        read for date in dates for read in dates_read(grain, date, parent.grain, context_days)
    }
    return sorted(wanted & parent.contents.keys())
