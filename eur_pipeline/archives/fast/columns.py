"""Makes columns of records from a chunk's texts, just as `extract.py` makes a record of an element.

What is not quite usual - a time with a fraction, no sender - is a NotPlainError: such a chunk is
read record by record.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from eur_pipeline.archives import values
from eur_pipeline.archives.fast.chunk import NotPlainError
from eur_pipeline.archives.fast.markup import Found, Markup
from eur_pipeline.archives.fast.plan import PLAIN_FIELDS, Plan
from eur_pipeline.archives.record import Kind
from eur_pipeline.archives.table import RECORDS
from eur_pipeline.arrays import (
    Mask,
    Numbers,
    Positions,
    array_of,
    content_of,
    numbers_of,
    offsets_of,
    picked,
    texts_of,
)

_KINDS = list(Kind)
# As microseconds too, a number of so many digits is one of 64 bits.
_MOST_DIGITS = 13
# The characters that an address can hold and stay as it is.
_STAYS = np.isin(np.arange(256), list(b"abcdefghijklmnopqrstuvwxyz0123456789.-_@"))
_NOTHING = Found(np.empty(0, np.int64), texts_of([]))


@dataclass(frozen=True, slots=True)
class Columns:
    """Makes columns as a plan says.

    Attributes:
        bare: What an address is without its resource.
        earliest: In microseconds of the epoch, the first time that is none to reject.
        latest: And the last.
    """

    plan: Plan
    bare: Callable[[str], str]
    earliest: int
    latest: int

    def of(self, markup: Markup) -> pa.RecordBatch:
        """The records, numbered from 1; raises NotPlainError."""
        count = len(markup.begins)
        found = {name: markup.found(place) for name, place in self.plan.fields.items()}
        body = found.pop("body", _NOTHING)
        said = {name: _not_blank(some) for name, some in found.items()}
        columns = {
            "ordinal": array_of(np.arange(1, count + 1, dtype=np.int32), pa.int32()),
            "sent_at": self._sent_at(_first(said["sent_at"], count)),
            "sender": self._sender(_first(said["sender"], count)),
            "recipients": self._recipients(said.get("recipients", _NOTHING), count),
            "kind": self._kind(markup, count),
            "body": _first(body, count),
            "file_bytes": _sizes(said.get("file_bytes", _NOTHING), count),
            **{name: _first(said[name], count) for name in PLAIN_FIELDS if name in said},
        }
        arrays = [columns.get(field.name, pa.nulls(count, field.type)) for field in RECORDS]
        return pa.RecordBatch.from_arrays(arrays, schema=RECORDS)

    def _sent_at(self, texts: pa.StringArray) -> pa.Array:
        instants = _whole_numbers(texts) * self.plan.unit
        if instants.min() < self.earliest or instants.max() > self.latest:
            raise NotPlainError
        return array_of(instants, pa.timestamp("us", tz="UTC"))

    def _sender(self, texts: pa.StringArray) -> pa.StringArray:
        if texts.null_count:
            raise NotPlainError
        senders = self._addresses(texts)
        if not np.diff(offsets_of(senders)).all():
            raise NotPlainError
        return senders

    def _recipients(self, found: Found, count: int) -> pa.ListArray:
        records, addresses = found.records, self._addresses(found.texts)
        if (records[1:] == records[:-1]).any():
            once = _once_a_record(records, _distinct(addresses)[1])
            records, addresses = records[once], picked(addresses, once)
        offsets = np.searchsorted(records, np.arange(count + 1)).astype(np.int32)
        return pa.ListArray.from_arrays(array_of(offsets, pa.int32()), addresses)

    def _addresses(self, texts: pa.StringArray) -> pa.StringArray:
        if _are_bare(texts):
            return texts
        distinct, codes = _distinct(texts)
        return picked(texts_of([self.bare(text) for text in distinct]), codes)

    def _kind(self, markup: Markup, count: int) -> pa.StringArray:
        kinds = np.full(count, _KINDS.index(self.plan.other_kind))
        # The first rule that holds counts, so it comes last here.
        for rule in reversed(self.plan.kinds):
            kinds[markup.having(rule.attribute, rule.value)] = _KINDS.index(rule.kind)
        return picked(texts_of([kind.value for kind in _KINDS]), kinds)


def _distinct(texts: pa.StringArray) -> tuple[list[str], Positions]:
    """The distinct texts, and which of them each one is."""
    encoded = texts.dictionary_encode()
    return encoded.dictionary.to_pylist(), numbers_of(encoded.indices, np.int32).astype(np.int64)


def _are_bare(texts: pa.StringArray) -> bool:
    """Whether each stays as it is, because it has one @ and nothing that means anything else."""
    offsets, content = offsets_of(texts), content_of(texts)
    ats = np.flatnonzero(content == ord("@"))
    return (
        len(ats) == len(texts)
        and bool((offsets[:-1] <= ats).all() and (ats < offsets[1:]).all())
        and bool(_STAYS.take(content).all())
    )


def _not_blank(found: Found) -> Found:
    """The texts that do not consist of white space only, as Python sees it."""
    keep = _begins_visibly(found.texts)
    if keep.all():
        return found
    for place in np.flatnonzero(~keep):
        keep[place] = found.texts[int(place)].as_py().strip() != ""
    places = np.flatnonzero(keep)
    return Found(found.records[places], picked(found.texts, places))


def _begins_visibly(texts: pa.StringArray) -> Mask:
    """Which begin with a visible character of ASCII."""
    offsets, content = offsets_of(texts), content_of(texts)
    if not len(content):
        return np.zeros(len(texts), np.bool_)
    first = content[np.minimum(offsets[:-1], len(content) - 1)]
    visible: Mask = (first > ord(" ")) & (first < 0x7F) & (np.diff(offsets) > 0)
    return visible


def _first_places(found: Found, count: int) -> Positions:
    """Which text is the first of each record; -1 where a record has none."""
    firsts = np.flatnonzero(np.diff(found.records, prepend=-1))
    places = np.full(count, -1)
    places[found.records[firsts]] = firsts
    return places


def _first(found: Found, count: int) -> pa.StringArray:
    """The first text of each record, or null."""
    if len(found.records) == count and (np.diff(found.records) == 1).all():
        return found.texts
    return picked(found.texts, _first_places(found, count))


def _whole_numbers(texts: pa.StringArray) -> Numbers:
    """The numbers that the texts are; none may be anything else."""
    content, lengths = content_of(texts), np.diff(offsets_of(texts))
    is_digit = (content >= ord("0")) & (content <= ord("9"))
    if texts.null_count or not is_digit.all():
        raise NotPlainError
    if lengths.min() == 0 or lengths.max() > _MOST_DIGITS:
        raise NotPlainError
    return numbers_of(texts.cast(pa.int64()), np.int64)


def _sizes(found: Found, count: int) -> pa.Array:
    """The first text of each record as a number of bytes, null where it is none."""
    sizes = [values.size(text) for text in found.texts.to_pylist()]
    numbers = np.array([-1 if size is None else size for size in (*sizes, None)], np.int64)
    chosen = numbers[_first_places(found, count)]
    return array_of(chosen, pa.int64(), known=chosen >= 0)


def _once_a_record(records: Positions, codes: Positions) -> Positions:
    """The places without those that repeat a code within a record, in order."""
    counts = np.bincount(records) if len(records) else np.empty(0, np.int64)
    if not len(records) or counts.max() < 2:
        return np.arange(len(records))
    several = np.flatnonzero(counts[records] > 1)
    keys = records[several] * (int(codes.max()) + 1) + codes[several]
    _, first = np.unique(keys, return_index=True)
    keep = counts[records] == 1
    keep[several[first]] = True
    return np.flatnonzero(keep)
