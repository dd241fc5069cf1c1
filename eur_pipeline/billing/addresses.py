"""Who is behind an address: the directory's own addresses, aliases and extensions.

The order is that of docs/directory.md: the full address, else an alias, else the extension at the
site of the collection that brought the message. What comes out never has two people for one address
at once.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from eur_pipeline.billing.csv_file import Row, overlap_error, read_rows, require_no_overlap
from eur_pipeline.billing.directory import DirectoryEntry, joined_up, read_address
from eur_pipeline.billing.periods import Claim, settle
from eur_pipeline.config import Collection, Config
from eur_pipeline.project import Project

ALIAS_COLUMNS = ("alias", "person_id", "valid_from", "valid_to")


def read_addresses(
    project: Project, directory: Sequence[DirectoryEntry]
) -> tuple[DirectoryEntry, ...]:
    """The directory's entries by every known address, in order of time for each.

    Raises:
        ConfigurationError: Names file, line and column of a fault.
    """
    by_address: defaultdict[str, list[DirectoryEntry]] = defaultdict(list)
    for entry in directory:
        by_address[entry.address].append(entry)
    aliases = _aliases(project, directory, by_address)
    known = {
        address: joined_up([*by_address.get(address, ()), *aliases.get(address, ())])
        for address in sorted({*by_address, *aliases})
    }
    everywhere = (entry for entries in known.values() for entry in entries)
    return (*everywhere, *_extensions(project.config, directory, known))


# --- Aliases.


def _aliases(
    project: Project,
    directory: Iterable[DirectoryEntry],
    by_address: Mapping[str, Sequence[DirectoryEntry]],
) -> dict[str, list[DirectoryEntry]]:
    """The entries of the people behind every alias."""
    of_person: defaultdict[str, list[DirectoryEntry]] = defaultdict(list)
    for entry in directory:
        of_person[entry.person_id].append(entry)
    rows: defaultdict[str, list[Row]] = defaultdict(list)
    path = project.aliases_path
    for row in read_rows(path, ALIAS_COLUMNS) if path.exists() else ():
        rows[read_address(row, "alias")].append(row)
    entries: defaultdict[str, list[DirectoryEntry]] = defaultdict(list)
    for alias, of_alias in rows.items():
        require_no_overlap(of_alias, f"alias {alias}")
        for row in of_alias:
            _require_no_owner(row, alias, by_address.get(alias, ()))
            entries[alias] += _entries_of_alias(row, alias, of_person)
    return entries


def _require_no_owner(row: Row, alias: str, entries: Iterable[DirectoryEntry]) -> None:
    for entry in entries:
        if entry.period.overlaps(row.period()):
            raise overlap_error(entry.row, row, f"{alias}, somebody's own address,")


def _entries_of_alias(
    row: Row, alias: str, of_person: Mapping[str, Sequence[DirectoryEntry]]
) -> list[DirectoryEntry]:
    person_id = row.required("person_id")
    if person_id not in of_person:
        raise row.error("person_id", "somebody of the directory")
    found = [
        replace(entry.within(part), address=alias, matched_by="alias")
        for entry in _homes(of_person[person_id])
        if (part := entry.period.overlap(row.period()))
    ]
    if not found:
        raise row.error("valid_from", f"days on which the directory has {person_id}")
    return found


def _homes(entries: Sequence[DirectoryEntry]) -> Iterator[DirectoryEntry]:
    """Where somebody belongs on every day: the first of the entries by address."""
    ordered = sorted(entries, key=lambda entry: entry.address)
    claims = [Claim((rank,), entry.period, entry) for rank, entry in enumerate(ordered)]
    return (entry.within(period) for period, entry in settle(claims))


# --- Extensions.


def _extensions(
    config: Config,
    directory: Iterable[DirectoryEntry],
    known: Mapping[str, Sequence[DirectoryEntry]],
) -> Iterator[DirectoryEntry]:
    """The people behind an extension, at every domain of the company where nobody else is."""
    by_place: defaultdict[tuple[str, int], dict[str, list[DirectoryEntry]]] = defaultdict(dict)
    for entry in directory:
        of_place = by_place[entry.site, len(entry.extension)]
        of_place.setdefault(entry.extension, []).append(entry)
    for collection in config.collections:
        of_place = by_place.get((collection.site, collection.extension_length), {})
        for extension, entries in sorted(of_place.items()):
            _require_one_person(extension, entries)
            homes = joined_up(_homes(entries))
            for address in _addresses(extension, collection, config):
                for home in homes:
                    found = replace(
                        home, address=address, collection=collection.name, matched_by="extension"
                    )
                    yield from _without(found, known.get(address, ()))


def _addresses(extension: str, collection: Collection, config: Config) -> list[str]:
    domains = {*config.billing.company_domains, collection.presence_domain}
    return [f"{extension}@{domain}" for domain in sorted(domains)]


def _require_one_person(extension: str, entries: Iterable[DirectoryEntry]) -> None:
    ordered = sorted(entries, key=lambda entry: (entry.period.start, entry.row.line))
    for earlier, later in combinations(ordered, 2):
        if earlier.person_id != later.person_id and earlier.period.overlaps(later.period):
            what = f"extension {extension} at site {later.site}"
            raise overlap_error(earlier.row, later.row, what)


def _without(entry: DirectoryEntry, others: Sequence[DirectoryEntry]) -> Iterator[DirectoryEntry]:
    """The parts of an entry in which none of the others, which are in order, is valid."""
    start = entry.start_at
    for other in others:
        free = replace(entry, start_at=start, end_at=_earlier(entry.end_at, other.start_at))
        if other.start_at is not None and _has_time(free):
            yield free
        if other.end_at is None:
            return
        start = max(start, other.end_at) if start else other.end_at
    rest = replace(entry, start_at=start)
    if _has_time(rest):
        yield rest


def _earlier(end: dt.datetime | None, other: dt.datetime | None) -> dt.datetime | None:
    return min(filter(None, (end, other)), default=None)


def _has_time(entry: DirectoryEntry) -> bool:
    return entry.start_at is None or entry.end_at is None or entry.start_at < entry.end_at
