"""A project directory: where its files lie, its secrets and its locks.

What the files mean is the business of the room that reads them.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dotenv import dotenv_values
from filelock import FileLock, Timeout

from eur_pipeline.config import Collection, Config, load_config
from eur_pipeline.errors import BusyError, ConfigurationError
from eur_pipeline.storage import make_private_folder

HOME_VARIABLE = "EUR_HOME"
BODY_KEY_VARIABLE = "EUR_BODY_HASH_KEY"


@dataclass(frozen=True)
class Project:
    """One deployment, in one directory."""

    path: Path

    @classmethod
    def find(cls, directory: Path | None = None) -> "Project":
        """The project in `directory`, else in EUR_HOME, else in the current directory."""
        chosen = directory or Path(os.environ.get(HOME_VARIABLE) or ".")
        return cls(chosen.resolve())

    @cached_property
    def config(self) -> Config:
        """`eur.yaml`, checked; raises ConfigurationError."""
        return load_config(self.config_path)

    @property
    def config_path(self) -> Path:
        """Sites, collections and billing."""
        return self.path / "eur.yaml"

    @property
    def directory_path(self) -> Path:
        """Who has which address, where and when."""
        return self.organisation_path("directory")

    @property
    def organisation_folder(self) -> Path:
        """What there is beside people: sites that move, aliases and the like; it can be missing."""
        return self.path / "organisation"

    @property
    def fetched_folder(self) -> Path:
        """The last good copies of files that lie elsewhere."""
        return self.path / "data" / "organisation"

    def organisation_path(self, name: str) -> Path:
        """Where a file about people and what they belong to is read, by its name in `eur.yaml`.

        Of one that lies elsewhere, that is its copy. Of all but the directory, there may be none.
        """
        source = self.config.organisation.source(name)
        if source is None:
            folder = self.path if name == "directory" else self.organisation_folder
            return folder / f"{name}.csv"
        return self.fetched_folder / f"{name}.csv" if source.is_remote else self.path / source.url

    @property
    def sites_path(self) -> Path:
        """Which site is below which, and when; it can be missing."""
        return self.organisation_path("sites")

    @property
    def aliases_path(self) -> Path:
        """Under which further addresses people are known; it can be missing."""
        return self.organisation_path("aliases")

    def units_path(self, kind: str) -> Path:
        """The names of departments (kind `department`) or cost centres; it can be missing."""
        return self.organisation_path(f"{kind}s")

    @property
    def tariff_path(self) -> Path:
        """What a message costs, and when."""
        return self.path / "tariff.csv"

    @property
    def tariff_folder(self) -> Path:
        """Plans beyond the one that `tariff.csv` is; it can be missing."""
        return self.path / "tariff"

    @property
    def bills_path(self) -> Path:
        """Bills that are divided by share of usage; it can be missing."""
        return self.path / "bills.csv"

    @property
    def known_hosts_path(self) -> Path:
        """The host keys of the archive servers, in OpenSSH's format."""
        return self.path / "known_hosts"

    @property
    def dialects_path(self) -> Path:
        """The site's own dialects, if it has any."""
        return self.path / "dialects"

    @property
    def landing_path(self) -> Path:
        """The raw archives as received, and their manifests."""
        return self.path / "data" / "landing"

    @property
    def lake_path(self) -> Path:
        """Parquet: what the archives say."""
        return self.path / "data" / "lake"

    @property
    def warehouse_path(self) -> Path:
        """The private DuckDB file; only the pipeline opens it."""
        return self.path / "data" / "warehouse" / "warehouse.duckdb"

    @property
    def invoices_path(self) -> Path:
        """The issued documents and their register: files of record, not made from anything."""
        return self.path / "data" / "invoices"

    @property
    def published_path(self) -> Path:
        """The DuckDB file that analysts open."""
        return self.path / "data" / "published" / "eur.duckdb"

    @property
    def former_tariffs_path(self) -> Path:
        """The tariffs that others took the place of, each in a folder named after that moment."""
        return self.path / "data" / "tariffs"

    @property
    def trial_path(self) -> Path:
        """Where a tariff is tried; nothing in it outlives the trial."""
        return self.path / "data" / "trial"

    @property
    def dagster_home(self) -> Path:
        """Dagster's own records: runs, events, schedules."""
        return self.path / "data" / "dagster"

    @cached_property
    def _secrets(self) -> dict[str, str | None]:
        return dotenv_values(self.path / ".env")

    def secret(self, variable: str) -> str:
        """A secret by the name of its variable: the environment's first, else the one in `.env`."""
        value = os.environ.get(variable) or self._secrets.get(variable)
        if not value:
            raise ConfigurationError(
                f"{variable} is set neither in the environment nor in {self.path / '.env'}; "
                f"write {variable}=... into that file"
            )
        return value

    def password(self, collection: Collection) -> str | None:
        """The collection's password, None where it logs in with a key alone."""
        return self.secret(collection.password_env) if collection.password_env else None

    def private_key_path(self, collection: Collection) -> Path | None:
        """The collection's private key, None where it has none."""
        key = collection.private_key
        return self.path / key.expanduser() if key else None

    def passphrase(self, collection: Collection) -> str | None:
        """The passphrase of the private key, None where it needs none."""
        variable = collection.private_key_passphrase_env
        return self.secret(variable) if variable else None

    @property
    def body_key(self) -> bytes:
        """The key of the body hashes, made by `eur init`."""
        return self.secret(BODY_KEY_VARIABLE).encode()

    @contextmanager
    def lock(self, name: str, *, wait_seconds: float = 0) -> Iterator[None]:
        """Hold the project's lock of that name; a BusyError says that another process has it."""
        path = self.path / "data" / "locks" / f"{name}.lock"
        make_private_folder(path.parent)
        lock = FileLock(path, timeout=wait_seconds)
        try:
            with lock:
                yield
        except Timeout:
            raise BusyError(
                f"another process is at work on {name!r} of {self.path}; "
                f"wait for it, or end it and try again"
            ) from None
