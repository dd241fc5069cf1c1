"""The order of the examinations, and those of the project's own files.

Each collection is looked at in a thread of its own, so that a slow server keeps nobody waiting.
"""

import datetime as dt
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from eur_pipeline.archives.dialect import load_dialect
from eur_pipeline.billing.addresses import read_addresses
from eur_pipeline.billing.bills import read_bills
from eur_pipeline.billing.directory import read_directory
from eur_pipeline.billing.fetching import fetch
from eur_pipeline.billing.sites import read_sites
from eur_pipeline.billing.tariff import read_tariff
from eur_pipeline.billing.units import UNIT_KINDS, read_units
from eur_pipeline.collect.login import private_key
from eur_pipeline.config import MEBIBYTE, Collection
from eur_pipeline.doctor.finding import Finding, UnknownError, all_of, look
from eur_pipeline.doctor.invoices import look_at_invoices
from eur_pipeline.doctor.privacy import look_at_privacy
from eur_pipeline.doctor.server import look_at_server
from eur_pipeline.doctor.stores import look_at_stores
from eur_pipeline.errors import ConfigurationError
from eur_pipeline.lake.kept import require_their_collections
from eur_pipeline.project import BODY_KEY_VARIABLE, Project

_COLLECTIONS_AT_ONCE = 16


def examine(project: Project) -> Iterator[Finding]:
    """All findings, in the order in which faults should be mended."""
    configuration = look("eur.yaml", lambda: _configuration(project))
    yield configuration
    if not configuration.good:
        return
    collections = project.config.collections
    with ThreadPoolExecutor(_COLLECTIONS_AT_ONCE) as pool:
        looks = [pool.submit(_look_at_collection, project, c) for c in collections]
        if project.config.organisation.remote:
            yield look("organisation", lambda: _fetched(project))
        yield look("directory.csv", lambda: _organisation(project))
        yield look("tariff", lambda: _tariff(project))
        yield look("bills", lambda: _bills(project))
        yield look(".env", lambda: _secrets(project))
        yield look("disk", lambda: _disk(project))
        yield look("privacy", lambda: look_at_privacy(project))
        yield look("collections", lambda: _collections(project))
        yield look("invoices", lambda: look_at_invoices(project))
        for findings in looks:
            yield from findings.result()


def _configuration(project: Project) -> str:
    names = ", ".join(collection.name for collection in project.config.collections)
    return f"readable; collections: {names}"


def _collections(project: Project) -> str:
    require_their_collections(project)
    return "every collection that the lake has messages of is configured"


def _fetched(project: Project) -> str:
    warnings = fetch(project)
    if warnings:
        raise UnknownError("\n".join(warnings))
    remote = project.config.organisation.remote
    return "fetched: " + ", ".join(f"{name} from {s.shown}" for name, s in remote.items())


def _organisation(project: Project) -> str:
    read_sites(project)
    directory = read_directory(project)
    known = read_addresses(project, directory)
    units = [len(read_units(project, kind, directory).names) for kind in UNIT_KINDS]
    return (
        f"{len(directory)} rows, {len({entry.address for entry in known})} addresses, "
        f"{units[0]} departments, {units[1]} cost centres"
    )


def _tariff(project: Project) -> str:
    tariff = read_tariff(project)
    plans = dict.fromkeys(terms.plan for terms in tariff.plans)
    return f"{len(tariff.rates)} rates; plans: {', '.join(plans)}"


def _bills(project: Project) -> str:
    bills = read_bills(project, read_sites(project))
    months = {bill.local_month for bill in bills}
    return f"{len(bills)} to be divided, of {len(months)} months" if bills else "none"


def _secrets(project: Project) -> str:
    variables = [BODY_KEY_VARIABLE]
    for c in project.config.collections:
        if c.has_stopped(dt.datetime.now(dt.UTC)):
            continue
        variables += [name for name in (c.password_env, c.private_key_passphrase_env) if name]
    faults = []
    for variable in dict.fromkeys(variables):
        try:
            project.secret(variable)
        except ConfigurationError as error:
            faults.append(str(error))
    all_of(faults)
    return "all secrets are set"


def _disk(project: Project) -> str:
    collections = project.config.collections
    reserve, name = max((c.brakes.free_disk_mebibytes, c.name) for c in collections)
    # The landing zone may lie on a disk of its own.
    places = dict.fromkeys((project.path, _existing(project.landing_path)))
    free = {place: shutil.disk_usage(place).free // MEBIBYTE for place in places}
    all_of(
        [
            f"{found:,} MiB are free under {place}; expected {reserve:,} MiB or more "
            f"(brakes.free_disk_mebibytes of {name}). Make room: until then, archives stay on "
            f"their servers"
            for place, found in free.items()
            if found < reserve
        ]
    )
    return f"{min(free.values()):,} MiB free; {reserve:,} MiB have to be"


def _existing(place: Path) -> Path:
    """The place where it is there; else its folder, or the one above that."""
    return place if place.exists() else _existing(place.parent)


def _look_at_collection(project: Project, collection: Collection) -> list[Finding]:
    name = collection.name
    findings = [
        look(
            f"{name}: dialect",
            lambda: load_dialect(collection.dialect, project.dialects_path).name,
        )
    ]
    if collection.has_stopped(dt.datetime.now(dt.UTC)):
        server = f"left alone: nothing is uploaded there since {collection.stop}"
        findings.append(Finding(f"{name}: server", True, server))
        return findings + look_at_stores(project, collection)
    if collection.private_key:
        findings.append(look(f"{name}: private key", lambda: _private_key(project, collection)))
    findings += look_at_server(project, collection)
    findings += look_at_stores(project, collection)
    return findings


def _private_key(project: Project, collection: Collection) -> str:
    key = private_key(project, collection)
    return f"readable: {key.get_algorithm()} {key.get_fingerprint()}" if key else "none"
