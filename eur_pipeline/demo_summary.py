"""What a demo run has to show: the counts that must agree, and the dearest cost centres.

Every figure is read where it came to rest (server, landing zone, published database), not where it
was produced; drawing the table is the command's business.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import eur_pipeline
from eur_pipeline.analyst import Published
from eur_pipeline.collect.landing import LandingZone
from eur_pipeline.demo import remote_files
from eur_pipeline.project import Project
from eur_pipeline.simulator.simulation import SimulationReport


@dataclass(frozen=True)
class CostCentre:
    """What one cost centre is charged in one month."""

    name: str
    month: str
    currency: str
    charge: Decimal


@dataclass(frozen=True)
class DemoSummary:
    """The counts of a demo project, from upload to bill."""

    archives_uploaded: int
    archives_collected: int
    archives_removed: int
    messages_sent: int
    messages_stored: int
    copies: int
    duplicate_archives: int
    rejects: int
    dearest: tuple[CostCentre, ...]

    @property
    def agrees(self) -> bool:
        """Whether everything that was sent arrived, once."""
        archives = {self.archives_uploaded, self.archives_collected, self.archives_removed}
        return len(archives) == 1 and self.messages_sent == self.messages_stored


def summarise(project: Project, simulated: SimulationReport) -> DemoSummary:
    """Count what arrived of what was simulated; raises EurError when nothing is published."""
    zone = LandingZone.of(project)
    collected = [m for c in project.config.collections for m in zone.manifests(c.name)]
    minor_unit_digits = project.config.billing.minor_unit_digits
    published = eur_pipeline.open(project.path)
    [(stored,)] = _rows(published, "select count(*) from messages")
    [(copies, rejects)] = _rows(published, "select sum(copies), sum(rejects) from archives")
    dearest = _rows(
        published,
        "select cost_centre, strftime(local_month, '%Y-%m'), currency, charge "
        "from charges_by_cost_centre_monthly order by charge desc, cost_centre limit 5",
    )
    return DemoSummary(
        archives_uploaded=simulated.archives,
        archives_collected=len(collected),
        archives_removed=simulated.archives - remote_files(project),
        messages_sent=simulated.messages,
        messages_stored=int(stored),
        copies=int(copies),
        duplicate_archives=sum(m.duplicate_of is not None for m in collected),
        rejects=int(rejects),
        dearest=tuple(
            CostCentre(name, month, currency, round(charge, minor_unit_digits))
            for name, month, currency, charge in dearest
        ),
    )


def _rows(published: Published, sql: str) -> list[tuple[Any, ...]]:
    with published.answer(sql) as answer:
        return answer.fetchall()
