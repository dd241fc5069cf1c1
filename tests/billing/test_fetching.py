"""Files of the organisation that lie elsewhere: fetched, kept, and missed."""

import datetime as dt
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
import yaml
from fsspec.implementations.memory import MemoryFileSystem

from eur_pipeline.billing.directory import read_directory
from eur_pipeline.billing.fetching import fetch, last_copy
from eur_pipeline.errors import ConfigurationError, FetchError
from eur_pipeline.models import build
from eur_pipeline.project import Project
from eur_pipeline.simulator.sftp_server import SftpServer
from resources.warehouse import WarehouseResource
from tests.models.lake_project import (
    CONFIGURATION,
    DIRECTORY,
    DIRECTORY_HEADER,
    make_project,
    query,
    record,
    write_archive,
)

TEXT = "\n".join([DIRECTORY_HEADER, *DIRECTORY]) + "\n"
URL = "memory://hr/people.csv"


class HangingFiles(MemoryFileSystem):  # type: ignore[misc]
    """A place that does not answer."""

    protocol = "hanging"

    def size(self, path: str) -> int:
        time.sleep(30)
        raise OSError(path)


class TellingFiles(MemoryFileSystem):  # type: ignore[misc]
    """A place that tells in its errors what it was told."""

    protocol = "telling"

    def __init__(self, **options: Any) -> None:
        self.told = options
        super().__init__()

    def size(self, path: str) -> int:
        raise OSError(f"{path} {self.told}")


@pytest.fixture(autouse=True)
def places() -> Iterator[None]:
    """An empty memory; the places are known."""
    fsspec.register_implementation("hanging", HangingFiles, clobber=True)
    fsspec.register_implementation("telling", TellingFiles, clobber=True)
    MemoryFileSystem.store.clear()
    yield
    MemoryFileSystem.store.clear()


def drop(text: str, path: str = "/hr/people.csv") -> None:
    MemoryFileSystem().pipe_file(path, text.encode())


def project(path: Path, **organisation: Any) -> Project:
    """A project whose own directory.csv nobody may read."""
    section = yaml.safe_dump({"organisation": organisation})
    made = make_project(path / "project", configuration=CONFIGURATION)
    made.directory_path.write_text("not this one", encoding="utf-8")
    (made.path / "eur.yaml").write_text(CONFIGURATION + section, encoding="utf-8")
    return Project(made.path)


def test_an_export_that_is_dropped_somewhere_is_the_directory(tmp_path: Path) -> None:
    drop(TEXT)
    made = project(tmp_path, directory=URL)
    assert fetch(made) == ()
    assert [entry.person_id for entry in read_directory(made)] == ["p1", "p2", "p3"]


def test_a_path_is_read_where_it_lies(tmp_path: Path) -> None:
    made = project(tmp_path, directory="hr/people.csv")
    (made.path / "hr").mkdir()
    (made.path / "hr" / "people.csv").write_text(TEXT, encoding="utf-8")
    assert fetch(made) == ()
    assert len(read_directory(made)) == 3
    assert not made.fetched_folder.exists()


def test_a_file_of_another_disk_is_fetched(tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_text(TEXT, encoding="utf-8")
    made = project(tmp_path, directory=f"file://{tmp_path}/export.csv")
    assert fetch(made) == ()
    assert len(read_directory(made)) == 3


@pytest.mark.parametrize("content", [None, ""])
def test_while_the_link_is_lost_the_last_copy_is_used_and_said(
    tmp_path: Path, content: str | None
) -> None:
    drop(TEXT)
    made = project(tmp_path, directory=URL)
    fetch(made)
    MemoryFileSystem.store.clear()
    if content is not None:
        drop(content)
    (warning,) = fetch(made)
    assert warning.startswith(f"could not fetch directory from {URL}: ")
    copy = last_copy(made, "directory", made.config.organisation.remote["directory"])
    assert copy is not None
    assert warning.endswith(f". The copy of {copy.fetched_at} is used")
    assert len(read_directory(made)) == 3


def test_without_a_copy_there_is_nothing_to_go_by(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="There is no earlier copy of it"):
        fetch(project(tmp_path, directory=URL))


def test_the_copy_of_another_place_is_none(tmp_path: Path) -> None:
    drop(TEXT)
    fetch(project(tmp_path, directory=URL))
    with pytest.raises(FetchError):
        fetch(project(tmp_path, directory="memory://hr/staff.csv"))


def test_a_place_that_hangs_is_given_up_in_time(tmp_path: Path) -> None:
    made = project(tmp_path, directory="hanging://hr/people.csv", fetch_seconds=1)
    began = time.monotonic()
    with pytest.raises(FetchError, match="no answer within 1 s"):
        fetch(made)
    assert time.monotonic() - began < 20


def test_a_kind_of_place_whose_package_is_missing_is_named(tmp_path: Path) -> None:
    made = project(tmp_path, directory="s3://hr/people.csv")
    with pytest.raises(ConfigurationError, match="Install s3fs to access S3"):
        fetch(made)


def test_secrets_come_from_variables_and_are_shown_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HR_TOKEN", "s3cr3t")
    place = {"url": "telling://hr/people.csv?sig=abc", "secrets": {"token": "HR_TOKEN"}}
    with pytest.raises(FetchError) as caught:
        fetch(project(tmp_path, directory=place))
    assert "'token': '***'" in str(caught.value)
    assert "s3cr3t" not in str(caught.value)
    assert "abc" not in str(caught.value)


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("sftp://hr:s3cr3t@127.0.0.1/p.csv", "organisation.directory.url: expected a URL without"),
        ({"url": URL, "secrets": {"key": "s3cr3t!"}}, "expected the name of an environment"),
        ({"url": URL, "secrets": {"key": 123456789}}, "expected the name of an environment"),
    ],
)
def test_a_secret_in_the_configuration_is_refused_unshown(
    tmp_path: Path, place: Any, expected: str
) -> None:
    with pytest.raises(ConfigurationError, match=expected) as caught:
        _ = project(tmp_path, directory=place).config
    assert "s3cr3t" not in str(caught.value)
    assert "123456789" not in str(caught.value)


def test_an_export_is_fetched_over_sftp_from_a_known_host_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HR_PASSWORD", "s3cr3t")
    (root := tmp_path / "served").mkdir()
    (root / "people.csv").write_text(TEXT, encoding="utf-8")
    key = tmp_path / "key"
    with SftpServer(root=root, user="hr", password="s3cr3t", host_key_path=key) as server:
        url = f"sftp://hr@127.0.0.1:{server.port}/people.csv"
        made = project(tmp_path, directory={"url": url, "secrets": {"password": "HR_PASSWORD"}})
        made.known_hosts_path.write_text("", encoding="utf-8")
        with pytest.raises(FetchError, match="HostKeyNotVerifiable"):
            fetch(made)
        made.known_hosts_path.write_text(server.known_hosts_line + "\n", encoding="utf-8")
        assert fetch(made) == ()
    assert len(read_directory(made)) == 3
    (warning,) = fetch(made)
    assert "could not fetch directory" in warning


def test_what_was_looked_for_just_now_is_left_as_it_is(tmp_path: Path) -> None:
    drop(TEXT)
    made = project(tmp_path, directory=URL)
    fetch(made)
    MemoryFileSystem.store.clear()
    assert fetch(made, at_most_every=dt.timedelta(hours=1)) == ()
    assert len(fetch(made, at_most_every=dt.timedelta(0))) == 1


def test_the_sensors_digest_follows_what_lies_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resources.warehouse.LOOK_AGAIN", dt.timedelta(0))
    drop(TEXT)
    made = project(tmp_path, directory=URL)
    warehouse = WarehouseResource(path=str(made.path))
    before = warehouse.inputs_digest()
    assert warehouse.inputs_digest() == before
    drop(TEXT.replace("Anna", "Ann"))
    after = warehouse.inputs_digest()
    assert after != before
    MemoryFileSystem.store.clear()
    assert warehouse.inputs_digest() == after


def test_a_build_goes_by_what_lies_elsewhere_and_passes_on_what_it_did_without(
    tmp_path: Path,
) -> None:
    drop(TEXT)
    made = project(tmp_path, directory=URL)
    write_archive(made, "a.xml", [record("2026-03-10T12:00")])
    assert build(made).warnings == ()
    MemoryFileSystem.store.clear()
    report = build(made)
    assert len(report.warnings) == 1
    assert report.committed
    assert query(made, "select distinct person_id from messages") == [("p1",)]
