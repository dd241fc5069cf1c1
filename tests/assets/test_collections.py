"""A collection's job, executed over real intervals against a real archive server."""

import datetime as dt
from pathlib import Path

import dagster as dg

from assets import checks
from eur_pipeline.intervals import Window
from eur_pipeline.lake.schema import MESSAGES as LAKE_MESSAGES
from tests.assets.location import (
    HOUR,
    MESSAGES,
    RAW_ARCHIVES,
    CodeLocation,
    facts,
    verdicts,
)
from tests.conftest import UPLOADED, Remote, archive_xml, project_at

THREE_HOURS = Window(UPLOADED, UPLOADED + 3 * HOUR)
KEYS = ["2026-03-09T08Z", "2026-03-09T09Z", "2026-03-09T10Z"]


def put_three_hours(remote: Remote) -> None:
    remote.put("a.xml", archive_xml("a", "b"))
    remote.put("b.xml", archive_xml("c", minute=5), UPLOADED + HOUR)
    remote.put("again.xml", archive_xml("c", minute=5), UPLOADED + HOUR)
    remote.put("c.xml", archive_xml("d", "e", "f", minute=10), UPLOADED + 2 * HOUR)


def test_a_run_collects_and_reads_all_intervals_of_its_range(
    location: CodeLocation, remote: Remote
) -> None:
    put_three_hours(remote)
    outside = remote.put("later.xml", archive_xml("later"), UPLOADED + 3 * HOUR)

    result = location.collect(THREE_HOURS)

    assert result.success
    assert remote.names() == [outside.name]
    assert list(facts(result, RAW_ARCHIVES)) == list(facts(result, MESSAGES)) == KEYS
    assert verdicts(result) == dict.fromkeys((*checks.OF_COLLECTING, *checks.OF_READING), True)


def test_every_partition_tells_its_own_counts(location: CodeLocation, remote: Remote) -> None:
    put_three_hours(remote)
    result = location.collect(THREE_HOURS)
    landed = facts(result, RAW_ARCHIVES)
    assert [landed[key]["landed_files"] for key in KEYS] == [1, 2, 1]
    assert landed[KEYS[0]]["landed_bytes"] == len(archive_xml("a", "b"))
    read = facts(result, MESSAGES)
    assert [read[key]["records"] for key in KEYS] == [2, 1, 3]
    assert [read[key]["duplicates"] for key in KEYS] == [0, 1, 0]
    assert [read[key]["dagster/partition_row_count"] for key in KEYS] == [2, 1, 3]


def test_every_partition_tells_what_the_run_did(location: CodeLocation, remote: Remote) -> None:
    put_three_hours(remote)
    result = location.collect(THREE_HOURS)
    told = facts(result, RAW_ARCHIVES)[KEYS[0]]
    names = ("files", "duplicate_archives", "removed_from_server")
    assert [told[name] for name in names] == [4, 1, 4]
    assert facts(result, MESSAGES)[KEYS[0]]["event_dates_changed"] == "2026-03-09"


def test_the_messages_tell_their_columns_with_descriptions(
    location: CodeLocation, remote: Remote
) -> None:
    remote.put("a.xml", archive_xml("a"))
    schema = facts(location.collect(), MESSAGES)[KEYS[0]]["dagster/column_schema"]
    assert isinstance(schema, dg.TableSchema)
    assert [column.name for column in schema.columns] == LAKE_MESSAGES.names
    assert all(column.description for column in schema.columns)


def test_an_interval_without_archives_is_materialised_as_empty(location: CodeLocation) -> None:
    result = location.collect()
    assert result.success
    assert facts(result, RAW_ARCHIVES)[KEYS[0]]["landed_files"] == 0
    assert facts(result, MESSAGES)[KEYS[0]]["preview"] == "no rows"


def test_running_again_changes_nothing(location: CodeLocation, remote: Remote) -> None:
    remote.put("a.xml", archive_xml("a"))
    first = facts(location.collect(), MESSAGES)[KEYS[0]]
    second = facts(location.collect(), MESSAGES)[KEYS[0]]
    assert second == {**first, "event_dates_changed": "none"}


def test_an_interval_of_many_hours_sums_them(
    tmp_path: Path, remote: Remote, instance: dg.DagsterInstance
) -> None:
    put_three_hours(remote)
    project = project_at(tmp_path / "daily", remote, upload_frequency_hours=24)
    day = UPLOADED.replace(hour=0)
    result = CodeLocation(project, instance).collect(Window(day, day + dt.timedelta(days=1)))
    assert facts(result, RAW_ARCHIVES)["2026-03-09T00Z"]["landed_files"] == 4
    assert facts(result, MESSAGES)["2026-03-09T00Z"]["records"] == 6
