"""What resources hand out: the project as its files are now, a part of the core each."""

import datetime as dt
from pathlib import Path

import pytest
import yaml

from eur_pipeline.collect.report import Progress
from eur_pipeline.errors import ConfigurationError
from eur_pipeline.intervals import Window
from eur_pipeline.models.loading import load_models
from eur_pipeline.project import Project
from resources.archive_server import ArchiveServerResource
from resources.base import ProjectResource
from resources.lake import LakeResource
from resources.landing_zone import LandingZoneResource
from resources.warehouse import WarehouseResource
from tests.assets.location import HOUR, THE_HOUR
from tests.conftest import UPLOADED, Remote, archive_xml, project_at

TWO_HOURS = Window(UPLOADED, UPLOADED + 2 * HOUR)


def collect(project: Project, window: Window) -> list[Progress]:
    """Collect that window; the progress that was told."""
    told: list[Progress] = []
    ArchiveServerResource(path=str(project.path)).collect("geneva_im", window, told.append)
    return told


def test_a_resource_sees_the_configuration_as_it_is_now(project: Project) -> None:
    resource = ProjectResource(path=str(project.path))
    assert resource.collection("geneva_im").poll_seconds == 15
    content = yaml.safe_load(project.config_path.read_text())
    content["collections"][0]["poll_seconds"] = 30
    project.config_path.write_text(yaml.safe_dump(content))
    assert resource.collection("geneva_im").poll_seconds == 30


def test_an_unknown_collection_is_refused_with_those_there_are(project: Project) -> None:
    with pytest.raises(ConfigurationError, match="geneva_im"):
        ProjectResource(path=str(project.path)).collection("paris_im")


def test_a_resource_holds_the_path_and_no_secret(project: Project) -> None:
    resource = ArchiveServerResource(path=str(project.path))
    assert resource.model_dump() == {"path": str(project.path)}


def test_the_archive_server_knows_its_work_and_does_it_window_by_window(
    project: Project, remote: Remote
) -> None:
    remote.put("a.xml", archive_xml("a"))
    remote.put("b.xml", archive_xml("b"), UPLOADED + HOUR)
    server = ArchiveServerResource(path=str(project.path))
    assert server.backlog("geneva_im").hours == {UPLOADED, UPLOADED + HOUR}
    (progress,) = collect(project, THE_HOUR)
    assert (progress.files, progress.total_files) == (1, 1)
    assert remote.names() == ["b.xml"]


def test_the_landing_zone_tells_the_archives_of_a_window_hour_by_hour(
    project: Project, remote: Remote
) -> None:
    for number in range(3):
        remote.put(f"{number}.xml", archive_xml(str(number)), UPLOADED + number * HOUR)
    collect(project, Window(UPLOADED, UPLOADED + 3 * HOUR))
    zone = LandingZoneResource(path=str(project.path))
    assert [m.name for m in zone.landed("geneva_im", TWO_HOURS)] == ["0.xml", "1.xml"]
    assert zone.landed("boston_im", TWO_HOURS) == []


def test_the_lake_reports_the_hours_that_have_archives(project: Project, remote: Remote) -> None:
    remote.put("a.xml", archive_xml("secret", "b"))
    collect(project, TWO_HOURS)
    lake = LakeResource(path=str(project.path))
    reports = lake.read("geneva_im", TWO_HOURS)
    assert {hour: report.records for hour, report in reports.items()} == {UPLOADED: 2}
    rows = lake.preview("geneva_im", UPLOADED)
    assert len(rows) == 2
    assert "secret" not in str(rows)
    assert lake.preview("geneva_im", UPLOADED + HOUR) == []


def test_the_warehouse_builds_all_models_and_publishes_them(project: Project) -> None:
    warehouse = WarehouseResource(path=str(project.path))
    report = warehouse.build()
    assert report.committed
    assert {result.model for result in report.models} == {model.name for model in load_models()}
    published = warehouse.publish()
    assert Path(published.path) == project.published_path
    assert project.published_path.is_file()


def test_nothing_is_collected_of_a_collection_that_has_stopped(
    tmp_path: Path, remote: Remote
) -> None:
    project = project_at(tmp_path / "stopped", remote, port=1, stop=dt.date(2026, 3, 10))
    server = ArchiveServerResource(path=str(project.path))
    assert server.collect("geneva_im", TWO_HOURS, lambda _: None).collected == []
