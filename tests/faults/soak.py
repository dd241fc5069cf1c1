"""`make soak`: thousands of archives while faults strike at random, and at the end nothing is lost.

Three collections, each with a collecting process and a network of its own, share one server. Two of
the processes are killed and started again now and then; the third lives to the end and shows
whether memory grows. The seed repeats what is done, not when it falls.
"""

import hashlib
import random
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import psutil
import typer
import yaml
from rich.console import Console
from rich.progress import Progress

from eur_pipeline.project import Project
from eur_pipeline.simulator.sftp_server import SftpServer
from eur_pipeline.starter import create_project
from tests.conftest import (
    DIRECTORY,
    PASSWORD_VARIABLE,
    TARIFF,
    Remote,
    archive_xml,
    configuration,
    through,
)
from tests.faults import lying
from tests.faults.lying import LyingFiles
from tests.faults.proxy import End, Link, TcpProxy
from tests.faults.script import Event, Script, Step, Strike
from tests.faults.world import manifests

NAMES = ("north", "south", "west")
# How much more memory the long-lived process may have in the last quarter than in the first.
_GROWTH = 1.15
# A process that has just begun has not yet what it needs.
_WARM_UP_SECONDS = 20
_LONGEST_PAUSE = 1.5
_console = Console()


@dataclass
class Side:
    """One collection: its folder on the server, its network, and the process that collects it."""

    name: str
    folder: Path
    proxy: TcpProxy
    project: Project
    sent: list[str] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None
    megabytes: list[float] = field(default_factory=list)
    crashes: list[str] = field(default_factory=list)

    def upload(self, number: int) -> None:
        """One more archive, the way a careful uploader does it."""
        content = archive_xml(f"{self.name} {number} " + "x" * (number % 4000))
        draft = self.folder / f".{number}.part"
        draft.write_bytes(content)
        self.sent.append(hashlib.sha256(content).hexdigest())
        draft.rename(self.folder / f"{number}.xml")

    def start(self) -> None:
        """Begin to collect, again and again until killed."""
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.soaking", self.project.path, self.name],
                stderr=log,
            )

    def kill(self) -> None:
        """End the process as nothing else can."""
        assert self.process
        self.process.kill()
        self.process.wait()

    def measure(self) -> None:
        """Note the memory that the process has now, or that it ended by itself."""
        assert self.process
        if self.process.poll() is None:
            process = psutil.Process(self.process.pid)
            if time.time() - process.create_time() > _WARM_UP_SECONDS:
                self.megabytes.append(process.memory_info().rss / 1e6)
        else:
            last = self._log.read_text().rpartition("\n  ")[2]
            self.crashes.append(f"{self.name} ended by itself: {last}")
            self.start()

    @property
    def _log(self) -> Path:
        return self.project.path / f"{self.name}.log"


@dataclass
class Witness:
    """Sees every removal, and whether the archive lies in the landing zone at that moment."""

    landing: Path
    wrong: list[str] = field(default_factory=list)

    def see(self, event: Event) -> None:
        """Look at what the server is about to remove."""
        if event.step is Step.REMOVE and event.path.is_file():
            content = event.path.read_bytes()
            name = f"{hashlib.sha256(content).hexdigest()[:16]}-{event.path.name}"
            hours = (self.landing / event.path.parent.name).glob("*Z")
            if not any(_holds(hour / name, content) for hour in hours):
                self.wrong.append(f"{event.path.parent.name}/{event.path.name}")


def _holds(path: Path, content: bytes) -> bool:
    recorded = path.with_name(f"{path.name}.json")
    return recorded.exists() and path.exists() and path.read_bytes() == content


class Trouble:
    """What goes wrong at random."""

    def __init__(self, seed: int, sides: list[Side], script: Script) -> None:
        self.done: Counter[str] = Counter()
        self._chance = random.Random(seed)
        self._sides = sides
        self._script = script
        self._kinds: dict[str, Callable[[], None]] = {
            "link cut": lambda: self._side().proxy.strike(End.CUT),
            "link reset": lambda: self._side().proxy.strike(End.RESET),
            "link silent": lambda: self._side().proxy.strike(End.STALL),
            "link cut later": self._cut_later,
            "network down": self._network_down,
            "kill -9": self._kill,
            "server lies": self._lie,
        }

    def strike(self) -> None:
        """Let one thing go wrong."""
        kind = self._chance.choice(list(self._kinds))
        self._kinds[kind]()
        self.done[kind] += 1

    def pause(self) -> float:
        """Seconds until the next."""
        return self._chance.uniform(0, _LONGEST_PAUSE)

    def end(self) -> None:
        """Let nothing go wrong any more."""
        self._script.set()
        for side in self._sides:
            side.proxy.plan()

    def _side(self) -> Side:
        return self._chance.choice(self._sides)

    def _cut_later(self) -> None:
        end = self._chance.choice(list(End))
        self._side().proxy.plan(Link(end, after_bytes=self._chance.randrange(200_000)))

    def _network_down(self) -> None:
        proxy = self._side().proxy
        proxy.plan(then=Link(self._chance.choice([End.RESET, End.STALL])))
        proxy.strike(End.RESET)
        time.sleep(self._chance.uniform(0, _LONGEST_PAUSE))
        proxy.plan()

    def _kill(self) -> None:
        # The last one lives, so that its memory can be watched.
        side = self._chance.choice(self._sides[:-1])
        side.kill()
        side.start()

    def _lie(self) -> None:
        lies = [
            Strike(step, before, nth=self._chance.randrange(1, 50), times=3)
            for step in (Step.LIST, Step.STAT, Step.OPEN, Step.READ, Step.VERIFY, Step.REMOVE)
            for before in (lying.refuse, lying.fail, lying.deny)
        ]
        more = [
            Strike(Step.READ, answer=lying.end_early, nth=9, times=3),
            Strike(Step.VERIFY, answer=lying.sized(1), nth=9, times=3),
            Strike(Step.REMOVE, answer=lying.fail_afterwards, nth=9, times=3),
            Strike(Step.LIST, answer=lying.after_names(9)),
        ]
        self._script.set(*self._chance.sample([*lies, *more], 5))


def soak(
    seconds: Annotated[float, typer.Option(help="How long archives come and faults strike.")] = 600,
    archives: Annotated[int, typer.Option(help="How many archives come in that time.")] = 20_000,
    seed: Annotated[int, typer.Option(help="Repeats the same troubles.")] = 1,
) -> None:
    """Collect while everything fails; exit code 1 where something was lost, doubled or leaked."""
    _console.print(f"seed {seed}, {archives:,} archives in {seconds:.0f} s")
    with TemporaryDirectory() as home, ExitStack() as stack:
        witness = Witness(Path(home) / "project" / "data" / "landing")
        script = Script(witness.see)
        sides = _sides(Path(home), script, stack)
        trouble = Trouble(seed, sides, script)
        for side in sides:
            side.start()
            stack.callback(side.kill)
        _strike_and_upload(sides, trouble, seconds, archives)
        trouble.end()
        for side in sides:
            side.kill()
            _collect_undisturbed(side)
        wrong = [*_figures(sides, trouble, witness)]
    _console.print(*(wrong or ["nothing lost, nothing doubled, nothing wrongly removed"]), sep="\n")
    raise typer.Exit(1 if wrong else 0)


def _sides(home: Path, script: Script, stack: ExitStack) -> list[Side]:
    root = home / "remote"
    folders = [root / name for name in NAMES]
    for folder in folders:
        folder.mkdir(parents=True)
    server = stack.enter_context(
        SftpServer(
            root=root,
            user="avaya",
            password="correct",
            host_key_path=home / "host_key",
            files=partial(LyingFiles, script=script),
        )
    )
    proxies = [stack.enter_context(TcpProxy(server.host, server.port)) for _ in NAMES]
    remotes = [
        through(proxy, Remote(server, folder, f"/{folder.name}"))
        for proxy, folder in zip(proxies, folders, strict=True)
    ]
    project = _project(home / "project", remotes)
    return [
        Side(name, folder, proxy, project)
        for name, folder, proxy in zip(NAMES, folders, proxies, strict=True)
    ]


def _project(path: Path, remotes: list[Remote]) -> Project:
    texts = [configuration(remote, name=name) for name, remote in zip(NAMES, remotes, strict=True)]
    content = {**texts[0], "collections": [c for text in texts for c in text["collections"]]}
    hosts = [remote.server.known_hosts_line for remote in remotes]
    files = {
        "eur.yaml": yaml.safe_dump(content),
        "directory.csv": DIRECTORY,
        "tariff.csv": TARIFF,
        "known_hosts": "\n".join(hosts) + "\n",
    }
    return create_project(path, files, {PASSWORD_VARIABLE: "correct"})


def _strike_and_upload(sides: list[Side], trouble: Trouble, seconds: float, archives: int) -> None:
    begun, number = time.monotonic(), 0
    next_strike = next_measure = 0.0
    with Progress(console=_console, transient=True) as bar:
        task = bar.add_task("soaking", total=seconds)
        while (now := time.monotonic() - begun) < seconds:
            while number < archives * min(1.0, now / seconds):
                sides[number % len(sides)].upload(number)
                number += 1
            if now >= next_strike:
                trouble.strike()
                next_strike = now + trouble.pause()
            if now >= next_measure:
                for side in sides:
                    side.measure()
                next_measure = now + 1
            bar.update(task, completed=now)
            time.sleep(0.02)
    while number < archives:
        sides[number % len(sides)].upload(number)
        number += 1


def _collect_undisturbed(side: Side) -> None:
    subprocess.run(
        [sys.executable, "-m", "tests.faults.soaking", side.project.path, side.name, "once"],
        check=True,
    )


def _figures(sides: list[Side], trouble: Trouble, witness: Witness) -> list[str]:
    """Print what happened; what was wrong with it."""
    landing = sides[0].project.landing_path
    landed = Counter(_content_hash(landing, m["key"]) for m in manifests(landing))
    sent = Counter(digest for side in sides for digest in side.sent)
    left = sum(1 for side in sides for _ in side.folder.iterdir())
    strikes = ", ".join(f"{kind} {count}" for kind, count in sorted(trouble.done.items()))
    _console.print(f"faults: {trouble.done.total()} ({strikes})")
    _console.print(f"uploaded {sent.total():,}, landed {landed.total():,}, left {left}")
    wrong = [f"lost: {(sent - landed).total()}"] * bool(sent - landed)
    wrong += [f"doubled: {(landed - sent).total()}"] * bool(landed - sent)
    wrong += [f"removed without a copy: {name}" for name in witness.wrong]
    wrong += [f"left on the server: {left}"] * bool(left)
    return [*wrong, *(crash for side in sides for crash in side.crashes), *_leaks(sides)]


def _leaks(sides: list[Side]) -> list[str]:
    leaks = []
    for side in (side for side in sides if side.megabytes):
        quarter = max(1, len(side.megabytes) // 4)
        first, last = (
            statistics.median(q) for q in (side.megabytes[:quarter], side.megabytes[-quarter:])
        )
        lives = "killed now and then" if side is not sides[-1] else "never killed"
        _console.print(f"memory of {side.name} ({lives}): {first:.0f} MB first, {last:.0f} MB last")
        if side is sides[-1] and last > first * _GROWTH:
            leaks.append(f"memory grew from {first:.0f} to {last:.0f} MB")
    return leaks


def _content_hash(landing: Path, key: str) -> str:
    return hashlib.sha256((landing / key).read_bytes()).hexdigest()


if __name__ == "__main__":
    typer.run(soak)
