"""`directory.csv`: who has which address, at which site and for which cost centre, and when.

It is read and checked here, and its dates become instants. Under which further addresses people
are known is found in `addresses.py`; who sent a message is decided in SQL.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from eur_pipeline.billing.csv_file import Row, read_rows, require_no_overlap
from eur_pipeline.billing.periods import Period, gaps
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
OPTIONAL_COLUMNS = ("end_reason",)
# Whose bills are those of unknown senders, and those of a whole cost centre.
RESERVED_IDS = ("unknown", "shared")
LEFT = "left"


@dataclass(frozen=True)
class DirectoryEntry:
    """One person's address at one site, department and cost centre, for a while.

    Attributes:
        address: Bare and in lower case: addresses are compared without regard to case.
        extension: Digits, or empty.
        time_zone: The site's, by its IANA name.
        valid_from: First local day, None = always.
        valid_to: First local day on which it is no longer valid, None = open.
        start_at: The first instant (UTC), None = always.
        end_at: The instant (UTC) at which it ends, None = open.
        row: Where it was written.
        collection: In whose messages the address means this; empty = in all.
        matched_by: By what the address leads to the person: address, alias or extension.
    """

    person_id: str
    name: str
    address: str
    extension: str
    site: str
    department: str
    cost_centre: str
    time_zone: str
    valid_from: dt.date | None
    valid_to: dt.date | None
    start_at: dt.datetime | None
    end_at: dt.datetime | None
    row: Row = field(compare=False, repr=False)
    collection: str = ""
    matched_by: str = "address"

    @property
    def period(self) -> Period:
        """The local days on which it is valid."""
        return Period(self.valid_from, self.valid_to)

    def within(self, period: Period) -> "DirectoryEntry":
        """The same for these days of it alone, each from midnight of its own site."""
        zone = ZoneInfo(self.time_zone)
        return replace(
            self,
            valid_from=period.valid_from,
            valid_to=period.valid_to,
            start_at=_local_midnight(period.valid_from, zone),
            end_at=_local_midnight(period.valid_to, zone),
        )


def read_directory(project: Project) -> tuple[DirectoryEntry, ...]:
    """All entries, by address and time; a ConfigurationError names line and column of a fault."""
    rows = read_rows(project.directory_path, COLUMNS, OPTIONAL_COLUMNS)
    entries = [_entry(row, project.config) for row in rows]
    by_address, by_person = _grouped(entries)
    for address, of_address in by_address.items():
        require_no_overlap([entry.row for entry in of_address], f"address {address}")
    for person_id, of_person in by_person.items():
        _require_no_gap(person_id, of_person)
    return tuple(
        entry for _, of_address in sorted(by_address.items()) for entry in joined_up(of_address)
    )


def _grouped(
    entries: Iterable[DirectoryEntry],
) -> tuple[dict[str, list[DirectoryEntry]], dict[str, list[DirectoryEntry]]]:
    """The entries by address, and by person."""
    by_address: defaultdict[str, list[DirectoryEntry]] = defaultdict(list)
    by_person: defaultdict[str, list[DirectoryEntry]] = defaultdict(list)
    for entry in entries:
        by_address[entry.address].append(entry)
        by_person[entry.person_id].append(entry)
    return by_address, by_person


def _entry(row: Row, config: Config) -> DirectoryEntry:
    site = row.one_of("site", [site.name for site in config.sites])
    zone = config.time_zone(site)
    valid_from, valid_to = row.validity()
    row.one_of("end_reason", ("", LEFT) if valid_to else ("",))
    return DirectoryEntry(
        person_id=_person_id(row),
        name=row.required("name"),
        address=_address(row, site, config),
        extension=row.text("extension") if _is_number(row.text("extension")) else "",
        site=site,
        department=row.required("department"),
        cost_centre=row.required("cost_centre"),
        time_zone=zone.key,
        valid_from=valid_from,
        valid_to=valid_to,
        start_at=_local_midnight(valid_from, zone),
        end_at=_local_midnight(valid_to, zone),
        row=row,
    )


def _person_id(row: Row) -> str:
    person_id = row.required("person_id")
    if person_id in RESERVED_IDS:
        raise row.error("person_id", f"an id other than {' and '.join(RESERVED_IDS)}")
    return person_id


def _local_midnight(day: dt.date | None, zone: dt.tzinfo) -> dt.datetime | None:
    if day is None:
        return None
    return dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC)


def _address(row: Row, site: str, config: Config) -> str:
    return read_address(row, "address") if row.text("address") else _by_extension(row, site, config)


def read_address(row: Row, column: str) -> str:
    """The cell's bare address, in lower case."""
    address = row.text(column)
    user, at, domain = address.partition("@")
    if not (user and at and domain) or any(c in address for c in " /") or "@" in domain:
        raise row.error(column, "an address such as 56207@presence.example")
    return address.lower()


def _by_extension(row: Row, site: str, config: Config) -> str:
    extension = row.text("extension")
    if not _is_number(extension):
        raise row.error("extension", "digits, because the address is empty")
    domains = {c.presence_domain for c in config.collections if c.site == site}
    if len(domains) != 1:
        raise row.error(
            "address",
            f"an address, because the extension's presence domain is not certain: "
            f"the collections of site {site} have {', '.join(sorted(domains)) or 'none'}",
        )
    return f"{extension}@{domains.pop()}"


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _require_no_gap(person_id: str, entries: Sequence[DirectoryEntry]) -> None:
    """Raise where a person is missing for a while, unless he was away or had left.

    A gap within a month, or across its end, is a slip of whoever wrote the rows: what the person
    sends meanwhile would be nobody's. Who is not there for a whole month has been away.
    """
    for gap in gaps(entry.period for entry in entries):
        before = [entry.row for entry in entries if entry.valid_to == gap.valid_from]
        after = next(entry.row for entry in entries if entry.valid_from == gap.valid_to)
        if any(row.text("end_reason") == LEFT for row in before) or gap.has_whole_month():
            continue
        raise after.error(
            "valid_from",
            f"{gap.valid_from}, the day on which line {before[0].line} ends: {person_id} would be "
            f"nobody in between (who had left has {LEFT!r} as end_reason of that line)",
        )


def joined_up(entries: Iterable[DirectoryEntry]) -> list[DirectoryEntry]:
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
