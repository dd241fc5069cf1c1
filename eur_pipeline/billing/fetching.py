"""Fetching the organisation's files that lie elsewhere: an HR export on a server or in a bucket.

The border where fsspec's errors, and those of the libraries behind it, become ours. What was
fetched last stays as a copy in `data/organisation/`, so that a lost link costs nothing but news.
What a file means is the business of those who read it.
"""

import datetime as dt
import hashlib
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import fsspec

from eur_pipeline.config import Source
from eur_pipeline.errors import ConfigurationError, FetchError
from eur_pipeline.project import Project
from eur_pipeline.storage import LocalStore

LOCK = "organisation"
# A directory of a million people; what is larger is some other file.
LARGEST_BYTES = 256 * 1024 * 1024
_SSH = ("sftp", "ssh")


@dataclass(frozen=True)
class Copy:
    """What is known of a copy, beside which it is kept as JSON."""

    url: str
    sha256: str
    fetched_at: str
    looked_at: str


@dataclass
class _Fetch:
    """One file on its way; filled in by the thread that fetches it."""

    source: Source
    content: bytes = b""
    error: Exception | None = None
    secrets: list[str] = field(default_factory=list, repr=False)

    def run(self, options: Mapping[str, Any]) -> None:
        try:
            self.content = _read(self.source.url, options)
        except Exception as error:  # noqa: BLE001 - any library can be behind a URL
            self.error = error

    @property
    def reason(self) -> str:
        """Why it did not arrive; without what is secret."""
        said = f"{type(self.error).__name__}: {self.error}"
        for secret in (self.source.url.partition("?")[2], *self.secrets):
            said = said.replace(secret, "***") if secret else said
        return " ".join(said.split())[:300]


def fetch(project: Project, *, at_most_every: dt.timedelta | None = None) -> tuple[str, ...]:
    """Bring the copies up to date; what could not be had, and how old its copy is, are warnings.

    With `at_most_every`, what was looked for so recently is left as it is.

    Raises:
        ConfigurationError: A URL's kind needs a package that is not installed, or its secret is
            not set.
        FetchError: A file could not be had, and was never had before.
    """
    organisation = project.config.organisation
    if not organisation.remote:
        return ()
    with project.lock(LOCK, wait_seconds=2 * organisation.fetch_seconds):
        wanted = {
            name: source
            for name, source in organisation.remote.items()
            if not _looked_for(project, name, source, at_most_every)
        }
        fetches = {name: _Fetch(source) for name, source in wanted.items()}
        _run(project, fetches, organisation.fetch_seconds)
        warnings = (_keep(project, name, fetched) for name, fetched in fetches.items())
        return tuple(warning for warning in warnings if warning)


def _looked_for(project: Project, name: str, source: Source, recently: dt.timedelta | None) -> bool:
    copy = last_copy(project, name, source)
    if copy is None or recently is None:
        return False
    return dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(copy.looked_at) < recently


def last_copy(project: Project, name: str, source: Source) -> Copy | None:
    """What was fetched last from that place; None where nothing was."""
    try:
        text = (project.fetched_folder / f"{name}.json").read_text(encoding="utf-8")
        copy = Copy(**json.loads(text))
    except (OSError, ValueError, TypeError):
        return None
    there = project.organisation_path(name).is_file()
    return copy if there and copy.url == source.shown else None


def _run(project: Project, fetches: Mapping[str, _Fetch], seconds: float) -> None:
    """Fetch all at once; what is not there in time is given up.

    Threads that nobody waits for: a library that hangs cannot be stopped, nor hang us.
    """
    threads = []
    for fetched in fetches.values():
        options = _options(project, fetched)
        thread = threading.Thread(target=fetched.run, args=(options,), daemon=True)
        threads.append((thread, fetched))
        thread.start()
    end = time.monotonic() + seconds
    for thread, fetched in threads:
        thread.join(max(0.0, end - time.monotonic()))
        if thread.is_alive():
            fetched.error = TimeoutError(f"no answer within {seconds:.0f} s")


def _options(project: Project, fetched: _Fetch) -> dict[str, Any]:
    """What fsspec is told of the place, secrets included."""
    source = fetched.source
    protocol = source.url.partition("://")[0]
    try:
        fsspec.get_filesystem_class(protocol)
    except (ImportError, ValueError) as error:
        raise ConfigurationError(
            f"{source.shown}: files of {protocol}:// cannot be fetched here: {error}. Install the "
            f"package, or take one of another kind, such as sftp:// or file://"
        ) from None
    secrets = {name: project.secret(variable) for name, variable in source.secrets.items()}
    fetched.secrets += secrets.values()
    ssh: dict[str, Any] = {}
    if protocol in _SSH:
        # As with archive servers: a known host key, and no login that nobody asked for.
        known_hosts = str(project.known_hosts_path)
        ssh = {"known_hosts": known_hosts, "config": None, "agent_path": None, "client_keys": None}
    return {"skip_instance_cache": True, **ssh, **source.options, **secrets}


def _read(url: str, options: Mapping[str, Any]) -> bytes:
    """The whole file, as large as it was announced to be."""
    fs, path = fsspec.core.url_to_fs(url, **options)
    announced = fs.size(path)
    if announced == 0:
        raise ValueError("the file is empty")
    with fs.open(path, "rb") as file:
        content: bytes = file.read(LARGEST_BYTES + 1)
    if len(content) > LARGEST_BYTES:
        raise ValueError(f"expected at most {LARGEST_BYTES:,} bytes")
    if announced is not None and len(content) != announced:
        raise ValueError(f"{len(content):,} bytes came, {announced:,} were announced")
    return content


def _keep(project: Project, name: str, fetched: _Fetch) -> str | None:
    """Put what came in the place of the copy; a warning where nothing came."""
    copy = last_copy(project, name, fetched.source)
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    if fetched.error is None:
        _write(project, name, fetched, now, copy)
        return None
    could_not = f"could not fetch {name} from {fetched.source.shown}: {fetched.reason}"
    if copy is None:
        raise FetchError(
            f"{could_not}. There is no earlier copy of it; see to the place or the URL"
        )
    _write_state(project, name, Copy(copy.url, copy.sha256, copy.fetched_at, now))
    return f"{could_not}. The copy of {copy.fetched_at} is used"


def _write(project: Project, name: str, fetched: _Fetch, now: str, copy: Copy | None) -> None:
    digest = hashlib.sha256(fetched.content).hexdigest()
    if copy is None or copy.sha256 != digest:
        LocalStore(project.fetched_folder).write(f"{name}.csv", fetched.content)
    _write_state(project, name, Copy(fetched.source.shown, digest, now, now))


def _write_state(project: Project, name: str, copy: Copy) -> None:
    text = json.dumps(vars(copy), indent=2)
    LocalStore(project.fetched_folder).write(f"{name}.json", text.encode())
