"""A simulation uploads what its truth says, always the same, and never twice."""

import datetime as dt
import hashlib
import json
import shutil
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from eur_pipeline.errors import PermanentError
from eur_pipeline.simulator.presence import PresenceServices
from eur_pipeline.simulator.simulation import DEFAULT_END, Period, SimulationReport, simulate

Services = dict[str, PresenceServices]
TRUTH_KEYS = [
    "native_id", "sent_at", "sender", "recipients", "conversation_id", "kind", "body",
    "file_name", "file_bytes", "collection", "archive_name",
]  # fmt: skip


def run(out: Path, servers: Services, **arguments: Any) -> SimulationReport:
    usual: dict[str, Any] = {"seed": 1, "hours": 12, "users": 20, "end": DEFAULT_END}
    return simulate(out, servers=servers, **(usual | arguments))


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def archives(served: Path) -> dict[str, Path]:
    """All archives on the server by name; there is nothing else."""
    return {path.name: path for path in served.rglob("*") if path.is_file()}


def contents(served: Path) -> dict[str, bytes]:
    return {name: path.read_bytes() for name, path in archives(served).items()}


def test_the_archives_say_exactly_what_the_truth_says(
    tmp_path: Path,
    served: Path,
    services: Services,
    read_archive: Callable[[bytes], list[dict[str, Any]]],
) -> None:
    run(tmp_path, services, hours=24)
    truth = lines(tmp_path / "truth.jsonl")
    assert len(truth) > 300
    assert all(list(line) == TRUTH_KEYS for line in truth)
    told = {name: list(group) for name, group in groupby(truth, lambda line: line["archive_name"])}
    assert sum(map(len, told.values())) == len(truth)
    for name, path in archives(served).items():
        place = {"collection": f"{path.parent.name}_im", "archive_name": name}
        found = [record | place for record in read_archive(path.read_bytes())]
        assert found == told.pop(name, [])
    assert told == {}


def test_the_list_of_uploads_is_what_lies_on_the_server(
    tmp_path: Path, served: Path, services: Services
) -> None:
    report = run(tmp_path, services)
    uploads = lines(tmp_path / "uploads.jsonl")
    found = archives(served)
    assert [u["archive_name"] for u in uploads] == list({u["archive_name"]: None for u in uploads})
    assert {u["archive_name"] for u in uploads} == set(found)
    for upload in uploads:
        path = found[upload["archive_name"]]
        assert served / upload["remote_path"].lstrip("/") == path
        assert upload["bytes"] == path.stat().st_size
        assert upload["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert dt.datetime.fromisoformat(upload["uploaded_at"]).timestamp() == path.stat().st_mtime
    assert report.archives == report.new_archives == len(found)
    assert report.bytes == sum(u["bytes"] for u in uploads)
    assert report.messages == len(lines(tmp_path / "truth.jsonl"))


def test_every_interval_of_every_site_is_uploaded_at_its_end(
    tmp_path: Path, served: Path, services: Services
) -> None:
    run(tmp_path, services)
    hours = {DEFAULT_END.timestamp() - 3600 * n for n in range(12)}
    for site in ("geneva", "boston"):
        mtimes = {path.stat().st_mtime for path in (served / "archives" / site).iterdir()}
        assert mtimes == hours


def test_a_rarer_upload_falls_on_multiples_of_its_frequency_and_on_the_end(
    tmp_path: Path, served: Path, make_services: Callable[..., PresenceServices]
) -> None:
    servers = {"geneva": make_services(remote_upload_frequency_hours=7)}
    run(tmp_path, servers, hours=24)
    hours = sorted(path.stat().st_mtime / 3600 for path in archives(served).values())
    assert all(hour % 7 == 0 for hour in hours[:-1])
    assert hours[-1] == DEFAULT_END.timestamp() / 3600


def test_equal_arguments_give_equal_bytes(tmp_path: Path, served: Path, services: Services) -> None:
    run(tmp_path / "one", services)
    first = contents(served)
    shutil.rmtree(served / "archives")
    run(tmp_path / "two", services)
    assert contents(served) == first
    for name in ("truth.jsonl", "uploads.jsonl"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_another_seed_gives_other_bytes(tmp_path: Path, services: Services) -> None:
    run(tmp_path / "one", services)
    run(tmp_path / "two", services, seed=2)
    first, second = ((tmp_path / n / "truth.jsonl").read_bytes() for n in ("one", "two"))
    assert first != second


def test_a_second_run_with_equal_arguments_uploads_nothing_and_reports_the_same(
    tmp_path: Path, served: Path, services: Services
) -> None:
    first = run(tmp_path, services)
    truth = (tmp_path / "truth.jsonl").read_bytes()
    shutil.rmtree(served / "archives")  # as if all were collected
    second = run(tmp_path, services)
    assert (second.archives, second.bytes, second.messages) == (
        first.archives,
        first.bytes,
        first.messages,
    )
    assert (second.new_archives, second.new_bytes, second.new_messages) == (0, 0, 0)
    assert archives(served) == {}
    assert (tmp_path / "truth.jsonl").read_bytes() == truth


def test_a_longer_period_adds_only_what_is_new(
    tmp_path: Path, served: Path, services: Services
) -> None:
    run(tmp_path / "whole", services, hours=24)
    whole = contents(served)
    shutil.rmtree(served / "archives")
    run(tmp_path / "parts", services, hours=6, end=DEFAULT_END - dt.timedelta(hours=9))
    shutil.copytree(served, tmp_path / "collected")
    shutil.rmtree(served / "archives")
    report = run(tmp_path / "parts", services, hours=24)
    first, second = contents(tmp_path / "collected"), contents(served)
    assert not set(first) & set(second)
    assert first | second == whole
    assert report.archives == len(whole)
    truths = [
        sorted((tmp_path / n / "truth.jsonl").read_text().splitlines()) for n in ("whole", "parts")
    ]
    assert truths[0] == truths[1]


def test_a_site_can_be_added_later(tmp_path: Path, served: Path, services: Services) -> None:
    run(tmp_path, {"geneva": services["geneva"]})
    report = run(tmp_path, services)
    assert report.new_archives == len(list((served / "archives" / "boston").iterdir())) > 0


def test_a_site_that_does_not_archive_uploads_nothing(
    tmp_path: Path, served: Path, services: Services, make_services: Callable[..., PresenceServices]
) -> None:
    silent = make_services(message_archiving_enabled=False)
    run(tmp_path, {"geneva": services["geneva"], "boston": silent})
    assert {path.parent.name for path in archives(served).values()} == {"geneva"}
    assert {line["collection"] for line in lines(tmp_path / "truth.jsonl")} == {"geneva_im"}


def test_a_collection_may_have_another_name(tmp_path: Path, services: Services) -> None:
    run(tmp_path, {"geneva": services["geneva"]}, collections={"geneva": "hq"})
    assert {line["collection"] for line in lines(tmp_path / "uploads.jsonl")} == {"hq"}


def test_an_unknown_site_is_explained(tmp_path: Path, services: Services) -> None:
    with pytest.raises(PermanentError, match=r"'paris'.*expected geneva or boston"):
        run(tmp_path, {"paris": services["geneva"]})


@pytest.mark.parametrize("other", [{"seed": 2}, {"users": 21}])
def test_another_company_in_the_same_folder_is_refused(
    tmp_path: Path, services: Services, other: dict[str, int]
) -> None:
    run(tmp_path, services, hours=1)
    before = (tmp_path / "uploads.jsonl").read_bytes()
    with pytest.raises(PermanentError, match="holds a simulation with seed 1 and 20 users"):
        run(tmp_path, services, **other)
    assert (tmp_path / "uploads.jsonl").read_bytes() == before


def test_a_foreign_truth_is_not_overwritten(tmp_path: Path, services: Services) -> None:
    (tmp_path / "truth.jsonl").write_text("mine\n")
    with pytest.raises(PermanentError, match=r"truth\.jsonl exists, but simulation\.json"):
        run(tmp_path, services)
    assert (tmp_path / "truth.jsonl").read_text() == "mine\n"


def test_progress_counts_the_intervals(tmp_path: Path, services: Services) -> None:
    seen: list[tuple[int, int]] = []
    run(tmp_path, services, hours=3, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(n, 6) for n in range(1, 7)]


def test_a_period_ends_at_the_last_full_hour_and_moves_people_in_its_middle() -> None:
    zone = dt.timezone(dt.timedelta(hours=2))
    period = Period.ending(dt.datetime(2026, 3, 11, 2, 59, 59, tzinfo=zone), hours=48)
    assert period == Period(DEFAULT_END - dt.timedelta(hours=48), DEFAULT_END)
    assert period.move_on == dt.date(2026, 3, 10)


def test_an_end_without_time_zone_and_a_period_without_hours_are_refused() -> None:
    with pytest.raises(PermanentError, match="no time zone"):
        Period.ending(dt.datetime(2026, 3, 11), hours=1)  # noqa: DTZ001
    with pytest.raises(PermanentError, match="expected 1 or more"):
        Period.ending(DEFAULT_END, hours=0)
