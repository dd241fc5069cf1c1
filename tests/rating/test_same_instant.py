"""What is sent at one instant: however its archives are cut, the same people pay the same."""

from pathlib import Path

from eur_pipeline.models import build
from tests.models.lake_project import Record, query, write_archive
from tests.rating.boundary_cases import NOON, SITES, Case
from tests.rating.world import World

LINES = "select * exclude (last_sent_at) from charge_lines_monthly order by all"


def lines(path: Path, *archives: list[Record]) -> list[object]:
    """What a shared allowance of two messages leaves to be paid, by archives in that order."""
    world = World([dict(site) for site in SITES])
    for kind in ("message", "file_transfer"):
        for destination in ("internal", "external"):
            row = {"usage_type": kind, "destination": destination, "price": "0"}
            world.add("tariff.csv", **row, currency="CHF")
    case = Case(world, "office")
    case.terms(scope="cost_centre")
    case.rate(price="1")
    case.allow("2")
    project = world.write(path)
    for number, records in enumerate(archives):
        hour = NOON.replace(hour=number)
        write_archive(project, f"{number}.xml", records, "zurich_im", hour)
    assert build(project).committed
    return list(query(project, LINES))


def sent_by(*names: str) -> list[Record]:
    case = Case(World([]), "office")
    for name in names:
        case.send(NOON, sender=name, to=("di",))
    records = case.world.messages["zurich_im"]
    return [{**one, "native_id": one["sender"]} for one in records]


def test_who_used_a_shared_allowance_up_does_not_hang_on_the_archives(tmp_path: Path) -> None:
    ann, bob, cy = sent_by("ann", "bob", "cy")
    whole = lines(tmp_path / "whole", [cy, ann, bob])
    assert lines(tmp_path / "parts", [cy], [bob], [ann]) == whole
    assert lines(tmp_path / "twice", [bob, cy], [ann, bob], [cy]) == whole
