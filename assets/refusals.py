"""Remembers that a look at a server failed for good, so that a sensor does not knock all the time.

A wrong password tried all day locks an account. A tick that fails keeps no cursor, so this is kept
in Dagster's own store of small values, with the configuration that was refused.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from eur_pipeline.config import Collection
from eur_pipeline.errors import PermanentError
from resources.archive_server import ArchiveServerResource

REASON = (
    "this configuration was refused: see the failed tick before. The sensor tries again "
    "when eur.yaml, .env, known_hosts, the private key or the dialect changes; the schedule tries "
    "anyway"
)


def was_refused(
    instance: dg.DagsterInstance, server: ArchiveServerResource, collection: Collection
) -> bool:
    """Whether the server refused the configuration as it is now."""
    key = _key(collection)
    refused = instance.daemon_cursor_storage.get_cursor_values({key}).get(key)
    return bool(refused) and refused == server.configuration_digest(collection.name)


@contextmanager
def remembered(
    instance: dg.DagsterInstance, server: ArchiveServerResource, collection: Collection
) -> Iterator[None]:
    """Around a look at the server: notes a refusal, and forgets an older one when all is well."""
    key = _key(collection)
    try:
        yield
    except PermanentError:
        refused = server.configuration_digest(collection.name)
        instance.daemon_cursor_storage.set_cursor_values({key: refused})
        raise
    instance.daemon_cursor_storage.set_cursor_values({key: ""})


def _key(collection: Collection) -> str:
    return f"eur/refused/{collection.name}"
