"""Publishing: analysts get the newest whole build, and nobody waits for anybody."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from eur_pipeline.errors import ModelError
from eur_pipeline.models import build, publish
from eur_pipeline.project import Project
from tests.models.lake_project import UPLOADED, copy_of, make_project, record, write_archive

READER = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
for line in sys.stdin:
    print(connection.execute("select count(*) from messages").fetchone()[0], flush=True)
"""
OLD_READER = """
import sys
sys.path.insert(0, sys.argv[1])
import duckdb
connection = duckdb.connect(sys.argv[2], read_only=True)
print(duckdb.__version__, connection.execute("select count(*) from messages").fetchone()[0])
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """One published message."""
    project = make_project(tmp_path_factory.mktemp("built") / "project")
    write_archive(project, "a.xml", [record("2026-03-10T12:00")])
    assert build(project).committed
    assert publish(project).changed
    return project


@pytest.fixture
def project(built: Project, tmp_path: Path) -> Project:
    return copy_of(built, tmp_path / "project")


def add_a_message(project: Project) -> None:
    write_archive(
        project, "b.xml", [record("2026-03-11T12:00")], upload_hour=UPLOADED.replace(hour=15)
    )
    assert build(project).committed
    assert publish(project).changed


def published_messages(project: Project) -> int:
    with duckdb.connect(project.published_path, read_only=True) as connection:
        (count,) = connection.execute("select count(*) from messages").fetchone() or (0,)
        return int(count)


def test_the_published_file_is_private_alone_and_whole(project: Project) -> None:
    assert [path.name for path in project.published_path.parent.iterdir()] == ["eur.duckdb"]
    assert project.published_path.stat().st_mode & 0o077 == 0
    assert published_messages(project) == 1


def _identity(path: Path) -> tuple[int, int]:
    """The same file, unchanged, has the same; that it was read meanwhile does not count."""
    status = path.stat()
    return status.st_ino, status.st_mtime_ns


def test_nothing_is_copied_when_nothing_changed(project: Project) -> None:
    before = _identity(project.published_path)
    assert not build(project).models[0].dates
    assert not publish(project).changed
    assert _identity(project.published_path) == before


def test_what_a_killed_process_left_behind_is_removed(project: Project) -> None:
    left = project.published_path.with_name(".unfinished-1-eur.duckdb")
    left.write_bytes(b"half")
    add_a_message(project)
    assert not left.exists()


def test_a_damaged_published_file_is_replaced(project: Project) -> None:
    project.published_path.write_bytes(b"damaged" * 1000)
    assert publish(project).changed
    assert published_messages(project) == 1


def test_a_build_undone_by_its_tests_is_not_published(project: Project) -> None:
    rows = [record("2026-03-11T12:00", kind="shout")]
    write_archive(project, "b.xml", rows, upload_hour=UPLOADED.replace(hour=15))
    assert not build(project).committed
    assert not publish(project).changed


def test_nothing_can_be_published_before_anything_is_built(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="nothing has been built yet"):
        publish(make_project(tmp_path, with_tables=False))


def test_a_reader_in_another_process_neither_blocks_nor_is_disturbed(project: Project) -> None:
    command = [sys.executable, "-c", READER, str(project.published_path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdin
        assert reader.stdout
        for _ in range(2):
            reader.stdin.write("count\n")
            reader.stdin.flush()
            assert reader.stdout.readline() == "1\n"
            if published_messages(project) == 1:
                add_a_message(project)
        reader.stdin.close()
    assert published_messages(project) == 2


@pytest.fixture(scope="session")
def duckdb_1_4(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with DuckDB 1.4, as analysts may still have it."""
    folder = tmp_path_factory.mktemp("duckdb")
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--only-binary=:all:"]
    try:
        done = subprocess.run(
            [*command, "--target", str(folder), "duckdb>=1.4,<1.5"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    except subprocess.TimeoutExpired:
        pytest.skip("DuckDB 1.4 could not be installed within a minute")
    if done.returncode:
        pytest.skip(f"DuckDB 1.4 cannot be installed here: {done.stderr.strip()[-200:]}")
    return folder


def test_duckdb_1_4_can_read_the_published_file(project: Project, duckdb_1_4: Path) -> None:
    command = [sys.executable, "-c", OLD_READER, str(duckdb_1_4), str(project.published_path)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert answer[0].startswith("1.4.")
    assert answer[1] == "1"
