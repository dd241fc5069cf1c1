"""What the models made of a world, beside what the rater makes of it."""

from fractions import Fraction
from pathlib import Path
from typing import Any

from eur_pipeline.models import build
from tests.models.lake_project import query
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

Figures = dict[tuple[Any, ...], tuple[Any, ...]]


def modelled(world: World, path: Path) -> tuple[Figures, Figures]:
    """Lines and taxes by the models, as fractions."""
    project = world.write(path)
    report = build(project)
    assert report.committed, [failure.message for failure in report.failures]
    lines, taxes = query(project, LINES), query(project, TAXES)
    found = {(*row[:7], Fraction(row[7]), row[8]): tuple(map(Fraction, row[9:])) for row in lines}
    taxed = {(*row[:3], Fraction(row[3])): tuple(map(Fraction, row[4:])) for row in taxes}
    assert (len(found), len(taxed)) == (len(lines), len(taxes)), "two rows for the same"
    return found, taxed


def rated(world: World) -> tuple[Figures, Figures]:
    """The same by the rater."""
    rater = Rater(world)
    lines = rater.rate_everything()
    found: Figures = {}
    for (month, place, plan, usage_type, tax, entity), line in lines.items():
        key = (month, place.person, place.site, place.department, place.cost_centre)
        found[(*key, plan, usage_type, tax, entity)] = (
            *(line.uses, line.quantity, line.free, line.quantity - line.free),
            *(line.cost, line.charge, line.rounded),
        )
    return found, dict(rater.taxes(lines))


def differences(ours: Figures, theirs: Figures) -> dict[Any, tuple[Any, Any]]:
    """Where two computations disagree."""
    keys = ours.keys() | theirs.keys()
    return {k: (ours.get(k), theirs.get(k)) for k in keys if ours.get(k) != theirs.get(k)}
