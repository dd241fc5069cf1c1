"""What is compared where no project is given: two that have, between them, all that models know."""

import datetime as dt
import subprocess
import sys
from pathlib import Path

from eur_pipeline.project import Project
from tests.models.lake_project import UPLOADED, write_archive
from tests.models.test_rooms import joins, leaves, says
from tests.rating.boundary_cases import world_of_all

_ROOM = (
    joins("2026-03-10T12:00", "anna"),
    joins("2026-03-10T12:01", "bo"),
    says("2026-03-10T12:02", "anna", "two"),
    leaves("2026-03-10T12:06", "bo"),
    says("2026-03-10T12:07", "anna", "bo left"),
)
_BILLS = """\
bill,local_month,legal_entity,site,currency,amount,basis,dimension
Carrier,2026-03,,,CHF,1200.05,kilobyte,cost_centre
Cloud,2026-03,,zurich,CHF,99.99,message,person
"""


def make_demo(folder: Path) -> Project:
    """The demo, through the whole pipeline; none of its records is rejected."""
    eur = str(Path(sys.executable).with_name("eur"))
    options = ("--hours", "30", "--users", "40")
    subprocess.run([eur, "demo", "--dir", str(folder), *options], check=True, capture_output=True)
    return Project(folder)


def make_world(folder: Path) -> Project:
    """All boundary cases of rating, a room archived twice, and bills to be divided."""
    project = world_of_all().write(folder)
    for number in (1, 2):
        hour = UPLOADED + dt.timedelta(hours=number)
        write_archive(project, f"{number}.xml", _ROOM, "zurich_im", hour, rejects=number)
    project.bills_path.write_text(_BILLS, encoding="utf-8")
    return project
