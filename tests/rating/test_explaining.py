"""Why a message costs what it costs: `eur tariff explain`, on a generated world."""

import json
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

import eur_pipeline
from eur_pipeline.analyst import QueryError
from eur_pipeline.billing.explaining import explain
from eur_pipeline.cli import app
from eur_pipeline.models import build, publish
from eur_pipeline.project import Project
from tests.models.lake_project import query
from tests.rating.boundary_cases import NOON, SITES, Case
from tests.rating.generating import make_world
from tests.rating.world import World

pytestmark = pytest.mark.xdist_group("explaining")


def published(world: World, path: Path) -> Project:
    project = world.write(path)
    assert build(project).committed
    publish(project)
    return project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Ann's third kilobyte is half free and half in the dearer tier."""
    world = World([dict(site) for site in SITES])
    world.add(
        "tariff/time_bands.csv",
        **{"time_band": "noon", "days": "tue", "from": "12:00", "to": "14:00"},
    )
    for usage_type in ("message", "file_transfer"):
        for destination in ("internal", "external"):
            row = {"usage_type": usage_type, "destination": destination, "price": "0"}
            world.add("tariff.csv", **row, currency="CHF")
    case = Case(world, "office")
    case.terms()
    case.rate(price="0.1", time_band="noon", markup_percent="10")
    case.rate(price="5")
    case.rate("kilobyte", tiering="graduated", tier_from="0", price="1", rounding="exact")
    case.rate("kilobyte", tiering="graduated", tier_from="1", price="2", rounding="exact")
    case.allow("2", "kilobyte")
    case.send(NOON, body_bytes=1500)
    case.send(NOON.replace(minute=1), body_bytes=1500)
    case.send(NOON.replace(minute=2), body_bytes=1000, to=("x@else.example",))
    case.send(NOON, kind="receipt")
    return published(world, tmp_path_factory.mktemp("explaining") / "project")


def ids(project: Project) -> list[str]:
    return [i for (i,) in query(project, "select message_id from messages order by kind, sent_at")]


def test_rate_band_allowance_and_tiers_are_told(project: Project) -> None:
    said = CliRunner().invoke(
        app, ["tariff", "explain", ids(project)[2], "--dir", str(project.path)]
    )
    assert said.output.splitlines() == [
        f"message {ids(project)[2]} of office_ann, office_C1",
        "sent 2026-03-10 12:02:00 UTC: 2026-03-10, the quarter from 13:00",
        "plan office, by its cost_centre; counted together: office_ann",
        "kilobyte to x@else.example (external): 1 units",
        "  rate office/kilobyte/all from always (graduated)",
        "  allowance office/kilobyte/all: 2 a month, 3 used before, 0 of this free",
        "  tier 2 (from 1): 1 x 2 = 2",
        "message to x@else.example (external): 1 units",
        "  rate office/message/all/noon from always (flat)",
        "  tier 1 (from 0): 1 x 0.1 = 0.1, with mark-up 0.11",
        "in all: 2.11 CHF, rounded once per line of the bill",
    ]


def test_a_program_reads_the_same_as_json(project: Project) -> None:
    arguments = ["tariff", "explain", ids(project)[1], "--json", "--dir", str(project.path)]
    found = json.loads(CliRunner().invoke(app, arguments).output)
    (kilobytes, message) = found["uses"]
    assert Decimal(kilobytes["free"]) == Decimal("0.5")
    assert [Decimal(part["amount"]) for part in kilobytes["parts"]] == [Decimal(1)]
    assert message["time_band"] == "noon"
    assert Decimal(found["charge"]) == Decimal("1.11")


def test_what_is_not_billable_says_so(project: Project) -> None:
    arguments = ["tariff", "explain", ids(project)[-1], "--dir", str(project.path)]
    assert "not billable: it is of kind receipt" in CliRunner().invoke(app, arguments).output


def test_an_unknown_message_is_refused(project: Project) -> None:
    with pytest.raises(QueryError, match="there is no message 'x'"):
        explain(eur_pipeline.open(project.path), "x")


def test_what_is_told_of_all_messages_adds_up_to_the_lines(tmp_path: Path) -> None:
    project = published(make_world(seed=4, combinations=3), tmp_path / "project")
    told: defaultdict[str, Decimal] = defaultdict(Decimal)
    for message_id in ids(project):
        for use in explain(eur_pipeline.open(project.path), message_id).uses:
            told[use.usage_type] += use.charge
    lines = query(
        project,
        "select usage_type, sum(unrounded_charge) from charge_lines_monthly "
        "where usage_type not in ('monthly_fee', 'minimum', 'maximum') group by all",
    )
    assert {usage_type: round(charge, 12) for usage_type, charge in told.items()} == dict(lines)
    assert len(lines) > 2
