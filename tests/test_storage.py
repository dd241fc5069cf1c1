"""Files appear whole or not at all, and are their owner's alone."""

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from eur_pipeline import storage
from eur_pipeline.errors import PermanentError, StorageError
from eur_pipeline.storage import LocalStore, make_private_folder
from tests.faults.disk import fill, make_room, small_disk


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "store")


@pytest.fixture(autouse=True)
def permissive_umask() -> Iterator[None]:
    """What is private has to be so by itself, not by the user's umask."""
    before = os.umask(0)
    yield
    os.umask(before)


def everything_in(store: LocalStore) -> list[str]:
    """All files, finished or not."""
    return sorted(path.name for path in store.root.rglob("*") if path.is_file())


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_was_written_is_read_again(store: LocalStore) -> None:
    store.write("a/b.txt", b"hello")
    assert store.read("a/b.txt") == b"hello"
    assert list(store.files()) == ["a/b.txt"]


def test_a_file_is_invisible_until_it_is_whole(store: LocalStore) -> None:
    with store.create("a.txt") as file:
        file.write(b"half")
        file.flush()
        assert not store.path("a.txt").exists()
        assert list(store.files()) == []
    assert list(store.files()) == ["a.txt"]


def fail_halfway(store: LocalStore, failure: type[BaseException]) -> None:
    with store.create("a.txt") as file:
        file.write(b"half")
        raise failure("disk")


@pytest.mark.parametrize("failure", [OSError, KeyboardInterrupt])
def test_a_block_that_fails_leaves_nothing(store: LocalStore, failure: type[BaseException]) -> None:
    with pytest.raises(failure):
        fail_halfway(store, failure)
    assert everything_in(store) == []


def test_a_block_that_fails_leaves_the_file_that_was_there(store: LocalStore) -> None:
    store.write("a.txt", b"old")
    with pytest.raises(OSError, match="disk"):
        fail_halfway(store, OSError)
    assert store.read("a.txt") == b"old"
    assert everything_in(store) == ["a.txt"]


def test_a_file_that_cannot_be_made_durable_does_not_appear(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_private_folder(store.root)

    def fail(descriptor: int) -> None:
        raise OSError("input/output error")

    monkeypatch.setattr("eur_pipeline.storage.os.fsync", fail)
    with pytest.raises(OSError, match="input/output"):
        store.write("a.txt", b"hello")
    assert everything_in(store) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_a_failing_disk_is_told_from_other_errors(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("eur_pipeline.storage.os.fsync", fail)
    with pytest.raises(
        StorageError, match=rf"below {store.root}: {os.strerror(number)}; make room"
    ):
        store.write("a.txt", b"hello")


def test_a_folder_that_we_may_not_write_says_who_should(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, *_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr("os.open", refuse)
    with pytest.raises(PermanentError, match=r"Permission denied.*chown"):
        store.write("file.txt", b"hello")


def test_a_full_disk_keeps_what_is_there_and_can_be_written_to_again(store: LocalStore) -> None:
    with small_disk(store.root, 100_000):
        store.write("a.txt", b"old")
        fill(store.root)
        with pytest.raises(StorageError, match="No space left on device"):
            store.write_all({"a.txt": bytes(50_000), "b.txt": bytes(50_000)})
        assert store.read("a.txt") == b"old"
        make_room(store.root)
        store.write_all({"b.txt": bytes(50_000)})
        assert len(store.read("b.txt")) == 50_000


def test_files_and_new_folders_are_their_owners_alone(store: LocalStore) -> None:
    store.write("a/b/c.txt", b"hello")
    assert mode_of(store.path("a/b/c.txt")) == 0o600
    assert {mode_of(p) for p in (store.root, store.path("a"), store.path("a/b"))} == {0o700}


def test_folders_that_are_there_keep_their_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    make_private_folder(tmp_path / "new" / "below")
    assert mode_of(tmp_path) == 0o755
    assert mode_of(tmp_path / "new") == mode_of(tmp_path / "new" / "below") == 0o700


def test_adopted_files_appear_under_their_keys(store: LocalStore) -> None:
    drafts = dict(zip(["a/1", "b/2"], store.unfinished("here", "01"), strict=True))
    for key, draft in drafts.items():
        draft.write_text(key)
    assert list(store.files()) == []

    store.adopt(drafts)

    assert {key: store.read(key) for key in store.files()} == {"a/1": b"a/1", "b/2": b"b/2"}
    assert everything_in(store) == ["1", "2"]


def test_adoption_makes_all_durable_before_any_appears(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafts = dict(zip("12", store.unfinished("here", "12"), strict=True))
    for draft in drafts.values():
        draft.write_bytes(b"hello")

    def fail_at_the_second(path: Path) -> None:
        if path == drafts["2"]:
            raise OSError("input/output error")

    monkeypatch.setattr(storage, "sync", fail_at_the_second)
    with pytest.raises(OSError, match="input/output"):
        store.adopt(drafts)
    assert list(store.files()) == []


def test_a_file_that_could_not_be_synced_is_thrown_away(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = dict(zip(["a/1", "a/2", "a/3"], store.unfinished("a", "123"), strict=True))
    for path in files.values():
        path.write_bytes(b"hello")
    fsync = os.fsync

    def fail_on_the_second(descriptor: int) -> None:
        if Path(f"/proc/self/fd/{descriptor}").readlink() == files["a/2"]:
            raise OSError(errno.EIO, "")
        fsync(descriptor)

    monkeypatch.setattr("os.fsync", fail_on_the_second)
    with pytest.raises(StorageError):
        store.adopt(files)
    # A second fsync would say that all is well, and what the first could not write is not there.
    assert everything_in(store) == [files["a/1"].name, files["a/3"].name]


def test_what_a_crash_left_can_be_cleared_folder_by_folder(store: LocalStore) -> None:
    store.write("mine/whole.txt", b"hello")
    store.unfinished("mine", ["draft"])[0].write_bytes(b"half")
    store.unfinished("other", ["draft"])[0].write_bytes(b"half")

    store.clear_unfinished("mine")

    assert everything_in(store) == [".unfinished-draft", "whole.txt"]
    assert list(store.files()) == ["mine/whole.txt"]


def test_clearing_makes_folders_durable_that_a_crash_left(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write("mine/hour/whole.txt", b"hello")
    synced: list[Path] = []
    monkeypatch.setattr(storage, "sync", synced.append)

    store.clear_unfinished("mine")

    # Their entries stand in the folders above them.
    assert synced == [store.root / "mine", store.root, store.root.parent]


def test_clearing_a_folder_that_is_missing_is_no_error(store: LocalStore) -> None:
    store.clear_unfinished("nowhere")


def test_removing_what_is_gone_is_no_error(store: LocalStore) -> None:
    store.write("a.txt", b"hello")
    store.remove("a.txt")
    store.remove("a.txt")
    assert list(store.files()) == []


def test_reading_what_is_missing_says_so(store: LocalStore) -> None:
    with pytest.raises(FileNotFoundError):
        store.read("a.txt")


def test_files_are_listed_in_order_and_by_folder(store: LocalStore) -> None:
    for key in ("b/2", "a/10", "b/1", "a/9"):
        store.write(key, b"")
    assert list(store.files()) == ["a/10", "a/9", "b/1", "b/2"]
    assert list(store.files("b")) == ["b/1", "b/2"]
    assert list(store.files("nowhere")) == []
