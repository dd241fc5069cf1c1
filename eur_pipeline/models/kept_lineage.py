"""Where columns come from, kept beside the warehouse: the models change with the software alone.

Tracing them anew takes two seconds, which was a sixth of every run that builds.
"""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from eur_pipeline.errors import PermanentError, StorageError
from eur_pipeline.models.inputs import variables
from eur_pipeline.models.loading import load_models, load_sources
from eur_pipeline.models.model import ColumnSource
from eur_pipeline.project import Project
from eur_pipeline.storage import LocalStore

_TRACING = "eur_pipeline.models.lineage"

# By model and column.
Lineage = Mapping[str, Mapping[str, tuple[ColumnSource, ...]]]


def lineage_of_models(project: Project) -> Lineage:
    """For every column of the installed models, the columns it is made from.

    For a caller who alone builds this project at that time.
    """
    store, name = LocalStore(project.warehouse_path.parent), "lineage.json"
    made_from = _made_from()
    kept = _read(store.path(name), made_from)
    if kept is None:
        kept = _trace()
        content = json.dumps({"made_from": made_from, "columns": kept})
        # Without it the next run takes longer, and that is all.
        with suppress(PermanentError, StorageError):
            store.write(name, content.encode())
    return {
        model: {
            column: tuple(ColumnSource(*origin) for origin in origins)
            for column, origins in columns.items()
        }
        for model, columns in kept.items()
    }


# By model and column, tables and columns as JSON has them.
_Kept = dict[str, dict[str, list[list[str]]]]


def _read(path: Path, made_from: str) -> _Kept | None:
    """What was kept, if it was made from the same; nothing of a file that says something else."""
    with suppress(OSError, ValueError, LookupError, TypeError):
        content = json.loads(path.read_bytes())
        if content["made_from"] == made_from:
            columns: _Kept = content["columns"]
            return columns
    return None


def _trace() -> _Kept:
    # Not above: who finds it kept need not load what traces it.
    from eur_pipeline.models.lineage import column_lineage

    return {
        model.name: {
            column: [[origin.table, origin.column] for origin in origins]
            for column, origins in column_lineage(model).items()
        }
        for model in load_models()
    }


def _made_from() -> str:
    """A hash of all that it hangs on: models, sources, and the code that traces them."""
    spec = find_spec(_TRACING)
    code = Path(spec.origin).read_bytes() if spec and spec.origin else b""
    models = [(model.table, model.columns, model.template.text) for model in load_models()]
    found = (models, load_sources(), variables(), version("sqlglot"), code)
    return hashlib.sha256(repr(found).encode()).hexdigest()
