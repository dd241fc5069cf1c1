"""Every mart of usage says what an independent count says, of a company that is hard to count."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from eur_pipeline.models import build, load_models
from eur_pipeline.project import Project
from tests.models.lake_project import (
    UPLOADED,
    Record,
    make_project,
    query,
    record,
    write_archive,
    write_directory,
)
from tests.models.usage_oracle import Table, UsageOracle
from tests.models.usage_world import DIRECTORY, UsageWorld, late_archive, make_world

WORLD = make_world(seed=7, messages=1500)

PAIR = (
    "local_date, person_id, sender, site, recipient_person_id, recipient, recipient_site, "
    "destination"
)
# A mart's key, and the count of it; all its other columns are compared.
COUNTS: dict[str, tuple[str, Callable[[UsageOracle], Table]]] = {
    "usage_by_person_daily": (
        "local_date, person_id, name, site, department, cost_centre",
        lambda o: o.table("local_date", "person_id", "name", "site", "department", "cost_centre"),
    ),
    "usage_by_department_daily": (
        "local_date, site, department",
        lambda o: o.table("local_date", "site", "department"),
    ),
    "usage_by_department_monthly": (
        "local_month, site, department",
        lambda o: o.table("local_month", "site", "department"),
    ),
    "usage_by_cost_centre_daily": (
        "local_date, legal_entity, cost_centre",
        lambda o: o.table("local_date", "legal_entity", "cost_centre"),
    ),
    "usage_by_cost_centre_monthly": (
        "local_month, legal_entity, cost_centre",
        lambda o: o.table("local_month", "legal_entity", "cost_centre"),
    ),
    "usage_by_hour": (
        "local_date, site, local_hour, utc_offset_minutes, hour_start",
        lambda o: o.table("local_date", "site", "local_hour", "utc_offset_minutes", "hour_start"),
    ),
    "usage_by_site_daily": ("local_date, site", lambda o: o.by_site("local_date")),
    "usage_by_site_monthly": ("local_month, site", lambda o: o.by_site("local_month")),
    "usage_by_pair_daily": (
        PAIR,
        lambda o: o.by_pair(),
    ),
    "usage_by_conversation_daily": (
        "local_date, conversation",
        lambda o: o.by_conversation("local_date"),
    ),
    "usage_by_conversation_monthly": (
        "local_month, conversation",
        lambda o: o.by_conversation("local_month"),
    ),
    "usage_by_domain_daily": ("local_date, site, domain", lambda o: o.by_domain()),
    "usage_by_weekday_monthly": ("local_month, site, weekday", lambda o: o.by_weekday()),
    "busy_hours_monthly": ("local_month, site, local_hour", lambda o: o.busy_hours()),
    "usage_by_person_monthly": ("local_month, person_id", lambda o: o.by_person_monthly()),
    "usage_changes_monthly": (
        "local_month, dimension, legal_entity, cost_centre, site, department",
        lambda o: o.changes(),
    ),
    "people_without_usage_monthly": (
        "local_month, person_id",
        lambda o: o.people_without_usage(),
    ),
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The world, built at once."""
    return built_from(WORLD, tmp_path_factory.mktemp("usage") / "project")


@pytest.fixture(scope="module")
def oracle() -> UsageOracle:
    """The independent count of the same world."""
    return UsageOracle(WORLD)


def built_from(world: UsageWorld, path: Path) -> Project:
    project = world.write(path)
    report = build(project)
    assert report.committed, [failure.message for failure in report.failures]
    return project


def mart(project: Project, name: str) -> Table:
    """The mart's rows by its key."""
    keys = COUNTS[name][0].split(", ")
    (columns,) = ([c.name for c in m.columns] for m in load_models() if m.name == name)
    others = [column for column in columns if column not in keys]
    rows = query(project, f"select {', '.join([*keys, *others])} from {name}")
    table = {row[: len(keys)]: dict(zip(others, row[len(keys) :], strict=True)) for row in rows}
    assert len(table) == len(rows), f"{name}: a key comes twice"
    return table


def compare(project: Project, oracle: UsageOracle, name: str) -> None:
    """All keys, and every column of every row."""
    found, expected = mart(project, name), COUNTS[name][1](oracle)
    assert found.keys() == expected.keys()
    for key, values in found.items():
        assert values == {c: expected[key].get(c) for c in values}, key


def test_every_mart_of_usage_is_counted_independently() -> None:
    marts = {m.name for m in load_models() if "usage" in m.name or "busy" in m.name}
    assert {name for name in marts if not name.startswith("int_")} == COUNTS.keys()


@pytest.mark.parametrize("name", COUNTS)
def test_a_mart_agrees_with_the_count_in_all_keys_and_values(
    built: Project, oracle: UsageOracle, name: str
) -> None:
    compare(built, oracle, name)


def test_the_world_has_what_makes_usage_hard_to_count(oracle: UsageOracle) -> None:
    days = [(e.keys["site"], e.keys["local_date"]) for e in oracle.received]
    assert any(site == "geneva" and day == dt.date(2026, 4, 1) for site, day in days)
    shifted = [d for d in oracle.deliveries if d.party and d.party.site == "pune"]
    assert shifted
    hours = oracle.table("local_date", "site", "local_hour")
    instants = oracle.table("local_date", "site", "local_hour", "utc_offset_minutes")
    assert len(instants) > len(hours), "no hour comes twice"
    persons = oracle.table("local_month", "person_id")
    departments = oracle.table("local_month", "person_id", "site", "department")
    assert len(departments) > len(persons), "nobody moves"
    assert {e.destination for e in oracle.sent} == {"internal", "between_sites", "external"}


def test_an_hour_that_comes_twice_has_two_rows_and_one_that_is_left_out_none(
    tmp_path: Path,
) -> None:
    # Geneva's clock goes from 03:00 back to 02:00 at 01:00Z, and in spring from 02:00 to 03:00.
    autumn = [f"2026-10-25T{time}" for time in ("00:10", "00:59:59.999", "01:00", "01:30")]
    spring = ["2026-03-29T00:59:59.999", "2026-03-29T01:00"]
    project = built_of([record(time, recipients=[]) for time in (*autumn, *spring)], tmp_path)
    columns = "local_hour, utc_offset_minutes, hour_start::varchar, messages"
    hours = f"select {columns} from usage_by_hour where local_date = date '{{}}' order by all"
    assert query(project, hours.format("2026-10-25")) == [
        (2, 60, "2026-10-25 01:00:00+00", 2),
        (2, 120, "2026-10-25 00:00:00+00", 2),
    ]
    assert query(project, hours.format("2026-03-29")) == [
        (1, 60, "2026-03-29 00:00:00+00", 1),
        (3, 120, "2026-03-29 01:00:00+00", 1),
    ]
    busy = "select messages, peak, peak_hour_start::varchar from busy_hours_monthly"
    assert query(project, f"{busy} where local_month = date '2026-10-01'") == [
        (4, 2, "2026-10-25 00:00:00+00")
    ]


def test_what_is_sent_in_the_evening_is_received_on_the_next_day_and_month_elsewhere(
    tmp_path: Path,
) -> None:
    evening = record("2026-03-31T23:30", "10003", recipients=["10001"])
    project = built_of([evening], tmp_path)
    days = "select local_date::varchar, site, messages, received from usage_by_person_daily"
    assert query(project, f"{days} order by all") == [
        ("2026-03-31", "boston", 1, 0),
        ("2026-04-01", "geneva", 0, 1),
    ]
    months = "select local_month::varchar, site, messages, received from usage_by_site_monthly"
    assert query(project, f"{months} order by all") == [
        ("2026-03-01", "boston", 1, 0),
        ("2026-03-01", "company", 1, 0),
        ("2026-04-01", "company", 0, 1),
        ("2026-04-01", "geneva", 0, 1),
    ]


def test_late_data_costs_the_days_on_which_it_was_sent_and_received(tmp_path: Path) -> None:
    days = [record(f"2026-03-{day:02}T12:00") for day in range(2, 29)]
    project = built_of(days, tmp_path)
    late = [record("2026-03-10T23:30", "10003", recipients=["10001"])]
    write_archive(project, "late.xml", late, upload_hour=UPLOADED + dt.timedelta(hours=1))
    dates = {result.model: [str(d) for d in result.dates] for result in build(project).models}
    assert dates["int_deliveries_summed"] == ["2026-03-10"]
    for name in ("usage_by_person_daily", "usage_by_site_daily", "usage_by_domain_daily"):
        assert dates[name] == ["2026-03-10", "2026-03-11"], name
    assert dates["usage_by_pair_daily"] == ["2026-03-10"]
    assert dates["usage_by_person_monthly"] == ["2026-03-01"]


def test_building_step_by_step_gives_what_the_count_of_all_gives(tmp_path: Path) -> None:
    world = make_world(seed=11, messages=300)
    project = built_from(world, tmp_path / "project")
    world = late_archive(project, world, seed=3)
    assert build(project).committed
    # Whoever moves at midnight in Geneva or Pune moves on the evening before in Boston.
    moved = [line for line in DIRECTORY if not line.startswith(("p05", "p10"))]
    moved += ["p05,Eva Sol,a5@presence.example,,pune,Sales,C100,2026-03-01,2026-03-10"]
    moved += ["p05,Eva Sol,a5@presence.example,,europe,Board,C900,2026-03-10,"]
    moved += ["p10,Jo Reader,a10@presence.example,,geneva,Sales,C100,,2026-03-10"]
    world = UsageWorld(tuple(moved), world.records)
    write_directory(project, moved)
    assert build(project).committed
    oracle = UsageOracle(world)
    for name in COUNTS:
        compare(project, oracle, name)


def built_of(records: list[Record], path: Path) -> Project:
    """A small project of Geneva and Boston with these records."""
    project = make_project(path)
    write_archive(project, "a.xml", records)
    assert build(project).committed
    return project
