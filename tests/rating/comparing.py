"""What the models made of a world, beside what the rater makes of it."""

from collections import Counter
from dataclasses import astuple, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from eur_pipeline.models import build
from tests.models.lake_project import query
from tests.rating.coverage import features
from tests.rating.rater import Rater
from tests.rating.world import World

LINES = """
    select
        local_month, person_id, site, department, cost_centre, plan, usage_type, tax_percent,
        legal_entity, uses, quantity, free_quantity, billed_quantity, cost, unrounded_charge, charge
    from charge_lines_monthly
"""
TAXES = """
    select local_month, legal_entity, cost_centre, tax_percent, net, tax
    from taxes_by_cost_centre_monthly
"""
STATES = """
    select local_date, person_id, site, department, cost_centre, kind, state, messages
    from billing_states_daily
"""

Figures = dict[tuple[Any, ...], tuple[Any, ...]]


@dataclass(frozen=True)
class Bills:
    """What a world costs: lines and taxes, and how many messages are billed and free."""

    lines: Figures
    taxes: Figures
    states: Figures


def modelled(world: World, path: Path) -> Bills:
    """By the models, as fractions."""
    project = world.write(path)
    report = build(project)
    assert report.committed, [failure.message for failure in report.failures]
    lines, taxes, states = (query(project, sql) for sql in (LINES, TAXES, STATES))
    found = {(*row[:7], Fraction(row[7]), row[8]): tuple(map(Fraction, row[9:])) for row in lines}
    taxed = {(*row[:3], Fraction(row[3])): tuple(map(Fraction, row[4:])) for row in taxes}
    stated = {row[:7]: (Fraction(row[7]),) for row in states}
    for figures, rows in ((found, lines), (taxed, taxes), (stated, states)):
        assert len(figures) == len(rows), "two rows for the same"
    return Bills(found, taxed, stated)


def rated(world: World) -> tuple[Bills, Counter[str]]:
    """By the rater, and how many combinations put each feature to use."""
    rater = Rater(world)
    lines = rater.rate_everything()
    found: Figures = {}
    for (month, place, plan, usage_type, tax, entity), line in lines.items():
        key = (month, *astuple(place))
        found[(*key, plan, usage_type, tax, entity)] = (
            *(line.uses, line.quantity, line.free, line.quantity - line.free),
            *(line.cost, line.charge, line.rounded),
        )
    states: Figures = {
        (day, *astuple(place), kind, state): (Fraction(messages),)
        for (day, place, kind, state), messages in rater.states().items()
    }
    return Bills(found, dict(rater.taxes(lines)), states), features(rater, lines)


def differences(ours: Bills, theirs: Bills) -> dict[Any, tuple[Any, Any]]:
    """Where two computations disagree."""
    figures = [(b.lines | b.taxes | b.states) for b in (ours, theirs)]
    keys = figures[0].keys() | figures[1].keys()
    pairs = {key: (figures[0].get(key), figures[1].get(key)) for key in keys}
    return {key: (one, other) for key, (one, other) in pairs.items() if one != other}
