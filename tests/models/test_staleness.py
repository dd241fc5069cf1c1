"""What a change makes stale: the dates it touches, and nothing else."""

import datetime as dt
import os
from pathlib import Path
from typing import Any

import pytest

from eur_pipeline.models import BuildReport, build, load_models
from eur_pipeline.project import Project
from tests.models.lake_project import (
    CONFIGURATION,
    DIRECTORY,
    TARIFF,
    UPLOADED,
    copy_of,
    make_project,
    query,
    record,
    write_archive,
    write_directory,
    write_sites,
    write_tariff,
)

DAYS = range(6, 14)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A message of each of three people at noon UTC of eight days, built."""
    project = make_project(tmp_path_factory.mktemp("built") / "project")
    for day in DAYS:
        records = [
            record(f"2026-03-{day:02}T12:00", f"1000{n}", recipients=["10009"]) for n in (1, 2, 3)
        ]
        write_archive(project, f"{day}.xml", records, upload_hour=UPLOADED.replace(day=day))
    assert build(project).committed
    return project


@pytest.fixture
def project(built: Project, tmp_path: Path) -> Project:
    return copy_of(built, tmp_path / "project")


def rebuilt(report: BuildReport) -> dict[str, list[str]]:
    """Days and months that were rebuilt or emptied, by model; archives as a whole apart."""
    return {
        result.model: [str(date)[5:] for date in (*result.dates, *result.emptied)]
        for result in report.models
        if result.dates or result.emptied
    }


def all_marts(project: Project) -> dict[str, list[tuple[Any, ...]]]:
    return {
        model.name: query(project, f"from {model.table} order by all") for model in load_models()
    }


def test_nothing_is_rebuilt_when_nothing_changed(project: Project) -> None:
    assert rebuilt(build(project)) == {}


def test_late_data_costs_the_dates_it_touches(project: Project) -> None:
    late = [record("2026-03-08T15:00", body="late")]
    write_archive(project, "late.xml", late, upload_hour=UPLOADED)
    dates = rebuilt(build(project))
    assert dates["stg_lake__records"] == ["03-08"]
    assert dates["int_records_folded"] == ["03-07", "03-08", "03-09"]
    assert dates["int_messages_united"] == ["03-07", "03-08", "03-09"]
    assert dates["usage_by_person_daily"] == ["03-08"]
    assert dates["messages"] == ["03-08"]
    assert dates["charges_by_cost_centre_monthly"] == ["03-01"]


def test_a_site_that_moves_touches_the_days_from_then_on(project: Project) -> None:
    write_sites(project, ["geneva,boston,2026-03-11,"])
    assert rebuilt(build(project)) == {
        "bill_allocations_monthly": ["03-01"],
        "usage_by_site_daily": ["03-11", "03-12", "03-13"],
        "usage_by_site_monthly": ["03-01"],
        "usage_changes_monthly": ["03-01"],
    }, "no legal entity, plan or tax depends on it"
    ancestors = "select level from inputs.site_ancestors where site = 'geneva' and ancestor = ?"
    assert query(project, ancestors.replace("?", "'boston'")) == [(1,)]
    entity = "{name: swiss, currency: CHF, sites: [boston]}"
    billing = CONFIGURATION.replace(
        "company_domains", f"legal_entities: [{entity}], company_domains"
    )
    project = make_project(project.path, configuration=billing)
    dates = rebuilt(build(project))
    assert dates["int_plans_assigned"] == [f"03-{day:02}" for day in DAYS]
    write_sites(project, ["geneva,boston,2026-03-10,"])
    dates = rebuilt(build(project))
    assert dates["int_plans_assigned"] == ["03-10"]
    lines = "select legal_entity, uses from charge_lines_monthly where person_id = 'p1' order by 1"
    assert query(project, lines) == [("company", 4), ("swiss", 4)]


def test_an_archive_read_again_into_equal_records_goes_no_further_than_the_first_layer(
    project: Project,
) -> None:
    for path in project.lake_path.rglob("event_date=2026-03-08/*"):
        os.utime(path, ns=(1, 1))
    assert rebuilt(build(project)) == {
        "stg_lake__records": ["03-08"],
        "stg_lake__archives": ["03-08"],
    }


def test_a_date_that_lost_its_archives_is_emptied(project: Project) -> None:
    for path in project.lake_path.rglob("event_date=2026-03-08/*"):
        path.unlink()
    assert build(project).committed
    for model in load_models():
        if model.grain in ("event_date", "local_date"):
            assert (
                query(project, f"select * from {model.table} where {model.grain} = '2026-03-08'")
                == []
            ), model.name
    assert query(project, "select sum(messages) from charges_by_person_monthly") == [(21,)]


def test_a_directory_with_equal_contents_touches_nothing(project: Project) -> None:
    again = [
        line.replace("Anna Huber,,10001", "Anna Huber,10001@PRESENCE.example,")
        for line in DIRECTORY
    ]
    write_directory(project, reversed(again))
    assert rebuilt(build(project)) == {}


def test_a_line_split_at_a_date_without_any_change_touches_nothing(project: Project) -> None:
    split = ["p1,Anna Huber,,10001,geneva,Sales,C100,,2026-03-10"]
    split.append("p1,Anna Huber,,10001,geneva,Sales,C100,2026-03-10,")
    write_directory(project, [*split, *DIRECTORY[1:]])
    assert rebuilt(build(project)) == {}


def test_a_change_from_the_10th_on_touches_nothing_before_the_10th(project: Project) -> None:
    move = ["p1,Anna Huber,,10001,geneva,Sales,C100,,2026-03-10"]
    move.append("p1,Anna Huber,,10001,geneva,Support,C200,2026-03-10,")
    write_directory(project, [*move, *DIRECTORY[1:]])
    dates = rebuilt(build(project))
    # A local day with no messages yet is looked at too: the lake ends on the 13th in UTC.
    assert dates["int_messages_located"] == ["03-10", "03-11", "03-12", "03-13", "03-14"]
    assert dates["usage_by_person_daily"] == ["03-10", "03-11", "03-12", "03-13"]
    assert "int_messages_united" not in dates


def test_a_move_to_another_time_zone_loses_and_doubles_nothing(project: Project) -> None:
    times = [f"2026-03-{day}T{hour:02}:30" for day in ("09", "10") for hour in range(24)]
    records = [record(time, body=time) for time in times]
    write_archive(project, "hours.xml", records, upload_hour=UPLOADED)
    build(project)
    for target in ("boston", "geneva"):
        lines = ["p1,Anna Huber,10001@presence.example,,geneva,Sales,C100,,2026-03-10"]
        lines.append(f"p1,Anna Huber,10001@presence.example,,{target},Sales,C100,2026-03-10,")
        write_directory(project, [*lines, *DIRECTORY[1:]])
        assert build(project).committed
        counted = query(project, "select count(*), count(distinct message_id) from messages")
        assert counted == [(72, 72)]


def test_somebody_new_in_another_zone_than_the_collections_is_counted_once(
    project: Project,
) -> None:
    hours = [record(f"2026-03-10T{hour:02}:30", "10007", body=str(hour)) for hour in range(24)]
    write_archive(project, "hours.xml", hours, upload_hour=UPLOADED)
    build(project)
    write_directory(project, [*DIRECTORY, "p7,Gil,,10007,boston,Sales,C100,2026-03-10,"])
    assert build(project).committed
    assert query(project, "select count(*) from messages where sender like '10007@%'") == [(24,)]


def test_a_new_price_from_the_10th_on_touches_nothing_before_the_10th(project: Project) -> None:
    prices = ["message,internal,,2026-03-10,CHF,0.01", "message,internal,2026-03-10,,CHF,0.02"]
    write_tariff(project, [*prices, *TARIFF[1:]])
    dates = rebuilt(build(project))
    assert dates["int_uses_rated"] == ["03-10", "03-11", "03-12", "03-13"]
    assert "int_messages_located" not in dates
    # Usage does not depend on prices: its days are rebuilt into what they were.
    assert "usage_by_department_daily" not in dates


def test_a_tax_touches_the_months_it_is_valid_in_and_no_other(project: Project) -> None:
    project.tariff_folder.mkdir()
    taxes = project.tariff_folder / "taxes.csv"
    taxes.write_text("site,usage_type,percent,valid_from,valid_to\n,,5,2026-04-01,\n")
    assert "int_charges_detailed" not in rebuilt(build(project))
    taxes.write_text("site,usage_type,percent,valid_from,valid_to\n,,5,2026-03-01,\n")
    dates = rebuilt(build(project))
    assert dates["int_charges_detailed"] == dates["charge_lines_monthly"] == ["03-01"]
    assert "int_uses_rated" not in dates


def test_building_step_by_step_gives_what_building_from_scratch_gives(
    project: Project, tmp_path: Path
) -> None:
    old = [record("2026-03-05T23:59:59.999"), record("2026-03-06T12:00", recipients=["10009"])]
    write_archive(project, "old.xml", old, "boston_im", upload_hour=UPLOADED)
    build(project)
    write_directory(project, [*DIRECTORY[1:], "p9,Ivo,,10001,boston,Legal,C900,2026-03-09,"])
    build(project)
    for path in project.lake_path.rglob("event_date=2026-03-11/*"):
        path.unlink()
    write_tariff(project, [*TARIFF[1:], "message,internal,,,CHF,0.07"])
    build(project)
    scratch = Project(tmp_path / "scratch")
    scratch.path.mkdir()
    for name in ("eur.yaml", "directory.csv", "tariff.csv"):
        (scratch.path / name).write_bytes((project.path / name).read_bytes())
    (scratch.path / "data").mkdir()
    scratch.lake_path.symlink_to(project.lake_path)
    assert build(scratch).committed
    assert all_marts(project) == all_marts(scratch)


def test_selected_models_alone_are_brought_up_to_date(project: Project) -> None:
    late = [record("2026-03-08T15:00", body="late")]
    write_archive(project, "late.xml", late, upload_hour=UPLOADED + dt.timedelta(hours=1))
    assert set(rebuilt(build(project, ["stg_lake__records"]))) == {"stg_lake__records"}
    assert "messages" in rebuilt(build(project))
