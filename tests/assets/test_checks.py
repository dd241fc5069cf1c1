"""The verdicts on what was collected and read."""

import datetime as dt

import dagster as dg
import pytest

from assets import checks
from eur_pipeline.collect.landing import Manifest
from eur_pipeline.collect.plan import Waiting
from eur_pipeline.collect.report import CollectReport
from eur_pipeline.config import Collection
from eur_pipeline.intervals import Window
from eur_pipeline.lake.books import Account, Books
from eur_pipeline.lake.ingest import IngestReport
from eur_pipeline.project import Project
from tests.assets.location import HOUR, CodeLocation, verdicts
from tests.conftest import UPLOADED, Remote, archive_xml

WINDOW = Window(UPLOADED, UPLOADED + 3 * HOUR)
NOTHING = Books(frozenset(), ())
UNREPORTED = IngestReport()


@pytest.fixture
def collection(project: Project) -> Collection:
    return project.config.collections[0]


def landed(hour: dt.datetime) -> Manifest:
    return Manifest(
        collection="geneva_im",
        upload_hour=hour,
        name="a.xml",
        remote_path="/archives/a.xml",
        size=1,
        mtime=hour,
        sha256="0" * 64,
        collected_at=hour,
        key="geneva_im/a.xml",
        duplicate_of=None,
    )


def first(result: dg.AssetCheckResult) -> object:
    return result.metadata["first"].value


def of_reading(
    manifests: list[Manifest], books: Books, report: IngestReport = UNREPORTED
) -> dict[str | None, dg.AssetCheckResult]:
    results = checks.of_reading(manifests, {UPLOADED: report}, books)
    return {result.check_name: result for result in results}


def test_an_interval_that_passed_without_upload_is_warned_of(collection: Collection) -> None:
    result = checks.uploads_arrived(collection, WINDOW, [landed(UPLOADED)], UPLOADED + 2 * HOUR)
    assert not result.passed
    assert result.severity is dg.AssetCheckSeverity.WARN
    assert first(result) == "2026-03-09T09Z"


def test_an_interval_that_is_still_open_is_not_late(collection: Collection) -> None:
    now = UPLOADED + 2 * HOUR - dt.timedelta(seconds=1)
    assert checks.uploads_arrived(collection, WINDOW, [landed(UPLOADED)], now).passed


def test_one_upload_is_enough_for_an_interval_of_many_hours(collection: Collection) -> None:
    daily = collection.model_copy(update={"upload_frequency_hours": 24})
    midnight = UPLOADED.replace(hour=0)
    two_days = Window(midnight, midnight + 48 * HOUR)
    now = two_days.end
    result = checks.uploads_arrived(daily, two_days, [landed(UPLOADED)], now)
    assert first(result) == "2026-03-10T00Z"


def test_a_file_that_stays_on_the_server_too_long_is_warned_of() -> None:
    young = {"/archives/b.xml": Waiting("it changed", alarm=False)}
    old = {"/archives/a.xml": Waiting("no permission", alarm=True)}
    assert checks.nothing_waits(CollectReport(waiting=young)).passed
    result = checks.nothing_waits(CollectReport(waiting=young | old))
    assert not result.passed
    assert result.severity is dg.AssetCheckSeverity.WARN
    assert first(result) == "/archives/a.xml"


def test_an_archive_that_was_landed_and_not_read_is_an_error() -> None:
    # Whatever the reading itself reported.
    result = of_reading([landed(UPLOADED)], NOTHING, IngestReport(archives=1))
    assert not result[checks.ARCHIVES_ACCOUNTED_FOR].passed
    assert result[checks.ARCHIVES_ACCOUNTED_FOR].severity is dg.AssetCheckSeverity.ERROR
    assert first(result[checks.ARCHIVES_ACCOUNTED_FOR]) == "geneva_im/a.xml"


def test_archives_that_land_while_an_hour_is_read_are_no_error() -> None:
    books = Books(frozenset({"geneva_im/a.xml", "geneva_im/meanwhile.xml"}), ())
    assert of_reading([landed(UPLOADED)], books)[checks.ARCHIVES_ACCOUNTED_FOR].passed


def test_a_record_that_is_neither_stored_nor_rejected_is_an_error() -> None:
    good = Account("good.xml", records=3, stored=2, rejected=1, last_ordinal=3)
    short = Account("short.xml", records=3, stored=1, rejected=1, last_ordinal=3)
    assert of_reading([], Books(frozenset(), (good,)))[checks.RECORDS_ACCOUNTED_FOR].passed
    result = of_reading([], Books(frozenset(), (good, short)))[checks.RECORDS_ACCOUNTED_FOR]
    assert not result.passed
    assert result.severity is dg.AssetCheckSeverity.ERROR
    assert str(first(result)).startswith("short.xml: 3 records, of which 1 stored and 1 rejected")


def test_a_check_names_ten_and_counts_all(collection: Collection) -> None:
    window = Window(UPLOADED, UPLOADED + 12 * HOUR)
    result = checks.uploads_arrived(collection, window, [], window.end)
    assert result.metadata["wrong"].value == 12
    assert str(first(result)).count("Z") == 10


def test_a_damaged_archive_is_set_aside_with_a_warning_and_the_others_are_read(
    location: CodeLocation, remote: Remote
) -> None:
    remote.put("good.xml", archive_xml("a"))
    remote.put("bad.xml", b"<im-archive><message></im-archive>")
    result = location.collect()
    assert result.success
    assert verdicts(result) == {
        checks.UPLOADS_ARRIVED: True,
        checks.NOTHING_WAITS: True,
        checks.ARCHIVES_ACCOUNTED_FOR: True,
        checks.RECORDS_ACCOUNTED_FOR: True,
        checks.ARCHIVES_READABLE: False,
        checks.RECORDS_READABLE: True,
    }


def test_a_rejected_record_is_warned_of(location: CodeLocation, remote: Remote) -> None:
    no_time = b"<message><from>56207@presence.example</from></message></im-archive>"
    remote.put("a.xml", archive_xml("a").replace(b"</im-archive>", no_time))
    result = location.collect()
    assert result.success
    assert not verdicts(result)[checks.RECORDS_READABLE]
    assert verdicts(result)[checks.ARCHIVES_READABLE]


def test_a_file_with_a_temporary_name_waits(location: CodeLocation, remote: Remote) -> None:
    remote.put("a.xml.part", archive_xml("a"))
    assert not verdicts(location.collect())[checks.NOTHING_WAITS]
