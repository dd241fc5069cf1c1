"""The tree of sites, as eur.yaml has it and as sites move."""

import datetime as dt
from pathlib import Path

import pytest

from eur_pipeline.billing.periods import ALWAYS, Period
from eur_pipeline.billing.sites import SiteTree, read_sites
from eur_pipeline.billing.tree import Ancestor
from eur_pipeline.errors import ConfigurationError
from tests.billing.tariff_project import PLANS, RATES, tariff
from tests.models.lake_project import make_project, write_sites

MARCH, APRIL, MAY = (dt.date(2026, month, 1) for month in (3, 4, 5))


def sites(path: Path, *lines: str) -> SiteTree:
    project = make_project(path)
    write_sites(project, lines)
    return read_sites(project)


def fault(path: Path, *lines: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        sites(path, *lines)
    return str(caught.value)


def test_without_a_file_the_tree_of_eur_yaml_holds_always(tmp_path: Path) -> None:
    found = list(read_sites(make_project(tmp_path)).tree.ancestors(["geneva", "unknown"]))
    assert found == [
        Ancestor("geneva", "geneva", 0, ALWAYS),
        Ancestor("geneva", "company", 1, ALWAYS),
        Ancestor("unknown", "unknown", 0, ALWAYS),
    ]


def test_before_its_first_row_and_after_its_last_a_site_is_where_eur_yaml_has_it(
    tmp_path: Path,
) -> None:
    tree = sites(tmp_path, "geneva,boston,2026-03-01,2026-05-01")
    assert list(tree.lineages("geneva")) == [
        (Period(MARCH, MAY), ("geneva", "boston", "company", "")),
        (Period(None, MARCH), ("geneva", "company", "")),
        (Period(MAY, None), ("geneva", "company", "")),
    ]


def test_what_moves_higher_up_moves_all_below_it(tmp_path: Path) -> None:
    tree = sites(tmp_path, "geneva,boston,,", "boston,,2026-04-01,")
    above = [a for a in tree.tree.ancestors(["geneva"]) if a.ancestor == "company"]
    assert above == [Ancestor("geneva", "company", 2, Period(None, APRIL))]
    beside = [a for a in tree.tree.ancestors(["geneva"]) if a.ancestor == "boston"]
    assert beside == [Ancestor("geneva", "boston", 1, ALWAYS)]


def test_a_site_that_moves_keeps_its_time_zone(tmp_path: Path) -> None:
    tree = sites(tmp_path, "geneva,boston,,")
    assert tree.config.time_zone("geneva").key == "Europe/Zurich"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["mars,company,,"], "sites.csv, line 2, site: expected one of company, geneva, boston"),
        (["geneva,mars,,"], "line 2, parent: expected one of , company, geneva, boston"),
        (["geneva,boston,,", "geneva,company,2026-04-01,"], "not valid already by line 2"),
        (["geneva,boston,,"] * 2, "line 3, valid_from"),
        (
            ["geneva,boston,,2026-03-01", "geneva,company,2026-04-01,"],
            "line 3, valid_from: expected 2026-03-01, the day on which line 2 ends",
        ),
        (
            ["geneva,boston,2026-03-01,", "boston,geneva,2026-04-01,"],
            "line 2, parent: expected a tree, but geneva -> boston -> geneva goes round",
        ),
        (
            ["geneva,boston,2026-03-01,", "boston,geneva,2026-04-01,"],
            "from 2026-04-01 to for ever (with line 3); found 'boston'",
        ),
        (["geneva,geneva,,"], "geneva -> geneva goes round in a circle from always to for ever;"),
        (["company,geneva,2026-04-01,"], "company -> geneva -> company goes round"),
    ],
)
def test_a_fault_is_named_with_its_rows(tmp_path: Path, lines: list[str], expected: str) -> None:
    assert expected in fault(tmp_path, *lines)


def test_plans_taxes_and_holidays_follow_the_tree_of_the_day(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    write_sites(project, ["geneva,boston,2026-04-01,"])
    found = tariff(
        tmp_path,
        plans=PLANS,
        rates=RATES,
        assignments=["site,boston,office,,", "default,,tariff,,"],
        taxes=["boston,,8.1,,", "company,,5,,"],
        holidays=["boston,2026-03-31,Before", "boston,2026-04-02,After"],
    )
    plans = [(a.plan, a.period) for a in found.assignments if a.name == "geneva"]
    assert plans == [("tariff", Period(None, APRIL)), ("office", Period(APRIL, None))]
    percents = {(str(tax.percent), tax.period) for tax in found.taxes if tax.site == "geneva"}
    assert percents == {("5", Period(None, APRIL)), ("8.1", Period(APRIL, None))}
    assert [day for site, day in found.holidays if site == "geneva"] == [dt.date(2026, 4, 2)]
