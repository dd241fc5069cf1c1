"""The stand-ins' view of a project: which of its collections they upload to, and how.

The simulation itself is in `simulation.py`, and knows nothing of projects' configuration.
"""

import datetime as dt

from pydantic import SecretStr

from eur_pipeline.config import Collection
from eur_pipeline.errors import ConfigurationError
from eur_pipeline.project import Project
from eur_pipeline.simulator.company import OFFICES
from eur_pipeline.simulator.presence import PresenceServices
from eur_pipeline.simulator.simulation import Progress, SimulationReport, simulate, unwatched

SIMULATED_DIALECT = "avaya-ps"


def simulate_project(
    project: Project,
    *,
    seed: int,
    hours: int,
    users: int,
    end: dt.datetime,
    progress: Progress = unwatched,
) -> SimulationReport:
    """`simulate` into the project's directory, uploading to the servers of its collections.

    Raises ConfigurationError where no collection, or more than one, belongs to a simulated site.
    """
    collections = _simulated_collections(project)
    return simulate(
        project.path,
        seed=seed,
        hours=hours,
        users=users,
        end=end,
        servers={c.site: _presence_services(project, c) for c in collections},
        collections={c.site: c.name for c in collections},
        progress=progress,
    )


def _simulated_collections(project: Project) -> list[Collection]:
    """The collections that the simulated sites upload to, one of each site at most."""
    sites = [office.name for office in OFFICES]
    chosen: dict[str, Collection] = {}
    for collection in project.config.collections:
        if collection.site in sites and collection.dialect == SIMULATED_DIALECT:
            other = chosen.setdefault(collection.site, collection)
            if other is not collection:
                raise ConfigurationError(
                    f"{project.config_path}: the collections {other.name} and {collection.name} "
                    f"both read {SIMULATED_DIALECT} at {collection.site}; a simulated site uploads "
                    f"to one of them only: give the other a site of its own"
                )
    if not chosen:
        raise ConfigurationError(
            f"{project.config_path}: no collection of dialect {SIMULATED_DIALECT} belongs to a "
            f"simulated site; expected one with site {' or '.join(sites)}"
        )
    return list(chosen.values())


def _presence_services(project: Project, collection: Collection) -> PresenceServices:
    password = project.password(collection)
    if password is None:
        raise ConfigurationError(
            f"{project.config_path}: collection {collection.name} has no password_env, but "
            f"Presence Services log in with a password; name the variable that holds it"
        )
    return PresenceServices(
        remote_server_address=collection.host,
        remote_port=collection.port,
        remote_user=collection.user,
        remote_password=SecretStr(password),
        remote_path=collection.remote_path,
        remote_upload_frequency_hours=collection.upload_frequency_hours,
        known_hosts=_known_hosts(project),
    )


def _known_hosts(project: Project) -> str:
    try:
        return project.known_hosts_path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigurationError(
            f"{project.known_hosts_path}: no such file; expected the host keys of the archive "
            f"servers, such as the line that `eur serve-sftp` prints"
        ) from None
