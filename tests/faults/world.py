"""A small world to collect in: archives, their server behind a network, a project, and a witness.

Every collection runs in a process of its own. What goes wrong meanwhile is scripted; what may never
go wrong is seen by the witness at the moment it happens, and by `violations` afterwards.
"""

import contextlib
import datetime as dt
import hashlib
import json
import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from eur_pipeline.project import Project
from eur_pipeline.simulator.sftp_server import SftpServer
from tests.conftest import UPLOADED, Remote, archive_xml, project_at, through
from tests.faults import collecting
from tests.faults.collecting import MANIFEST_SUFFIX, Ended, Told
from tests.faults.lying import LyingFiles, two_names_at_a_time
from tests.faults.proxy import TcpProxy
from tests.faults.script import Event, Script, Step

KILLED = Ended(failure="killed")
HUNG = Ended(failure="it hung", explained=False)
_LONGEST_SECONDS = 90

# The twins are one content, uploaded twice. The large one takes many requests.
LARGE = "large.xml"
ARCHIVES = {
    "first.xml": archive_xml("one", "two"),
    "second of them.xml": archive_xml("three", minute=1),
    "twin a.xml": archive_xml("four", minute=2),
    "twin b.xml": archive_xml("four", minute=2),
    LARGE: archive_xml(*(f"{n} " + "x" * 8000 for n in range(160)), minute=3),
}

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.faults.collecting"])


@dataclass
class Witness:
    """Sees what is durable, and every removal: nothing may go that does not lie safely here."""

    landing: Path
    violations: list[str] = field(default_factory=list)
    _synced: set[Path] = field(default_factory=set)
    _named: set[Path] = field(default_factory=set)
    _durable: set[Path] = field(default_factory=set)

    def see(self, event: Event) -> None:
        """Look at what the server is about to remove."""
        if event.step is Step.REMOVE and event.path.is_file():
            content = event.path.read_bytes()
            if not any(self._is_safe(m, content) for m in manifests(self.landing)):
                self.violations.append(f"{event.path.name} was removed without a safe copy")

    def note(self, told: Told) -> None:
        """A step that was taken: a file is durable when it and then its folder were synced."""
        if told.target:
            self._named.discard(told.target)
            if told.path in self._synced:
                self._named.add(told.target)
        elif told.path.is_dir():
            self._durable |= {path for path in self._named if path.parent == told.path}
        else:
            self._synced.add(told.path)

    def _is_safe(self, manifest: dict[str, str], content: bytes) -> bool:
        path = self.landing / manifest["key"]
        recorded = path.with_name(path.name + MANIFEST_SUFFIX)
        return (
            manifest["sha256"] == hashlib.sha256(content).hexdigest()
            and path.read_bytes() == content
            and self.is_durable(path)
            and self.is_durable(recorded)
        )

    def is_durable(self, path: Path) -> bool:
        """Whether the file would be there after a power cut."""
        return path in self._durable


def manifests(landing: Path) -> list[dict[str, str]]:
    """What the landing zone's files say was collected, read without the code under test."""
    paths = landing.rglob(f"[!.]*{MANIFEST_SUFFIX}")
    return [json.loads(path.read_bytes()) for path in paths]


class World:
    """The archives on a server behind a proxy, and the project that collects them.

    Attributes:
        allowed: Contents that may be landed beside those of `ARCHIVES`.
    """

    def __init__(self, remote: Remote, project: Project, script: Script, witness: Witness) -> None:
        self.remote = remote
        self.project = project
        self.script = script
        self.witness = witness
        self.proxy: TcpProxy
        self.allowed: set[bytes] = set()
        self._process: int | None = None

    def upload(self) -> None:
        """Lay all archives on the server."""
        for name, content in ARCHIVES.items():
            self.remote.put(name, content, UPLOADED)

    def put(self, name: str, content: bytes, mtime: dt.datetime | None = None) -> None:
        """Replace a file as a whole, as its owner does; by default now."""
        draft = self.remote.put(f".{name}", content, mtime or dt.datetime.now(dt.UTC))
        draft.replace(self.remote.folder / name)

    def kill(self) -> None:
        """Kill the collecting process, which can do nothing about it."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process, signal.SIGKILL)

    def collect(self, *, hasty: bool = False, file_bytes: int | None = None) -> Ended:
        """Collect in a process of its own, doing at every step what the script says."""
        ours, its = _processes.Pipe()
        process = _processes.Process(
            target=partial(collecting.run, self.project.path),
            kwargs={"hasty": hasty, "file_bytes": file_bytes, "told": its},
        )
        process.start()
        self._process = process.pid
        its.close()
        try:
            return self._attend(ours)
        finally:
            process.kill()
            process.join()
            self._process = None

    def _attend(self, connection: Connection) -> Ended:
        try:
            while connection.poll(_LONGEST_SECONDS):
                message = connection.recv()
                if isinstance(message, Ended):
                    return message
                connection.send(self._answer(message))
        except (EOFError, ConnectionError):
            return KILLED
        return HUNG

    def _answer(self, told: Told) -> int | None:
        """The number of the error that the step is to fail with, if it is."""
        if told.done:
            self.witness.note(told)
            return None
        try:
            self._tell(Event(told.step, told.target or told.path))
        except OSError as error:
            return error.errno
        return None

    def _tell(self, event: Event) -> None:
        for strike in self.script.due(event):
            strike.before(event)

    def connected(self) -> None:
        """A client has come to the proxy."""
        self._tell(Event(Step.CONNECT, Path()))

    def violations(self) -> list[str]:
        """What is wrong with the world after an undisturbed run."""
        return [*self.witness.violations, *self._lost(), *self._doubled(), *self._left()]

    def _lost(self) -> Iterator[str]:
        safe = {path.read_bytes() for path in self.remote.folder.iterdir()}
        for manifest in manifests(self.project.landing_path):
            content = (self.project.landing_path / manifest["key"]).read_bytes()
            if hashlib.sha256(content).hexdigest() != manifest["sha256"]:
                yield f"{manifest['name']} is landed damaged"
            elif content not in self.allowed and content not in ARCHIVES.values():
                yield f"{manifest['name']} is landed as it never was"
            safe.add(content)
        yield from (f"{name} is lost" for name, content in ARCHIVES.items() if content not in safe)

    def _doubled(self) -> Iterator[str]:
        identities = Counter(
            (m["remote_path"], m["size"], m["mtime"], m["sha256"])
            for m in manifests(self.project.landing_path)
        )
        yield from (f"{path} is landed twice" for (path, *_), n in identities.items() if n > 1)

    def _left(self) -> Iterator[str]:
        yield from (f"{name} is still on the server" for name in self.remote.names())
        for path in self.project.landing_path.rglob(".unfinished-*"):
            yield f"{path.name} was left behind"


@contextmanager
def new_world(home: Path) -> Iterator[World]:
    """A world below an empty folder, with its archives on the server."""
    folder = home / "remote" / "archives"
    folder.mkdir(parents=True)
    witness = Witness(home / "project" / "data" / "landing")
    script = Script(witness.see)
    with (
        two_names_at_a_time(),
        SftpServer(
            root=folder.parent,
            user="avaya",
            password="correct",
            host_key_path=home / "host_key",
            files=partial(LyingFiles, script=script),
        ) as server,
        TcpProxy(server.host, server.port, lambda: world.connected()) as proxy,
    ):
        remote = Remote(server, folder)
        project = project_at(home / "project", through(proxy, remote))
        world = World(remote, project, script, witness)
        world.proxy = proxy
        world.upload()
        yield world
