"""When the models follow a change that a person made."""

import dagster as dg
import pytest

from assets.definitions import project_resources
from assets.sensors import changed_inputs_sensor
from eur_pipeline.project import Project


def tick(project: Project, cursor: str | None) -> tuple[int, str | None]:
    """How many runs one tick asks for, and the cursor that it leaves."""
    resources = project_resources(project)
    with dg.build_sensor_context(cursor=cursor, resources=resources) as context:
        result = changed_inputs_sensor.evaluate_tick(context)
    return len(result.run_requests or []), result.cursor


def test_what_is_seen_for_the_first_time_is_no_change(project: Project) -> None:
    runs, cursor = tick(project, None)
    assert runs == 0
    assert tick(project, cursor)[0] == 0


@pytest.mark.parametrize("file", ["directory.csv", "tariff.csv", "eur.yaml"])
def test_a_changed_file_asks_for_the_models_once(project: Project, file: str) -> None:
    _, cursor = tick(project, None)
    path = project.path / file
    path.write_text(path.read_text() + "\n")

    runs, changed = tick(project, cursor)

    assert runs == 1
    assert tick(project, changed)[0] == 0


def test_a_document_that_was_issued_is_a_change(project: Project) -> None:
    _, cursor = tick(project, None)
    project.invoices_path.mkdir(parents=True)
    (project.invoices_path / "register.json").write_text("{}")
    assert tick(project, cursor)[0] == 1


def test_a_file_that_was_removed_is_a_change(project: Project) -> None:
    _, cursor = tick(project, None)
    project.tariff_path.unlink()
    assert tick(project, cursor)[0] == 1


def test_a_new_file_of_the_tariffs_folder_is_a_change(project: Project) -> None:
    _, cursor = tick(project, None)
    project.tariff_folder.mkdir()
    (project.tariff_folder / "holidays.csv").write_text("site,date,name\n")
    assert tick(project, cursor)[0] == 1


def test_a_new_file_of_the_organisation_is_a_change(project: Project) -> None:
    _, cursor = tick(project, None)
    project.organisation_folder.mkdir()
    project.aliases_path.write_text("alias,person_id,valid_from,valid_to\n")
    assert tick(project, cursor)[0] == 1
