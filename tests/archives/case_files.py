"""Cases as files: `CASE.xml`, and beside it `CASE.records.jsonl` with what is to be read in it.

`python -m tests.archives.case_files FILE...` writes the second; look at it before you keep it.
"""

import dataclasses
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from eur_pipeline.archives.record import Record, Reject

from .reading import CASES, read

SUFFIX = ".records.jsonl"


def read_case(path: Path) -> list[Record | Reject]:
    """All that is in the archive, read in the dialect that its folder is named after."""
    dialect, *_ = path.relative_to(CASES).parts
    index = path.with_suffix(".list")
    companion = index.read_bytes() if index.exists() else None
    return read(path.read_bytes(), dialect, str(path), companion)


def lines_of(items: Iterable[Record | Reject]) -> list[dict[str, Any]]:
    """Each as an object; what a record does not have is left out, and of a reject its raw text."""
    return [_line(item) for item in items]


def _line(item: Record | Reject) -> dict[str, Any]:
    if isinstance(item, Reject):
        return {"ordinal": item.ordinal, "rejected": item.field, "reason": item.reason}
    found = {name: value for name, value in dataclasses.asdict(item).items() if value is not None}
    times = {name: found[name].isoformat() for name in found if name.endswith("_at")}
    return {**found, **times, "recipients": list(item.recipients)}


def expected_lines(path: Path) -> list[dict[str, Any]]:
    """What is to be read in the archive of that path."""
    text = path.with_suffix(SUFFIX).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.split("\n") if line]


if __name__ == "__main__":
    for name in sys.argv[1:]:
        archive = Path(name).resolve()
        written = (json.dumps(line, ensure_ascii=False) for line in lines_of(read_case(archive)))
        archive.with_suffix(SUFFIX).write_text("\n".join(written) + "\n", encoding="utf-8")
