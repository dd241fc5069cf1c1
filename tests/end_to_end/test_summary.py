"""The demo's last word: a table that agrees, and the same one when it is run again."""

import json

import pytest

from .conftest import Demo, repeat
from .demo import DemoFiles
from .oracle import Oracle

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def again(demo: Demo) -> str:
    """What the second run printed."""
    return repeat(demo)


def _count(output: str, label: str) -> int:
    (line,) = (line for line in output.splitlines() if f" {label} " in line)
    return int(line.split("│")[2].replace(",", ""))


def test_what_was_sent_arrived_once(demo: Demo) -> None:
    archives, messages = len(demo.files.uploads), len(demo.files.truth)
    counts = {
        "archives uploaded": archives,
        "archives collected": archives,
        "archives removed from the server": archives,
        "messages sent": messages,
        "messages stored": messages,
        "copies": 0,
        "duplicate archives": 0,
        "rejects": 0,
    }
    assert {label: _count(demo.output, label) for label in counts} == counts


def test_the_table_names_the_dearest_cost_centres_and_what_to_type_next(demo: Demo) -> None:
    charges = Oracle(demo.files).charges_by_cost_centre()
    dearest = sorted(charges.items(), key=lambda item: (-item[1], item[0][1]))[:5]
    for (month, cost_centre), charge in dearest:
        assert any(
            cost_centre in line and f"{month:%Y-%m}" in line and f"{charge} CHF" in line
            for line in demo.output.splitlines()
        )
    assert f"eur up --dir {demo.files.path}" in demo.output


def test_a_second_run_prints_the_same(demo: Demo, again: str) -> None:
    assert again == demo.output


def test_a_second_run_simulates_and_uploads_nothing(demo: Demo, again: str) -> None:
    now = DemoFiles(demo.files.path)
    assert now.truth == demo.files.truth
    assert now.uploads == demo.files.uploads
    assert len(now.manifests) == len(now.uploads)


def test_programs_get_the_same_figures(demo: Demo, again: str) -> None:
    summary = json.loads(repeat(demo, "--json"))
    assert summary["agrees"] is True
    assert summary["archives_removed"] == len(demo.files.uploads)
    assert summary["messages_stored"] == len(demo.files.truth)
    assert len(summary["dearest"]) == 5
