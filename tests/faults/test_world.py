"""The world in which faults strike notices what a bad collector would do."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.collecting import Told
from tests.faults.script import Event, Step
from tests.faults.world import ARCHIVES, LARGE, Witness, World, manifests, new_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A world from which everything was collected."""
    with new_world(tmp_path) as world:
        assert not world.collect().failure
        assert world.violations() == []
        yield world


def landed(world: World, name: str) -> Path:
    """The landed archive of that name."""
    (key,) = (m["key"] for m in manifests(world.project.landing_path) if m["name"] == name)
    return world.project.landing_path / key


def remove(world: World, name: str) -> None:
    """What a server sees when a client removes a file that is there (again)."""
    world.upload()
    world.witness.see(Event(Step.REMOVE, world.remote.folder / name))


def test_a_removal_with_a_safe_copy_is_well(world: World) -> None:
    remove(world, LARGE)
    assert world.witness.violations == []


def test_a_removal_with_a_damaged_copy_is_seen(world: World) -> None:
    landed(world, LARGE).write_bytes(b"damaged")
    remove(world, LARGE)
    assert world.witness.violations == [f"{LARGE} was removed without a safe copy"]


def test_a_removal_without_manifest_is_seen(world: World) -> None:
    path = landed(world, LARGE)
    path.with_name(path.name + ".json").unlink()
    remove(world, LARGE)
    assert world.witness.violations == [f"{LARGE} was removed without a safe copy"]


def test_what_is_named_before_it_is_synced_is_not_durable(tmp_path: Path) -> None:
    witness, draft, target = Witness(tmp_path), tmp_path / "draft", tmp_path / "target"
    witness.note(Told(Step.RENAME, draft, target))
    witness.note(Told(Step.SYNC, draft))
    witness.note(Told(Step.SYNC, tmp_path))
    assert not witness.is_durable(target)


def test_a_name_is_durable_once_its_folder_is_synced(tmp_path: Path) -> None:
    witness, draft, target = Witness(tmp_path), tmp_path / "draft", tmp_path / "target"
    witness.note(Told(Step.SYNC, draft))
    witness.note(Told(Step.RENAME, draft, target))
    assert not witness.is_durable(target)
    witness.note(Told(Step.SYNC, tmp_path))
    assert witness.is_durable(target)


def test_a_lost_archive_is_seen(world: World) -> None:
    path = landed(world, LARGE)
    path.with_name(path.name + ".json").unlink()
    assert world.violations() == [f"{LARGE} is lost"]


def test_a_doubled_archive_is_seen(world: World) -> None:
    path = landed(world, LARGE)
    again = path.with_name(path.name + "~2")
    again.write_bytes(ARCHIVES[LARGE])
    manifest = path.with_name(path.name + ".json").read_text().replace(path.name, again.name)
    again.with_name(again.name + ".json").write_text(manifest)
    assert world.violations() == [f"/archives/{LARGE} is landed twice"]


def test_what_is_left_is_seen(world: World) -> None:
    world.put("late.xml", b"<a/>")
    (world.project.landing_path / "geneva_im" / ".unfinished-1").touch()
    assert set(world.violations()) == {
        "late.xml is still on the server",
        ".unfinished-1 was left behind",
    }
