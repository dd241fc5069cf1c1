"""`eur serve-sftp` and `eur simulate`, as they are typed."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from eur_pipeline.cli.simulate import serve_sftp, simulate
from eur_pipeline.errors import ConfigurationError
from eur_pipeline.simulator.sftp_server import SftpServer

from .conftest import PASSWORD, USER

APP = typer.Typer()
APP.command("serve-sftp")(serve_sftp)
APP.command("simulate")(simulate)

COLLECTION = (
    "{{name: {name}, site: {site}, dialect: {dialect}, presence_domain: presence.example,"
    " host: {host}, port: {port}, user: avaya, password_env: EUR_TEST_PASSWORD,"
    " remote_path: /archives/{name}, upload_frequency_hours: 6, start: 2026-03-01}}"
)
SITES = "sites: [{name: geneva}, {name: boston}, {name: lyon}]\n"
BILLING = "billing: {currency: CHF, company_domains: [presence.example]}\n"


def write_project(
    folder: Path, server: SftpServer, *sources: tuple[str, str], dialect: str = "avaya-ps"
) -> None:
    """A project whose collections are given by name and site."""
    collections = ", ".join(
        COLLECTION.format(name=name, site=site, dialect=dialect, host=server.host, port=server.port)
        for name, site in sources
    )
    (folder / "eur.yaml").write_text(f"{SITES}collections: [{collections}]\n{BILLING}")
    (folder / "known_hosts").write_text(f"# servers\n{server.known_hosts_line}\n")
    (folder / ".env").write_text(f"EUR_TEST_PASSWORD='{PASSWORD}'\n")


def run(folder: Path, *options: str) -> Result:
    usual = ["simulate", "--dir", str(folder), "--hours", "12", "--users", "10"]
    return CliRunner().invoke(APP, [*usual, *options])


def test_simulate_uploads_to_the_collections_of_the_simulated_sites(
    tmp_path: Path, served: Path, server: SftpServer
) -> None:
    write_project(tmp_path, server, ("hq", "geneva"), ("boston_im", "boston"), ("other", "lyon"))
    result = run(tmp_path)
    assert result.exit_code == 0, result.output
    assert "archives" in result.stdout
    found = {path.name: len(list(path.iterdir())) for path in (served / "archives").iterdir()}
    assert found == {"hq": 2, "boston_im": 2}  # every six hours
    uploads = [json.loads(line) for line in (tmp_path / "uploads.jsonl").open()]
    assert {upload["collection"] for upload in uploads} == {"hq", "boston_im"}


def test_simulate_prints_its_counts_as_json_and_nothing_else(
    tmp_path: Path, server: SftpServer
) -> None:
    write_project(tmp_path, server, ("geneva_im", "geneva"))
    first, second = (json.loads(run(tmp_path, "--json").stdout) for _ in range(2))
    assert first["archives"] == first["new_archives"] == second["archives"] == 2
    assert second["new_archives"] == 0


def test_simulate_can_end_now(tmp_path: Path, server: SftpServer) -> None:
    write_project(tmp_path, server, ("geneva_im", "geneva"))
    result = run(tmp_path, "--end", "now", "--json")
    assert json.loads(result.stdout)["archives"] >= 2


@pytest.mark.parametrize("end", ["yesterday", "2026-03-11T00:00"])
def test_an_end_that_is_no_instant_is_wrong_use(
    tmp_path: Path, server: SftpServer, end: str
) -> None:
    write_project(tmp_path, server, ("geneva_im", "geneva"))
    result = run(tmp_path, "--end", end)
    assert result.exit_code == 2
    assert "--end" in result.output


def test_a_project_without_a_simulated_site_is_explained(
    tmp_path: Path, server: SftpServer
) -> None:
    write_project(tmp_path, server, ("lyon_im", "lyon"))
    error = run(tmp_path).exception
    assert isinstance(error, ConfigurationError)
    assert "expected one with site geneva or boston" in str(error)


def test_two_collections_of_one_simulated_site_are_explained(
    tmp_path: Path, server: SftpServer
) -> None:
    write_project(tmp_path, server, ("one", "geneva"), ("two", "geneva"))
    error = run(tmp_path).exception
    assert isinstance(error, ConfigurationError)
    assert "one and two both read avaya-ps at geneva" in str(error)


def test_a_missing_known_hosts_file_is_explained(tmp_path: Path, server: SftpServer) -> None:
    write_project(tmp_path, server, ("geneva_im", "geneva"))
    (tmp_path / "known_hosts").unlink()
    error = run(tmp_path).exception
    assert isinstance(error, ConfigurationError)
    assert "known_hosts: no such file" in str(error)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_serve_sftp_says_how_to_reach_it_and_stops_at_a_signal(
    tmp_path: Path, served: Path, stop: signal.Signals
) -> None:
    program = "import typer; from eur_pipeline.cli.simulate import serve_sftp as s; typer.run(s)"
    process = subprocess.Popen(
        [sys.executable, "-c", program, "--root", str(served), "--port", "0", "--user", USER],
        env={**os.environ, "EUR_SFTP_PASSWORD": PASSWORD, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    said = ""
    while "Stop with" not in said:
        line = process.stdout.readline()
        assert line, "it ended before it served"
        said += line
    process.send_signal(stop)
    rest, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Stopped." in rest
    assert re.search(r"^\[127\.0\.0\.1\]:\d+ ssh-ed25519 AAAA\S+$", said, re.MULTILINE)
    assert (tmp_path / "served.host_key").exists()


def test_serve_sftp_without_a_password_is_explained(
    tmp_path: Path, served: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EUR_SFTP_PASSWORD", raising=False)
    error = CliRunner().invoke(APP, ["serve-sftp", "--root", str(served)]).exception
    assert isinstance(error, ConfigurationError)
    assert "EUR_SFTP_PASSWORD" in str(error)
