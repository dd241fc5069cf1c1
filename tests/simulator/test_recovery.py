"""Wherever a simulation is cut short, the next run finishes it: nothing missing, nothing twice."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from eur_pipeline.errors import PermanentError, ServerUnreachableError
from eur_pipeline.simulator.ledger import Ledger
from eur_pipeline.simulator.presence import PresenceServices, Upload
from eur_pipeline.simulator.sftp_server import SftpServer
from eur_pipeline.simulator.simulation import DEFAULT_END, simulate

Services = dict[str, PresenceServices]


class KilledError(BaseException):
    """Stands for the end of the process: nothing handles it."""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, dict[str, bytes]]:
    """The truth and the archives of a run that nobody interrupts."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "served").mkdir()
    with SftpServer(
        root=folder / "served", user="u", password="p", host_key_path=folder / "key"
    ) as server:
        servers = {
            site: PresenceServices(
                remote_server_address=server.host,
                remote_port=server.port,
                remote_user="u",
                remote_password=SecretStr("p"),
                remote_path=f"/archives/{site}",
                known_hosts=server.known_hosts_line,
            )
            for site in ("geneva", "boston")
        }
        run(folder, servers)
    return (folder / "truth.jsonl").read_bytes(), collect(folder / "served", {})


def run(out: Path, servers: Services, **options: Any) -> None:
    simulate(out, seed=1, hours=12, users=20, end=DEFAULT_END, servers=servers, **options)


def collect(served: Path, collected: dict[str, bytes]) -> dict[str, bytes]:
    """Take all archives with a final name off the server, as a collector does; none comes twice."""
    for path in sorted(served.rglob("im_*.xml")):
        assert path.name not in collected
        collected[path.name] = path.read_bytes()
        path.unlink()
    return collected


def assert_is_finished(
    out: Path, served: Path, collected: dict[str, bytes], finished: tuple[bytes, dict[str, bytes]]
) -> None:
    assert ((out / "truth.jsonl").read_bytes(), collect(served, collected)) == finished
    names = [json.loads(line)["archive_name"] for line in (out / "uploads.jsonl").open()]
    assert len(names) == len(set(names)) == len(collected)
    assert not [path for path in served.rglob("*") if path.is_file()]


@pytest.mark.parametrize("call", [1, 9, 24])
@pytest.mark.parametrize(
    ("where", "step"),
    [(Ledger, "write_truth"), (Upload, "stage"), (Ledger, "record"), (Upload, "publish")],
)
def test_a_run_killed_before_any_step_is_finished_by_the_next(
    tmp_path: Path,
    served: Path,
    services: Services,
    finished: tuple[bytes, dict[str, bytes]],
    monkeypatch: pytest.MonkeyPatch,
    where: type,
    step: str,
    call: int,
) -> None:
    calls = 0
    original = getattr(where, step)

    def killed_at(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call:
            raise KilledError
        return original(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(where, step, killed_at)
        with pytest.raises(KilledError):
            run(tmp_path, services)
    collected = collect(served, {})
    run(tmp_path, services)
    assert_is_finished(tmp_path, served, collected, finished)


@pytest.mark.parametrize("name", ["truth.jsonl", "uploads.jsonl"])
@pytest.mark.parametrize("left", [1, 40, -1])
def test_a_torn_last_line_is_mended(
    tmp_path: Path,
    served: Path,
    services: Services,
    finished: tuple[bytes, dict[str, bytes]],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    left: int,
) -> None:
    original, calls = Ledger._append, 0

    def torn(ledger: Ledger, file: str, text: str) -> int:
        nonlocal calls
        calls += file == name and len(text) > 50
        if calls == 12:
            original(ledger, file, text[:left])
            raise KilledError
        return original(ledger, file, text)

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "_append", torn)
        with pytest.raises(KilledError):
            run(tmp_path, services)
    collected = collect(served, {})
    run(tmp_path, services)
    assert_is_finished(tmp_path, served, collected, finished)


def test_an_interrupted_period_is_finished_by_a_run_over_another_one(
    tmp_path: Path,
    served: Path,
    services: Services,
    finished: tuple[bytes, dict[str, bytes]],
) -> None:
    def kill(done: int, _total: int) -> None:
        if done == 5:
            raise KilledError

    with pytest.raises(KilledError):
        run(tmp_path, services, progress=kill)
    collected = collect(served, {})
    simulate(tmp_path, seed=1, hours=3, users=20, end=DEFAULT_END, servers=services)
    assert_is_finished(tmp_path, served, collected, finished)


def test_a_server_that_goes_away_is_transient_and_the_rest_follows(
    tmp_path: Path,
    served: Path,
    make_services: Callable[..., PresenceServices],
    make_server: Callable[..., SftpServer],
    finished: tuple[bytes, dict[str, bytes]],
) -> None:
    going = make_server().__enter__()
    address = {"remote_port": going.port, "known_hosts": going.known_hosts_line}
    servers = {
        site: make_services(remote_path=f"/archives/{site}", **address)
        for site in ("geneva", "boston")
    }

    def stop(done: int, _total: int) -> None:
        if done == 7:
            going.__exit__(None, None, None)

    with pytest.raises(ServerUnreachableError):
        run(tmp_path, servers, progress=stop)
    with make_server(port=going.port):
        run(tmp_path, servers)
    assert_is_finished(tmp_path, served, {}, finished)


PROGRAM = """
import sys
from pathlib import Path
from pydantic import SecretStr
from eur_pipeline.simulator.presence import PresenceServices
from eur_pipeline.simulator.simulation import DEFAULT_END, simulate
out, password, *settings = sys.argv[1:]
servers = [PresenceServices.model_validate_json(text) for text in settings]
secret = {"remote_password": SecretStr(password)}
servers = [s.model_copy(update=secret) for s in servers]
simulate(Path(out), seed=1, hours=12, users=20, end=DEFAULT_END,
         servers=dict(zip(("geneva", "boston"), servers)))
"""


@pytest.mark.parametrize("archives", [1, 5, 15])
def test_a_process_killed_at_any_moment_loses_nothing(
    tmp_path: Path,
    served: Path,
    services: Services,
    finished: tuple[bytes, dict[str, bytes]],
    archives: int,
) -> None:
    password = services["geneva"].remote_password.get_secret_value()
    settings = [services[site].model_dump_json() for site in ("geneva", "boston")]
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, tmp_path, password, *settings])
    uploads = tmp_path / "uploads.jsonl"
    deadline = time.monotonic() + 30
    while not uploads.exists() or uploads.read_bytes().count(b"\n") < archives:
        assert process.poll() in (None, 0)
        assert time.monotonic() < deadline
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    collected = collect(served, {})
    run(tmp_path, services)
    assert_is_finished(tmp_path, served, collected, finished)


def test_a_truth_that_somebody_shortened_is_noticed(tmp_path: Path, services: Services) -> None:
    run(tmp_path, services)
    truth = tmp_path / "truth.jsonl"
    truth.write_bytes(truth.read_bytes()[:-10])
    with pytest.raises(PermanentError, match=r"truth\.jsonl: \d+ bytes, but uploads\.jsonl says"):
        run(tmp_path, services)


def test_a_damaged_list_of_uploads_is_noticed(tmp_path: Path, services: Services) -> None:
    run(tmp_path, services)
    (tmp_path / "uploads.jsonl").write_text("{}\n")
    with pytest.raises(PermanentError, match=r"uploads\.jsonl: not as this software writes it"):
        run(tmp_path, services)
