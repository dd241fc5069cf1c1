"""`eur up`: the LAN fails, it is killed twice, archives come; and the UI in a real browser.

One scenario on one project, because starting Dagster takes long. What is waited for is an outcome;
how long that took is measured by the benchmarks.
"""

import hashlib
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import psutil
import pytest
from dotenv import dotenv_values
from playwright.sync_api import Page, sync_playwright

from eur_pipeline.demo import demo_server, make_demo_project
from eur_pipeline.errors import BusyError
from eur_pipeline.project import Project
from eur_pipeline.simulator import simulation
from eur_pipeline.simulator.company import Company
from eur_pipeline.simulator.deployment import simulate_project
from eur_pipeline.simulator.simulation import SimulationReport
from tests.conftest import archive_xml
from tests.faults.proxy import End, Link, TcpProxy

from .command import EUR
from .demo import DemoFiles, published

pytestmark = pytest.mark.xdist_group("up")

SEED, USERS, HOURS = 11, 80, 24
# Whoever collects goes through the LAN, which is this address; the server itself is at 127.0.0.1.
LAN = "127.0.0.2"
# More than a listing takes, and less than the archives of either collection.
BYTES_BEFORE_LAN_FAILURE = 100_000
LONGEST_WAIT_SECONDS = 240
USAGE = "select * from usage_by_person_daily order by all"
CHROMIUM = shutil.which("chromium")
CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass(frozen=True)
class Moment:
    """How far the collection was, in archives."""

    landed: int
    on_the_server: int


@dataclass
class Deployment:
    """A demo project with uploads, and `eur up` on it."""

    project: Project
    uploaded: SimulationReport
    port: int
    process: subprocess.Popen[bytes] | None = None
    at_lan_failure: Moment | None = None
    at_restart: Moment | None = None

    def start(self) -> None:
        log = self.project.path / "up.log"
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [EUR, "up", "--dir", self.project.path, "--port", str(self.port)],
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def kill(self) -> None:
        """What a power cut leaves: nothing runs any more."""
        if self.process is None or self.process.poll() is not None:
            return
        family = psutil.Process(self.process.pid).children(recursive=True)
        for process in [psutil.Process(self.process.pid), *family]:
            process.kill()
        psutil.wait_procs(family)
        self.process.wait()

    def stop(self) -> int:
        """Ctrl-C."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)

    def landed(self) -> int:
        return len(list(self.project.landing_path.rglob("[!.]*.xml.json")))

    def remote(self, folder: str = "") -> list[Path]:
        root = self.project.path / "sftp" / "files" / folder
        return [path for path in root.rglob("*") if path.is_file()]

    def moment(self) -> Moment:
        return Moment(self.landed(), len(self.remote()))

    def is_building(self) -> bool:
        try:
            with self.project.lock("warehouse"):
                return False
        except BusyError:
            return True

    def published_archives(self) -> int:
        try:
            ((count,),) = published(self.project.path, "select count(*) from archives")
        except duckdb.IOException:
            return 0
        return int(count)


def eventually(condition: Callable[[], bool], pause: float = 1.0) -> None:
    """Wait until it holds."""
    end = time.monotonic() + LONGEST_WAIT_SECONDS
    while not condition():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(pause)


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A project that is up again after all that can happen.

    The LAN failed, and a kill came, in the middle of a collection, and a kill in that of a build.
    """
    period = simulation.Period.ending(simulation.DEFAULT_END, hours=HOURS)
    path = tmp_path_factory.mktemp("up") / "project"
    project = make_demo_project(path, Company.make(seed=SEED, users=USERS), period)
    with demo_server(project):
        uploaded = simulate_project(
            project, seed=SEED, hours=HOURS, users=USERS, end=simulation.DEFAULT_END
        )
    deployment = Deployment(project, uploaded, _free_port())
    with lan(project) as network:
        try:
            endure(deployment, network)
            yield deployment
            assert deployment.stop() == 0
        finally:
            deployment.kill()


def endure(deployment: Deployment, network: TcpProxy) -> None:
    """All that happens to the deployment before the tests look at it."""
    network.plan(then=Link(End.CUT, after_bytes=BYTES_BEFORE_LAN_FAILURE))
    deployment.start()
    eventually(lambda: network.failed >= 2, pause=0.01)
    deployment.at_lan_failure = before = deployment.moment()
    # So slow that a collection is sure to be under way at the moment of the kill.
    network.plan(then=Link(bytes_per_second=200_000, round_trip_seconds=0.2))
    eventually(lambda: deployment.landed() > before.landed, pause=0.01)
    deployment.kill()
    deployment.at_restart = deployment.moment()
    network.plan()
    deployment.start()
    eventually(deployment.is_building, pause=0.01)
    deployment.kill()
    deployment.start()


@contextmanager
def lan(project: Project) -> Iterator[TcpProxy]:
    """A network between project and SFTP server; nothing is collected but through it."""
    port = project.config.collections[0].port
    for path in (project.config_path, project.known_hosts_path):
        path.write_text(
            path.read_text(encoding="utf-8").replace("127.0.0.1", LAN), encoding="utf-8"
        )
    with TcpProxy("127.0.0.1", port, at=(LAN, port)) as network:
        yield network


def test_collection_resumes_by_itself_after_a_lan_failure(deployment: Deployment) -> None:
    before, after = deployment.at_lan_failure, deployment.at_restart
    assert before
    assert after
    assert before.on_the_server > 0
    # Nothing was started, clicked or changed in between.
    assert after.landed > before.landed
    assert_all_is_collected_once(deployment)


def test_collection_resumes_by_itself_after_a_restart_of_the_collecting_server(
    deployment: Deployment,
) -> None:
    assert deployment.at_restart
    assert deployment.at_restart.on_the_server > 0
    assert_all_is_collected_once(deployment)


def assert_all_is_collected_once(deployment: Deployment) -> None:
    eventually(lambda: not deployment.remote())
    files = DemoFiles(deployment.project.path)
    sent = sorted((u["remote_path"], u["sha256"]) for u in files.uploads)
    digests = [hashlib.sha256(files.landed(m)).hexdigest() for m in files.manifests]
    found = zip(files.manifests, digests, strict=True)
    assert sorted((m["remote_path"], digest) for m, digest in found) == sent


def test_after_two_kills_everything_is_published_once(deployment: Deployment) -> None:
    eventually(lambda: deployment.published_archives() == deployment.uploaded.archives)
    eventually(lambda: not deployment.remote())

    path = deployment.project.path
    ((messages, distinct),) = published(
        path, "select count(*), count(distinct message_id) from messages"
    )
    assert messages == distinct == deployment.uploaded.messages
    assert published(path, "select sum(copies), sum(rejects) from archives") == [(0, 0)]
    assert deployment.landed() == deployment.uploaded.archives


def what_others_see(process: psutil.Process) -> Iterator[str]:
    """Its arguments and environment; nothing where it has ended by now."""
    with suppress(psutil.NoSuchProcess):
        yield f"{process.cmdline()} {process.environ()}"


def test_no_process_shows_a_secret(deployment: Deployment) -> None:
    eventually(lambda: deployment.published_archives() == deployment.uploaded.archives)
    secrets = [value for value in dotenv_values(deployment.project.path / ".env").values() if value]
    assert deployment.process is not None
    family = psutil.Process(deployment.process.pid).children(recursive=True)
    shown = [text for process in family for text in what_others_see(process)]

    assert len(secrets) == 2
    assert any("dagster" in text for text in shown)
    assert not [secret for secret in secrets for text in shown if secret in text]


def test_no_file_of_the_project_but_env_has_a_secret(deployment: Deployment) -> None:
    eventually(lambda: deployment.published_archives() == deployment.uploaded.archives)
    secrets = [value for value in dotenv_values(deployment.project.path / ".env").values() if value]
    contents = dict(contents_of_files(deployment.project.path))
    having = {p.name for p, text in contents.items() if any(s.encode() in text for s in secrets)}
    assert having == {".env"}
    assert {"up.log", "dagster.yaml"} <= {path.name for path in contents}


def contents_of_files(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """All below the folder, but what is gone by now."""
    for path in folder.rglob("*"):
        if path.is_file():
            with suppress(FileNotFoundError):
                yield path, path.read_bytes()


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A page of Debian's Chromium."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=list(CHROMIUM_ARGUMENTS)
        )
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        page.set_default_timeout(60_000)
        yield page
        browser.close()


@pytest.fixture(scope="module")
def usage_before_backfill(deployment: Deployment, page: Page) -> list[tuple[Any, ...]]:
    """What was published before a backfill of ten intervals, launched here from the UI."""
    eventually(lambda: deployment.published_archives() == deployment.uploaded.archives)
    before = published(deployment.project.path, USAGE)
    page.goto(f"http://127.0.0.1:{deployment.port}/locations/eur_pipeline/jobs/collect_geneva_im")
    page.get_by_role("button", name="Materialize all").first.click()
    page.get_by_text("Show all partitions").click()
    selection = page.locator("[role=dialog] input[type=text]").first
    selection.fill("[2026-03-10T03Z...2026-03-10T12Z]")
    selection.press("Enter")
    page.get_by_text("10 partitions").first.wait_for()
    page.get_by_role("button", name="Launch backfill").click()
    page.get_by_text("Created backfill").wait_for()
    return before


@pytest.mark.usefixtures("usage_before_backfill")
def test_the_ui_shows_the_way_of_the_data(deployment: Deployment, page: Page) -> None:
    page.goto(f"http://127.0.0.1:{deployment.port}/asset-groups")

    graph = page.locator("svg")
    for group in ("geneva_im", "boston_im", "staging", "intermediate", "marts"):
        graph.get_by_text(group, exact=True).first.wait_for()


def test_the_ui_shows_intervals_and_what_was_in_them(deployment: Deployment, page: Page) -> None:
    interval = "2026-03-10T10Z"
    page.goto(
        f"http://127.0.0.1:{deployment.port}/assets/geneva_im_messages"
        f"?view=partitions&partition={interval}"
    )

    page.get_by_text("Materialized", exact=True).first.wait_for()
    page.get_by_text("dagster/partition_row_count").first.wait_for()
    page.get_by_text("preview", exact=True).first.wait_for()


def test_the_ui_shows_the_checks_and_they_passed(deployment: Deployment, page: Page) -> None:
    page.goto(f"http://127.0.0.1:{deployment.port}/assets/messages?view=checks")

    page.get_by_text("column_rules").first.wait_for()
    # A build that is under way shows first.
    page.get_by_text("Succeeded").first.wait_for(timeout=LONGEST_WAIT_SECONDS * 1000)
    assert page.get_by_text("Failed", exact=True).count() == 0


def test_ten_intervals_are_backfilled_from_the_ui_and_nothing_changes(
    deployment: Deployment, page: Page, usage_before_backfill: list[tuple[Any, ...]]
) -> None:
    page.goto(f"http://127.0.0.1:{deployment.port}/runs?view=backfills")

    page.get_by_text("10 partitions").first.wait_for()
    page.get_by_text("Success", exact=True).first.wait_for(timeout=LONGEST_WAIT_SECONDS * 1000)
    assert published(deployment.project.path, USAGE) == usage_before_backfill


def test_a_new_archive_is_published_without_a_click(deployment: Deployment) -> None:
    eventually(lambda: deployment.published_archives() >= deployment.uploaded.archives)
    folder = deployment.project.path / "sftp" / "files" / "geneva"
    hidden, name = folder / ".live.xml.part", "live.xml"
    hidden.write_bytes(archive_xml("said just now"))
    hidden.rename(folder / name)

    def is_published() -> bool:
        found = published(
            deployment.project.path,
            f"select count(*) from messages where archive_name = '{name}'",
        )
        return found == [(1,)]

    eventually(is_published)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
