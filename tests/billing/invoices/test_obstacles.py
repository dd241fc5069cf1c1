"""What is in the way of issuing a month, by what has arrived."""

import datetime as dt
from pathlib import Path

import pytest

from eur_pipeline.billing.invoices.obstacles import obstacles, window_of
from eur_pipeline.billing.invoices.register import Register
from eur_pipeline.collect.index import LandingIndex
from eur_pipeline.collect.landing import LandingZone
from eur_pipeline.project import Project
from eur_pipeline.storage import LocalStore
from tests.manifests import manifest
from tests.models.lake_project import make_project

from .months import CONFIGURATION, DIRECTORY, MARCH

LONG_AFTER = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
START = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def project_with_uploads(path: Path, hours: int) -> Project:
    """Both collections upload that often, for ever punctually, and all of it was read."""
    frequency = f"upload_frequency_hours: {hours}"
    configuration = CONFIGURATION.replace("upload_frequency_hours: 24", frequency)
    project = make_project(path, DIRECTORY, (), configuration)
    zone = LandingZone.of(project)
    for collection in project.config.collections:
        uploads = [START + dt.timedelta(hours=n) for n in range(hours - 1, 60 * 24, hours)]
        zone.record([manifest(collection.name, upload) for upload in uploads])
        read_everything(project, collection.name)
    return project


def read_everything(project: Project, collection: str) -> None:
    index = LandingIndex(LandingZone.of(project), collection)
    for hour, change in index.unread().items():
        index.mark_read(hour, change)


def in_the_way(project: Project, now: dt.datetime = LONG_AFTER) -> list[str]:
    """Of issuing March, before anything was issued."""
    return obstacles(project, Register(LocalStore(project.invoices_path), ()), MARCH, [], now)


@pytest.mark.parametrize("hours", [5, 7, 24, 36, 48])
def test_a_month_of_punctual_uploads_can_be_issued_however_often_they_come(
    tmp_path: Path, hours: int
) -> None:
    assert in_the_way(project_with_uploads(tmp_path, hours)) == []


@pytest.mark.parametrize("hours", [5, 24, 36, 48])
def test_the_upload_that_comes_after_the_months_last_message_is_waited_for(
    tmp_path: Path, hours: int
) -> None:
    project = project_with_uploads(tmp_path, hours)
    (boston,) = (c for c in project.config.collections if c.name == "boston_im")
    window = window_of(project.config, boston, MARCH)
    assert window is not None
    over_in_boston = dt.datetime(2026, 4, 1, 4, tzinfo=dt.UTC)
    last_upload = over_in_boston + dt.timedelta(hours=hours - 1)
    assert last_upload in window
    assert any("the month is not over" in found for found in in_the_way(project, last_upload))


def test_a_collection_that_has_stopped_is_waited_for_no_more(tmp_path: Path) -> None:
    project = project_with_uploads(tmp_path, 24)
    for path in project.landing_path.glob("boston_im/2026-03-[123]*/*.json"):
        path.unlink()
    assert "boston_im" in str(in_the_way(project))
    text = project.config_path.read_text(encoding="utf-8")
    stopped = text.replace("remote_path: /b,", "remote_path: /b, stop: 2026-03-10,")
    project.config_path.write_text(stopped, encoding="utf-8")
    assert in_the_way(Project(project.path)) == []


def test_what_a_stopped_collection_landed_and_nobody_read_is_an_obstacle_still(
    tmp_path: Path,
) -> None:
    project = project_with_uploads(tmp_path, 24)
    text = project.config_path.read_text(encoding="utf-8")
    stopped = text.replace("remote_path: /b,", "remote_path: /b, stop: 2026-03-10,")
    project.config_path.write_text(stopped, encoding="utf-8")
    index = LandingIndex(LandingZone.of(project), "boston_im")
    index.mark_unread([dt.datetime(2026, 3, 9, 23, tzinfo=dt.UTC)])
    (found,) = in_the_way(Project(project.path))
    assert found.startswith("boston_im: archives of 1 upload hours are landed and not read yet")
