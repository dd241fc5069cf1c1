"""The tree of sites over time: `eur.yaml`, and `organisation/sites.csv` where sites move.

A site's time zone is no part of this: it stays what `eur.yaml` says.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from eur_pipeline.billing.csv_file import Row, read_rows, require_no_gap, require_no_overlap
from eur_pipeline.billing.periods import ALWAYS, Period, first_gap
from eur_pipeline.billing.tree import Lineage, Tree
from eur_pipeline.billing.tree_rows import require_no_cycle
from eur_pipeline.config import Config, LegalEntity
from eur_pipeline.project import Project

SITE_COLUMNS = ("site", "parent", "valid_from", "valid_to")


@dataclass(frozen=True)
class SiteTree:
    """Which site is below which on every local day."""

    config: Config
    tree: Tree

    @property
    def names(self) -> tuple[str, ...]:
        """All sites that usage can be at, `unknown` among them."""
        return self.config.site_names

    def lineages(self, site: str) -> Iterator[tuple[Period, Lineage]]:
        """The site and those above it, and at last the empty name, which stands for all."""
        for period, lineage in self.tree.lineages(site):
            yield period, (*lineage, "")

    def levels(self, site: str, above: str, period: Period) -> Iterator[tuple[int, Period]]:
        """How far above a site another one (empty: all) is, and when, within a period."""
        for of_lineage, lineage in self.lineages(site):
            part = of_lineage.overlap(period)
            if part and above in lineage:
                yield lineage.index(above), part

    def lineage_on(self, site: str, day: dt.date) -> Lineage:
        """The same on one day."""
        return next(names for period, names in self.lineages(site) if period.has(day))

    def legal_entities(self, site: str) -> Iterator[tuple[Period, LegalEntity]]:
        """The entity that lists the site or the nearest one above it, and when."""
        for period, lineage in self.lineages(site):
            yield period, self.config.legal_entity(lineage)


def read_sites(project: Project) -> SiteTree:
    """The tree; a ConfigurationError names file, line and column of a fault."""
    config, path = project.config, project.sites_path
    parents: dict[str, Sequence[tuple[Period, str]]] = {
        site.name: [(ALWAYS, site.parent or "")] for site in config.sites
    }
    rows: defaultdict[str, list[Row]] = defaultdict(list)
    for row in read_rows(path, SITE_COLUMNS) if path.exists() else ():
        known = [site.name for site in config.sites]
        rows[row.one_of("site", known)].append(row)
        row.one_of("parent", ["", *known])
    for site, of_site in rows.items():
        require_no_overlap(of_site, f"a parent of {site}")
        require_no_gap(of_site, f"parent of {site}")
        ((_, otherwise),) = parents[site]
        parents[site] = list(_parents(of_site, otherwise))
    tree = Tree(parents)
    require_no_cycle(tree, rows)
    return SiteTree(config, tree)


def _parents(rows: Sequence[Row], otherwise: str) -> Iterator[tuple[Period, str]]:
    """The parents that the rows name; on other days it is that of `eur.yaml`."""
    written = [(row.period(), row.text("parent")) for row in rows]
    yield from written
    covered = [period for period, _ in written]
    while gap := first_gap(covered, ALWAYS):
        covered.append(gap)
        yield gap, otherwise
