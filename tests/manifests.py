"""Manifests of archives, for tests that need nothing but these."""

import datetime as dt

from eur_pipeline.collect.landing import Manifest, hour_folder


def manifest(collection: str, hour: dt.datetime) -> Manifest:
    """That of an archive which was collected in this hour."""
    return Manifest(
        collection=collection,
        upload_hour=hour,
        name="a.xml",
        remote_path="/archives/a.xml",
        size=1,
        mtime=hour,
        sha256="0" * 64,
        collected_at=hour,
        key=f"{hour_folder(collection, hour)}/a.xml",
        duplicate_of=None,
    )
