"""What `eur.yaml` may say, and the errors that name file, line, key, found and expected.

Reading the file and checking it is all that happens here; `project.py` knows where things lie.
"""

import datetime as dt
import os
import re
from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from eur_pipeline.archives.limits import DEFAULT_LIMITS, Limits
from eur_pipeline.checked_yaml import Wording, checked, read_yaml
from eur_pipeline.errors import ConfigurationError

ROOT_TIME_ZONE = "UTC"
MEBIBYTE = 1 << 20
_WORDING = Wording(
    unknown_key="no such key here; see the starter project for those there are",
    # Somebody may have written the secret itself there.
    secret_keys=dict.fromkeys(
        ("password_env", "private_key_passphrase_env"),
        "expected the name of an environment variable, not a password",
    ),
)
# What can lie elsewhere, by its name in `organisation`.
ORGANISATION_FILES = ("directory", "aliases", "sites", "departments", "cost_centres")
# The site of messages whose collection is gone and whose sender nobody knows.
UNKNOWN_SITE = "unknown"
# The legal entity of sites that no entity lists.
OWN_ENTITY = "company"

# ISO 4217: currencies whose minor unit is not two digits.
MINOR_UNIT_DIGITS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF"), 0),
    **dict.fromkeys(("UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


def minor_unit_digits(currency: str) -> int:
    """Digits after the point of a currency's smallest coin (ISO 4217)."""
    return MINOR_UNIT_DIGITS.get(currency, 2)


@cache
def _time_zones() -> frozenset[str]:
    # `localtime` is this machine's own zone in some installations; DuckDB does not know it.
    return frozenset(available_timezones() - {"localtime"})


def _known_time_zone(name: str) -> str:
    if name not in _time_zones():
        raise ValueError(f"a time zone of the IANA database, such as Europe/Zurich, not {name!r}")
    return name


def _fits_the_clock(minutes: int) -> int:
    """Only what recurs at the same times every day can be written as a cron expression."""
    if minutes < 1 or (60 % minutes and (minutes % 60 or 24 * 60 % minutes)):
        raise ValueError(f"minutes that divide an hour, or hours that divide a day, not {minutes}")
    return minutes


def _not_empty(entries: object) -> object:
    """Asked before the entries are: Pydantic's own bound also counts those that are faulty."""
    if entries == []:
        raise ValueError("at least one entry, found none")
    return entries


def _without_password(url: str) -> str:
    place = url.partition("://")[2].partition("/")[0]
    if ":" in place.rpartition("@")[0]:
        raise ValueError(
            "a URL without a password; `secrets: {password: VARIABLE}` names the variable of it"
        )
    return url


def _variable_name(name: object) -> object:
    """Checked here, because Pydantic would quote what may be the secret itself."""
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ValueError("the name of an environment variable, not a secret")
    return name


def _as_source(source: object) -> object:
    return {"url": source} if isinstance(source, str) else source


# Dagster's rule for asset names; collections give their names to assets.
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Domain = Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]+$")]
# As `ssh-keygen -lf` prints it.
Fingerprint = Annotated[str, StringConstraints(pattern=r"^SHA256:[A-Za-z0-9+/]{43}$")]
VariableName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
# Of file names, for the shell's wildcards; names are compared without regard to case.
LowerCasePattern = Annotated[str, StringConstraints(min_length=1, to_lower=True)]
SecretVariable = Annotated[str, BeforeValidator(_variable_name)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
TimeZoneName = Annotated[str, AfterValidator(_known_time_zone)]


class AfterCollect(StrEnum):
    """What happens on the server to an archive that is safely landed."""

    DELETE = "delete"
    KEEP = "keep"


class Bodies(StrEnum):
    """What the lake keeps of message bodies."""

    KEEP = "keep"
    HASH = "hash"
    DROP = "drop"


class LateUsage(StrEnum):
    """What becomes of usage that arrives when its month was invoiced already."""

    ADJUST = "adjust"
    CREDIT = "credit"


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Site(_Section):
    """A place in the company's tree; a site without a time zone has its parent's."""

    name: Name
    parent: Name | None = None
    time_zone: TimeZoneName | None = None


class Schedule(_Section):
    """How often a collection is run even when no sensor asks for it."""

    every_minutes: Annotated[int, AfterValidator(_fits_the_clock)] = 60

    @property
    def cron(self) -> str:
        """The same as a cron expression."""
        hours, minutes = divmod(self.every_minutes, 60)
        if hours == 24:
            return "0 0 * * *"
        return f"0 */{hours} * * *" if hours else f"*/{minutes} * * * *"


class Brakes(_Section):
    """What keeps a collection from doing too much at once.

    Attributes:
        files_per_run: The most files that one run fetches; none by default.
        mebibytes_per_run: The most that one run fetches, its first file apart; none by default.
        free_disk_mebibytes: What has to stay free on this machine's disk.
        mass_change_factor: Only so many times the usual number of files of an upload interval are
            taken without a person's consent,
        confirmed_files: which is given here, as the number of files that is right.
    """

    files_per_run: Annotated[int, Field(ge=1)] | None = None
    mebibytes_per_run: Annotated[int, Field(ge=1)] | None = None
    free_disk_mebibytes: Annotated[int, Field(ge=0)] = 1024
    mass_change_factor: Annotated[int, Field(ge=1)] = 10
    confirmed_files: Annotated[int, Field(ge=0)] = 0


class Collection(_Section):
    """One source of archives: a remote folder that one messaging server uploads to.

    Attributes:
        stop: The first day without uploads, for a collection that is kept only because of what it
            brought before: its site places those messages for ever.
    """

    name: Name
    site: Name
    collection_for: Name = "avaya_im"
    dialect: str
    extension_length: Annotated[int, Field(ge=1, le=15)] = 5
    presence_domain: Domain
    protocol: Annotated[str, StringConstraints(pattern="^sftp$")] = "sftp"
    host: Annotated[str, StringConstraints(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65535)] = 22
    user: Annotated[str, StringConstraints(min_length=1)]
    password_env: VariableName | None = None
    private_key: Path | None = None
    private_key_passphrase_env: VariableName | None = None
    agent: bool = False
    host_key_fingerprint: Fingerprint | None = None
    remote_path: Annotated[str, StringConstraints(min_length=1)]
    upload_frequency_hours: Annotated[int, Field(ge=1)] = 1
    start: dt.date
    stop: dt.date | None = None
    schedule: Schedule = Schedule()
    poll_seconds: Annotated[int, Field(ge=5, le=3600)] = 15
    temporary_names: tuple[LowerCasePattern, ...] = (".*", "*.part", "*.filepart", "*.tmp")
    incomplete_wait_minutes: Annotated[int, Field(ge=0)] = 60
    brakes: Brakes = Brakes()
    after_collect: AfterCollect = AfterCollect.DELETE
    bodies: Bodies = Bodies.KEEP

    @property
    def interval_hours(self) -> int:
        """The partition's length: the largest divisor of 24 not above the upload frequency."""
        return max(n for n in (1, 2, 3, 4, 6, 8, 12, 24) if n <= self.upload_frequency_hours)

    @property
    def upload_frequency(self) -> dt.timedelta:
        """The time from one upload to the next."""
        return dt.timedelta(hours=self.upload_frequency_hours)

    @property
    def patience(self) -> dt.timedelta:
        """How long a file that looks unfinished may stand unchanged."""
        return dt.timedelta(minutes=self.incomplete_wait_minutes)

    @property
    def start_at(self) -> dt.datetime:
        """Midnight UTC of the first day that is collected."""
        return dt.datetime.combine(self.start, dt.time(), dt.UTC)

    @model_validator(mode="after")
    def _has_begun(self) -> Self:
        if self.start_at > dt.datetime.now(dt.UTC):
            raise ValueError(f"a start that is not in the future, not {self.start}")
        return self

    @property
    def stop_at(self) -> dt.datetime | None:
        """Midnight UTC of the first day on which nothing is uploaded."""
        return dt.datetime.combine(self.stop, dt.time(), dt.UTC) if self.stop else None

    def has_stopped(self, now: dt.datetime) -> bool:
        """Whether nothing is uploaded any more; the server may be gone then."""
        return self.stop_at is not None and self.stop_at <= now

    @model_validator(mode="after")
    def _stops_after_it_began(self) -> Self:
        if self.stop is not None and self.stop <= self.start:
            raise ValueError(f"a stop after the start, {self.start}, not {self.stop}")
        return self

    @model_validator(mode="after")
    def _has_a_way_to_log_in(self) -> Self:
        if self.password_env is None and self.private_key is None and not self.agent:
            raise ValueError(
                "password_env (the name of an environment variable) or private_key, or agent: true"
            )
        return self

    @model_validator(mode="after")
    def _has_a_key_for_the_passphrase(self) -> Self:
        if self.private_key_passphrase_env and self.private_key is None:
            raise ValueError("private_key, which private_key_passphrase_env is for")
        return self


class Source(_Section):
    """Where one of the organisation's files lies: a path, or the URL of a place that fsspec knows.

    Attributes:
        url: Such as hr/directory.csv, within the project, or sftp://hr@hr.example/out/people.csv.
        options: What fsspec is told of that place, by the names of its own parameters.
        secrets: The same for what is secret, by the names of environment variables.
    """

    url: Annotated[str, AfterValidator(_without_password)]
    options: dict[str, Any] = {}
    secrets: dict[str, SecretVariable] = {}

    @property
    def is_remote(self) -> bool:
        """Whether it has to be fetched."""
        return "://" in self.url

    @property
    def shown(self) -> str:
        """The URL for messages: what follows a ? can be a signature."""
        return self.url.partition("?")[0]


# A URL alone is enough.
SourceOrUrl = Annotated[Source, BeforeValidator(_as_source)]


class Organisation(_Section):
    """Files about people and what they belong to that do not lie in their usual place.

    Attributes:
        fetch_seconds: How long all those that are remote may take together.
    """

    directory: SourceOrUrl | None = None
    aliases: SourceOrUrl | None = None
    sites: SourceOrUrl | None = None
    departments: SourceOrUrl | None = None
    cost_centres: SourceOrUrl | None = None
    fetch_seconds: Annotated[int, Field(ge=1, le=40)] = 20

    def source(self, name: str) -> Source | None:
        """Where the file of that name lies, None = in its usual place."""
        source: Source | None = getattr(self, name)
        return source

    @property
    def remote(self) -> dict[str, Source]:
        """What has to be fetched, by the file's name."""
        named = {name: self.source(name) for name in ORGANISATION_FILES}
        return {name: source for name, source in named.items() if source and source.is_remote}


class LegalEntity(_Section):
    """A company of the group: it bills its sites, and those below them, in one currency."""

    name: Name
    currency: Currency
    sites: Annotated[tuple[Name, ...], BeforeValidator(_not_empty)]

    @property
    def minor_unit_digits(self) -> int:
        """Digits after the point of the currency's smallest coin (ISO 4217)."""
        return minor_unit_digits(self.currency)


class Billing(_Section):
    """What the bills are made in, and which addresses are the company's own."""

    currency: Currency
    company_domains: Annotated[tuple[Domain, ...], BeforeValidator(_not_empty)]
    legal_entities: tuple[LegalEntity, ...] = ()
    late_usage: LateUsage = LateUsage.ADJUST

    @property
    def minor_unit_digits(self) -> int:
        """Digits after the point of the currency's smallest coin (ISO 4217)."""
        return minor_unit_digits(self.currency)


class Config(_Section):
    """All of `eur.yaml`."""

    sites: Annotated[tuple[Site, ...], BeforeValidator(_not_empty)]
    collections: Annotated[tuple[Collection, ...], BeforeValidator(_not_empty)]
    billing: Billing
    organisation: Organisation = Organisation()
    limits: Limits = DEFAULT_LIMITS

    def collection(self, name: str) -> Collection:
        """The collection of that name; a ConfigurationError lists those there are."""
        for collection in self.collections:
            if collection.name == name:
                return collection
        known = ", ".join(c.name for c in self.collections)
        raise ConfigurationError(f"no collection is named {name!r}; eur.yaml has: {known}")

    def time_zone(self, site_name: str) -> ZoneInfo:
        """The site's time zone: its own, else the nearest ancestor's here, else UTC."""
        sites = {site.name: site for site in self.sites}
        name: str | None = site_name
        while name and (site := sites.get(name)):
            if site.time_zone:
                return ZoneInfo(site.time_zone)
            name = site.parent
        return ZoneInfo(ROOT_TIME_ZONE)

    @property
    def site_names(self) -> tuple[str, ...]:
        """All sites that usage can be at, `unknown` among them."""
        return (*(site.name for site in self.sites), UNKNOWN_SITE)

    def legal_entity(self, lineage: Sequence[str]) -> LegalEntity:
        """The entity of a site, by its name and those above it: the first that one lists."""
        entities = {site: e for e in self.billing.legal_entities for site in e.sites}
        for name in lineage:
            if name in entities:
                return entities[name]
        return LegalEntity(name=OWN_ENTITY, currency=self.billing.currency, sites=(lineage[0],))

    def entity_time_zone(self, legal_entity: str) -> ZoneInfo:
        """The zone of its first site; of an entity that is not listed, of the first of all."""
        sites = {entity.name: entity.sites[0] for entity in self.billing.legal_entities}
        return self.time_zone(sites.get(legal_entity, self.sites[0].name))

    @model_validator(mode="after")
    def _refers_only_to_what_exists(self) -> Self:
        _require_unique("site", [site.name for site in self.sites])
        _require_unique("collection", [collection.name for collection in self.collections])
        parents = {site.name: site.parent for site in self.sites}
        for site in self.sites:
            _require_known("parent of site " + site.name, site.parent, parents)
            _require_no_cycle(site.name, parents)
        _require_folders_of_their_own(self.collections)
        for collection in self.collections:
            _require_known("site of collection " + collection.name, collection.site, parents)
        _require_unique("legal entity", [entity.name for entity in self.billing.legal_entities])
        listed = [site for entity in self.billing.legal_entities for site in entity.sites]
        _require_unique("site of legal entities", listed)
        _require_one_currency(self.billing)
        for name in listed:
            _require_known("site of a legal entity", name, parents)
        return self


def _require_unique(kind: str, names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"every {kind} to have a name of its own, but {name!r} stands twice")


def _require_one_currency(billing: Billing) -> None:
    for entity in billing.legal_entities:
        if entity.name == OWN_ENTITY and entity.currency != billing.currency:
            raise ValueError(
                f"the legal entity {OWN_ENTITY}, which all other sites belong to, to bill in "
                f"{billing.currency}, not {entity.currency}"
            )


def _require_folders_of_their_own(collections: Sequence[Collection]) -> None:
    seen: dict[tuple[str, int, str], str] = {}
    for c in collections:
        other = seen.setdefault((c.host, c.port, c.remote_path), c.name)
        if other != c.name:
            raise ValueError(
                f"every collection to have a remote folder of its own, "
                f"but {other} and {c.name} share {c.remote_path}"
            )


def _require_known(what: str, name: str | None, known: dict[str, str | None]) -> None:
    if name is not None and name not in known:
        raise ValueError(f"{what} to be one of {', '.join(known)}, not {name!r}")


def _require_no_cycle(name: str, parents: dict[str, str | None]) -> None:
    seen, at = {name}, parents[name]
    while at is not None:
        if at in seen:
            raise ValueError(f"sites to form a tree, but {name!r} is among its own ancestors")
        seen.add(at)
        at = parents.get(at)


def load_config(path: Path) -> Config:
    """Read and check `eur.yaml`; a ConfigurationError lists every fault with its line."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigurationError(
            f"{path}: no such file; expected a project's configuration. "
            f"Make a project with `eur init DIR`, or name one with EUR_HOME."
        ) from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: not readable as YAML: {error}") from None
    name = os.fspath(path)
    return checked(Config, read_yaml(text, name), text, name, _WORDING)
