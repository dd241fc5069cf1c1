"""`directory.csv`: who has which address, at which site and for which cost centre, and when.

It is read and checked here, and its dates become instants; who sent a message is decided in SQL.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from eur_pipeline.billing.csv_file import Row, read_rows, require_no_overlap
from eur_pipeline.config import Config
from eur_pipeline.project import Project

COLUMNS = (
    "person_id",
    "name",
    "address",
    "extension",
    "site",
    "department",
    "cost_centre",
    "valid_from",
    "valid_to",
)


@dataclass(frozen=True)
class DirectoryEntry:
    """One person's address at one site, department and cost centre, for a while.

    Attributes:
        address: Bare and in lower case: addresses are compared without regard to case.
        time_zone: The site's, by its IANA name.
        valid_from: First local day, None = always.
        valid_to: First local day on which it is no longer valid, None = open.
        start_at: The first instant (UTC), None = always.
        end_at: The instant (UTC) at which it ends, None = open.
    """

    person_id: str
    name: str
    address: str
    site: str
    department: str
    cost_centre: str
    time_zone: str
    valid_from: dt.date | None
    valid_to: dt.date | None
    start_at: dt.datetime | None
    end_at: dt.datetime | None


def read_directory(project: Project) -> tuple[DirectoryEntry, ...]:
    """All entries, by address and time; a ConfigurationError names line and column of a fault."""
    rows_of_address: defaultdict[str, list[tuple[Row, DirectoryEntry]]] = defaultdict(list)
    for row in read_rows(project.directory_path, COLUMNS):
        entry = _entry(row, project.config)
        rows_of_address[entry.address].append((row, entry))
    for address, pairs in rows_of_address.items():
        require_no_overlap([row for row, _ in pairs], f"address {address}")
    return tuple(
        entry
        for _, pairs in sorted(rows_of_address.items())
        for entry in _joined_up(entry for _, entry in pairs)
    )


def _entry(row: Row, config: Config) -> DirectoryEntry:
    site = row.one_of("site", [site.name for site in config.sites])
    zone = config.time_zone(site)
    valid_from, valid_to = row.validity()
    return DirectoryEntry(
        person_id=row.required("person_id"),
        name=row.required("name"),
        address=_address(row, site, config),
        site=site,
        department=row.required("department"),
        cost_centre=row.required("cost_centre"),
        time_zone=zone.key,
        valid_from=valid_from,
        valid_to=valid_to,
        start_at=_local_midnight(valid_from, zone),
        end_at=_local_midnight(valid_to, zone),
    )


def _local_midnight(day: dt.date | None, zone: dt.tzinfo) -> dt.datetime | None:
    if day is None:
        return None
    return dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC)


def _address(row: Row, site: str, config: Config) -> str:
    address = row.text("address")
    if not address:
        return _address_of_extension(row, site, config)
    user, at, domain = address.partition("@")
    if not (user and at and domain) or any(c in address for c in " /") or "@" in domain:
        raise row.error("address", "an address such as 56207@presence.example, or nothing")
    return address.lower()


def _address_of_extension(row: Row, site: str, config: Config) -> str:
    extension = row.text("extension")
    if not (extension.isascii() and extension.isdigit()):
        raise row.error("extension", "digits, because the address is empty")
    domains = {c.presence_domain for c in config.collections if c.site == site}
    if len(domains) != 1:
        raise row.error(
            "address",
            f"an address, because the extension's presence domain is not certain: "
            f"the collections of site {site} have {', '.join(sorted(domains)) or 'none'}",
        )
    return f"{extension}@{domains.pop()}"


def _joined_up(entries: Iterable[DirectoryEntry]) -> list[DirectoryEntry]:
    """One address's entries in order, none ending after the start of its successor.

    Midnight comes at another instant where the successor's site is in another time zone: a
    contiguous successor takes over at its own midnight, and nothing is in between.
    """
    ordered = sorted(entries, key=lambda entry: entry.valid_from or dt.date.min)
    successors = [*ordered[1:], None]
    return [_ending_before(*pair) for pair in zip(ordered, successors, strict=True)]


def _ending_before(entry: DirectoryEntry, successor: DirectoryEntry | None) -> DirectoryEntry:
    if successor is None or successor.start_at is None or entry.end_at is None:
        return entry
    if entry.valid_to == successor.valid_from:
        return replace(entry, end_at=successor.start_at)
    return replace(entry, end_at=min(entry.end_at, successor.start_at))
