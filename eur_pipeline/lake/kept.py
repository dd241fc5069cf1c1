"""Whether eur.yaml still names every collection whose messages the lake keeps."""

from eur_pipeline.errors import ConfigurationError
from eur_pipeline.lake.lake import Lake
from eur_pipeline.project import Project
from eur_pipeline.storage import LocalStore


def require_their_collections(project: Project) -> None:
    """Raise a ConfigurationError that names the collections that are missing.

    Without them their messages would have no site, and months that are invoiced would become
    others: another legal entity, currency and tax.
    """
    configured = {collection.name for collection in project.config.collections}
    missing = Lake(LocalStore(project.lake_path)).collections() - configured
    if missing:
        raise ConfigurationError(
            f"{project.config_path}: expected an entry in `collections` for each whose messages "
            f"the lake has, found none for {', '.join(sorted(missing))}. Their messages would lose "
            f"site, time zone and legal entity. Put the entry back; where nothing is uploaded any "
            f"more, with `stop:` and the first day without uploads"
        )
