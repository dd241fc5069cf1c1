"""Writes the dialect that samples suggest, with reasons and doubts, and tries it on them.

Finding records and fields is the business of the other modules here.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from textwrap import indent
from typing import Any, BinaryIO

import yaml

from eur_pipeline.archives.containers import in_member
from eur_pipeline.archives.dialect import Dialect, parse_dialect
from eur_pipeline.archives.infer.choice import Choice
from eur_pipeline.archives.infer.kinds import Kinds
from eur_pipeline.archives.infer.slots import Prefixes, Slots, probe_of
from eur_pipeline.archives.infer.survey import Survey
from eur_pipeline.archives.limits import DEFAULT_LIMITS, Limits
from eur_pipeline.archives.reader import read_archive, roots_in
from eur_pipeline.archives.record import Record, Reject
from eur_pipeline.errors import UnreadableArchiveError

NAME = "proposed"
_TRIED = 1_000
_SHOWN = 5
_NO_WRAP = 1_000_000


@dataclass(frozen=True)
class Proposal:
    """A dialect for the samples.

    Attributes:
        text: Its YAML file, with reasons and doubts as comments.
        doubts: What a person should look at.
        records: The first it reads.
        read: How many it reads of the first so many.
        rejects: How many of them it cannot read.
        reasons: What is wrong with the first rejects.
    """

    text: str
    dialect: Dialect
    doubts: list[str]
    records: list[Record] = field(default_factory=list)
    read: int = 0
    rejects: int = 0
    reasons: list[str] = field(default_factory=list)


def propose(samples: Sequence[Path], limits: Limits = DEFAULT_LIMITS) -> Proposal:
    """A dialect for archives like these; UnreadableArchiveError says why there is none."""
    survey, slots, prefixes = Survey(), Slots(), Prefixes()
    for sample in samples:
        with _opened(sample) as source:
            survey.add(source, limits)
    paths = [prefixes.path(tags) for tags in survey.record()]
    probe = probe_of(paths, prefixes.namespaces)
    for sample in _of_that_layout(samples, probe, limits):
        with _opened(sample) as source:
            slots.add(source, probe, limits)
    choice = Choice.of(slots)
    if missing := [name for name in ("sent_at", "sender") if name not in choice.fields]:
        raise UnreadableArchiveError(
            f"expected {' and '.join(missing)} in the elements {paths[0]}, found none; "
            f"write the dialect by hand (docs/dialects/README.md). {'; '.join(choice.doubts)}"
        )
    text, doubts = _written(paths, choice, prefixes)
    proposal = Proposal(text, parse_dialect(text, NAME, NAME), doubts)
    return _tried(proposal, _of_that_layout(samples, probe, limits), limits)


def _of_that_layout(samples: Sequence[Path], probe: Dialect, limits: Limits) -> list[Path]:
    """The samples with a document that can hold such records."""
    found = []
    for sample in samples:
        with _opened(sample) as source:
            if any(map(probe.accepts_root, roots_in(source, limits))):
                found.append(sample)
    return found


@contextmanager
def _opened(sample: Path) -> Iterator[BinaryIO]:
    """The sample; errors in the block name it."""
    try:
        with sample.open("rb") as source, in_member(str(sample)):
            yield source
    except OSError as error:
        raise UnreadableArchiveError(f"{sample}: cannot be read: {error.strerror}") from None


def _written(paths: list[str], choice: Choice, prefixes: Prefixes) -> tuple[str, list[str]]:
    """The dialect's file, and the doubts in it."""
    kinds = Kinds.of(choice, prefixes)
    doubts = [*choice.doubts, *kinds.doubts]
    fields = [_field(name, choice, prefixes) for name in choice.fields]
    parts = [
        "# Proposed from samples by `eur dialect infer`: not verified. Look at the doubts first.",
        *(f"#   - {doubt}" for doubt in doubts),
        "# docs/dialects/README.md says how a dialect is written.",
        _yaml({"description": "Proposed from samples (unverified)"}),
        *([_yaml({"namespaces": prefixes.namespaces})] if prefixes.namespaces else []),
        f"# It holds a time and addresses; {len(choice.slots.rows)} were looked at.",
        _yaml({"records": paths}),
        "fields:",
        *fields,
        f"# {kinds.reason[0].upper()}{kinds.reason[1:]}.",
        _yaml({"kinds": [{"when": when, "kind": str(kind)} for when, kind in kinds.rules]}),
        "other_kind: system",
        "# Not to be known from samples; the safe assumption.",
        "overlap: possible",
    ]
    return "\n".join(parts) + "\n", doubts


def _field(name: str, choice: Choice, prefixes: Prefixes) -> str:
    xpath: Any = prefixes.xpath(choice.fields[name])
    if name == "sent_at" and choice.written is not None:
        format_, pattern = choice.written
        xpath = {"xpath": xpath, "format": str(format_)}
        xpath |= {"pattern": pattern} if pattern else {}
    line = _yaml({name: xpath}, flow=name == "sent_at")
    return f"  # {choice.reasons[name]}\n" + indent(line, "  ")


def _yaml(content: dict[str, Any], *, flow: bool = False) -> str:
    ((key, value),) = content.items()
    if flow:
        shown = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=_NO_WRAP)
        return f"{key}: {shown.strip()}"
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=_NO_WRAP).strip()


def _tried(proposal: Proposal, samples: Sequence[Path], limits: Limits) -> Proposal:
    """The proposal with what its dialect reads in the samples."""
    items: list[Record | Reject] = []
    for sample in samples:
        with _opened(sample) as source:
            found = read_archive(source, proposal.dialect, presence_domain=None, limits=limits)
            items += islice(found, _TRIED - len(items))
    records = [item for item in items if isinstance(item, Record)]
    rejects = [item for item in items if isinstance(item, Reject)]
    if not records:
        raise UnreadableArchiveError(
            f"expected a layout of which records can be read, found one where all "
            f"{len(rejects):,} fail, the first because: {rejects[0].reason if rejects else '-'}; "
            f"write the dialect by hand (docs/dialects/README.md)"
        )
    return replace(
        proposal,
        records=records[:_SHOWN],
        read=len(records),
        rejects=len(rejects),
        reasons=[f"record {r.ordinal}, {r.field}: {r.reason}" for r in rejects[:_SHOWN]],
    )
