"""A build is one transaction: whole and tested, or not at all."""

import datetime as dt
from pathlib import Path

import pytest

from eur_pipeline.errors import BusyError, ConfigurationError, ModelError
from eur_pipeline.lake.schema import TABLES
from eur_pipeline.models import build, load_models
from eur_pipeline.models.lineage import column_lineage
from eur_pipeline.models.loading import load_sources
from eur_pipeline.models.warehouse import LOCK
from eur_pipeline.project import Project
from tests.models.lake_project import (
    TARIFF,
    UPLOADED,
    make_project,
    query,
    record,
    write_archive,
    write_tariff,
)

MARTS = {
    "archives",
    "bill_allocations_monthly",
    "billed_by_cost_centre_monthly",
    "billed_by_department_monthly",
    "billed_by_person_monthly",
    "billed_by_site_monthly",
    "billed_lines_monthly",
    "billed_taxes_monthly",
    "billing_states_daily",
    "busy_hours_monthly",
    "charge_lines_monthly",
    "charges_by_cost_centre_monthly",
    "charges_by_department_monthly",
    "charges_by_person_monthly",
    "charges_by_site_monthly",
    "invoices",
    "messages",
    "people_without_usage_monthly",
    "open_adjustments",
    "open_tax_adjustments",
    "rejects",
    "taxes_by_cost_centre_monthly",
    "unknown_addresses",
    "usage_by_conversation_daily",
    "usage_by_conversation_monthly",
    "usage_by_cost_centre_daily",
    "usage_by_cost_centre_monthly",
    "usage_by_department_daily",
    "usage_by_department_monthly",
    "usage_by_domain_daily",
    "usage_by_hour",
    "usage_by_pair_daily",
    "usage_by_person_daily",
    "usage_by_person_monthly",
    "usage_by_site_daily",
    "usage_by_site_monthly",
    "usage_by_weekday_monthly",
    "usage_changes_monthly",
}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """One archive with three records, of which one is a copy, and a reject."""
    project = make_project(tmp_path, with_tables=False)
    records = [record("2026-03-10T12:00", native_id=number) for number in ("1", "1", "2")]
    write_archive(project, "a.xml", records, rejects=1)
    return project


def test_an_empty_lake_gives_empty_tables(tmp_path: Path) -> None:
    project = make_project(tmp_path, with_tables=False)
    assert build(project).committed
    names = query(project, "select table_name from duckdb_tables() where schema_name = 'main'")
    assert {name for (name,) in names} == MARTS
    assert query(project, "select count(*) from messages") == [(0,)]


def test_an_archives_records_are_its_messages_copies_and_rejects(project: Project) -> None:
    build(project)
    counts = "select records, messages, copies, rejects from archives"
    assert query(project, counts) == [(4, 2, 1, 1)]
    assert query(project, "select ordinal, reason from rejects") == [(3, "no time")]


def test_duplicate_and_unreadable_archives_are_listed_with_nothing_in_them(
    project: Project,
) -> None:
    build(project)
    ((content,),) = query(project, "select archive_sha256 from archives")
    for hour, status in enumerate(("duplicate", "unreadable")):
        write_archive(
            project,
            f"{status}.xml",
            [],
            upload_hour=UPLOADED + dt.timedelta(hours=1 + hour),
            status=status,
            archive_sha256=content if status == "duplicate" else "ff",
        )
    assert build(project).committed
    assert query(project, "select status, messages, copies from archives order by 1") == [
        ("duplicate", 0, 0),
        ("read", 2, 1),
        ("unreadable", 0, 0),
    ]


def test_a_use_without_a_price_undoes_the_build_and_names_the_missing_rate(
    project: Project,
) -> None:
    build(project)
    before = query(project, "from build.stamps order by all")
    write_archive(
        project,
        "b.xml",
        [record("2026-03-11T12:00", recipients=["a@else.example"])],
        upload_hour=UPLOADED + dt.timedelta(hours=1),
    )
    write_tariff(project, [line.replace(",,,", ",,2026-03-11,") for line in TARIFF])
    report = build(project)
    assert not report.committed
    (failure,) = report.failures
    assert failure.failing_rows == 1
    assert (
        "plan = tariff, usage_type = message, destination = external, local_date = 2026-03-11"
        in (failure.message)
    )
    assert query(project, "from build.stamps order by all") == before
    assert query(project, "select count(*) from messages") == [(2,)]
    write_tariff(project, TARIFF)
    assert build(project).committed
    assert query(project, "select count(*) from messages") == [(3,)]


def test_counts_that_do_not_reconcile_are_reported_at_every_build(tmp_path: Path) -> None:
    project = make_project(tmp_path, with_tables=False)
    write_archive(project, "a.xml", [record("2026-03-10T12:00")], records=2)
    for _ in range(2):
        report = build(project)
        assert report.committed
        (failed,) = [result for result in report.tests if not result.passed]
        assert failed.test.name == "archives_reconcile"
        assert failed.sample[0]["records"] == 2


def test_a_value_that_no_column_allows_is_found(tmp_path: Path) -> None:
    project = make_project(tmp_path, with_tables=False)
    write_archive(project, "a.xml", [record("2026-03-10T12:00", kind="shout")])
    failures = {failure.test.name: failure for failure in build(project).failures}
    assert failures["accepted_values_messages_kind"].sample == ({"kind": "shout", "times": 1},)


def test_an_error_in_the_middle_leaves_the_warehouse_as_it_was(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(project)
    before = query(project, "from build.stamps order by all")
    write_archive(
        project, "b.xml", [record("2026-03-11T12:00")], upload_hour=UPLOADED.replace(hour=15)
    )

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("eur_pipeline.models.building.run_tests", fail)
    with pytest.raises(KeyboardInterrupt):
        build(project)
    assert query(project, "from build.stamps order by all") == before


def test_every_table_and_column_carries_its_description(project: Project) -> None:
    build(project)
    inputs = [name for name in load_sources() if name.startswith("inputs.")]
    where = "where database_name not in ('system', 'temp') and not internal"
    tables = query(project, f"select schema_name, table_name, comment from duckdb_tables() {where}")
    columns = query(
        project,
        f"select table_name, column_name, comment from duckdb_columns() {where}",
    )
    assert len(tables) == len(load_models()) + len(inputs) + 1  # stamps
    assert [row for row in (*tables, *columns) if not row[2]] == []


def test_no_body_and_no_raw_text_is_in_any_table(project: Project) -> None:
    build(project)
    names = query(project, "select column_name from duckdb_columns() where not internal")
    assert not {"body", "raw"} & {name for (name,) in names}


def test_a_second_build_waits_and_then_says_who_is_in_the_way(project: Project) -> None:
    with project.lock(LOCK), pytest.raises(BusyError, match="another process is at work"):
        build(project, wait_seconds=0.1)


def test_a_damaged_warehouse_is_reported_with_what_to_do(project: Project) -> None:
    project.warehouse_path.parent.mkdir(parents=True)
    project.warehouse_path.write_bytes(b"not a database" * 1000)
    with pytest.raises(ModelError, match="move it away and build once more"):
        build(project)


def test_what_is_selected_is_built_with_all_that_it_and_its_tests_read(project: Project) -> None:
    report = build(project, ["open_adjustments"])
    assert report.committed
    built = {result.model for result in report.models}
    assert {"open_adjustments", "int_lines_billed", "charge_lines_monthly"} <= built
    assert "usage_by_hour" not in built


def test_an_unknown_model_cannot_be_selected(project: Project) -> None:
    with pytest.raises(ModelError, match="no model usage_by_the_hour"):
        build(project, ["usage_by_the_hour"])


def test_the_warehouse_is_readable_by_its_owner_alone(project: Project) -> None:
    build(project)
    assert project.warehouse_path.stat().st_mode & 0o077 == 0


def test_staging_takes_every_column_of_the_lake_but_the_private_ones() -> None:
    staged = {model.name: {c.name for c in model.columns} for model in load_models()}
    for table, staging in (
        ("messages", "records"),
        ("archives", "archives"),
        ("rejects", "rejects"),
    ):
        expected = {*TABLES[table].names, "event_date"} - {"body", "raw"}
        assert staged[f"stg_lake__{staging}"] == expected


def test_the_lineage_of_every_column_ends_in_known_columns() -> None:
    models = {model.name: model for model in load_models()}
    for model in models.values():
        for column, origins in column_lineage(model).items():
            # A literal, and what counts or numbers rows, come from no column.
            assert origins or column in {
                "copies",
                "deliveries",
                "dimension",
                "participants",
                "is_message",
                "is_first_reading",
                "usage_type",
                "tier",
                "last_sent_at",
                "messages",
            }
            for origin in origins:
                if origin.table in models:
                    assert origin.column in {c.name for c in models[origin.table].columns}
    charge = column_lineage(models["charges_by_person_monthly"])["charge"]
    assert [(o.table, o.column) for o in charge] == [("charge_lines_monthly", "charge")]


def test_an_upload_hour_whose_writing_was_broken_off_is_not_there_yet(tmp_path: Path) -> None:
    project = make_project(tmp_path, with_tables=False)
    write_archive(project, "whole.xml", [record("2026-03-09 08:00")])
    hour = UPLOADED + dt.timedelta(hours=1)
    write_archive(project, "broken-off.xml", [record("2026-03-09 09:00")], upload_hour=hour)
    (archives,) = project.lake_path.glob("archives/*/geneva_im--2026-03-31T13Z.parquet")
    archives.unlink()

    build(project)

    assert query(project, "select distinct archive_name from main.messages") == [("whole.xml",)]


def test_a_build_waits_for_who_reads_archives_into_the_lake(project: Project) -> None:
    with (
        project.lock("lake-boston_im"),
        pytest.raises(BusyError, match="lake-boston_im"),
    ):
        build(project, wait_seconds=0.01)


def test_a_collection_that_the_lake_has_messages_of_cannot_be_left_out_of_the_configuration(
    tmp_path: Path,
) -> None:
    project = make_project(tmp_path, with_tables=False)
    write_archive(project, "a.xml", [record("2026-03-09T12:00")])
    write_archive(project, "b.xml", [record("2026-03-09T12:01", "10009")], "boston_im")
    build(project)
    text = project.config_path.read_text(encoding="utf-8")
    boston = text[text.index("  - {name: boston_im") : text.index("billing:")]
    project.config_path.write_text(text.replace(boston, ""), encoding="utf-8")

    with pytest.raises(ConfigurationError, match=r"found none for boston_im\..*`stop:`"):
        build(Project(project.path))

    stopped = boston.replace("remote_path: /b,", "remote_path: /b, stop: 2026-03-10,")
    project.config_path.write_text(text.replace(boston, stopped), encoding="utf-8")
    build(Project(project.path))
    sites = query(project, "select site from messages order by sent_at")
    assert sites == [("geneva",), ("boston",)]
