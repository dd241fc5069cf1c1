"""Chooses which slot is which field, and says why, and what is doubtful about it.

What the records are about is the business of `kinds.py`.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

from eur_pipeline.archives.infer import shapes
from eur_pipeline.archives.infer.shapes import Written
from eur_pipeline.archives.infer.slots import Slot, Slots
from eur_pipeline.archives.values import TimeFormat

TIME = frozenset({"time", "timestamp", "stamp", "date", "datetime", "sent", "at", "ts", "utc"})
BODY = frozenset({"body", "text", "content", "message", "msg", "payload"})
ID = frozenset({"id", "uuid", "guid", "msgid", "messageid"})
CONVERSATION = frozenset(
    {"conversation", "thread", "room", "session", "conference", "channel", "chat"}
)
FILE = frozenset({"file", "attachment", "filename", "transfer"})
SIZE = frozenset({"size", "bytes", "length", "filesize"})
_FEW = 1 / 5


@dataclass(slots=True)
class Choice:
    """The slots chosen for fields, by the names of a dialect's fields.

    Attributes:
        written: How times are written; None where there are none.
        reasons: Why each was chosen.
        doubts: What a person should look at.
    """

    slots: Slots
    fields: dict[str, Slot] = field(default_factory=dict)
    written: Written | None = None
    reasons: dict[str, str] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, slots: Slots) -> "Choice":
        """What is found in these records."""
        choice = cls(slots)
        choice._time()
        choice._parties()
        choice._file()
        choice._body()
        choice._ids()
        return choice

    def _free(self) -> list[Slot]:
        return [slot for slot in self.slots.all() if slot not in self.fields.values()]

    def _best(self, score: Callable[[Slot], float], among: Iterable[Slot]) -> Slot | None:
        """The slot with the highest score, if above 0; the first of equal ones."""
        scored = [(score(slot), slot) for slot in among]
        points, slot = max(scored, key=lambda one: one[0], default=(0.0, None))
        return slot if points > 0 else None

    def _take(self, name: str, slot: Slot, reason: str) -> None:
        self.fields[name] = slot
        self.reasons[name] = reason

    def _time(self) -> None:
        slot = self._best(self._likeness_to_a_time, self._free())
        if slot is None:
            self.doubts.append("sent_at: nothing in the records looks like a time")
            return
        texts = self.slots.texts(slot)
        ways, number = self._ways(slot)
        self.written = ways[0]
        self._take("sent_at", slot, f"{number} of {len(texts)} texts there are such times")
        if number < len(texts):
            self.doubts.append(f"sent_at: {len(texts) - number} texts there are no such times")
        if len(ways) > 1:
            self.doubts.append(f"sent_at: they could also be {ways[1][1] or ways[1][0]}")
        others = [s for s in self._free() if self._likeness_to_a_time(s) > 0]
        if others:
            self.doubts.append(
                f"sent_at: {len(others)} other places tell times too; the right one is the stamp "
                f"of the archive, not of the sender's device"
            )
        if ways[0][0] in (TimeFormat.ISO, TimeFormat.PATTERN, TimeFormat.DOTNET_TICKS):
            self.doubts.append("sent_at: times that name no zone are taken for UTC (`time_zone`)")

    def _ways(self, slot: Slot) -> tuple[list[Written], int]:
        """The ways in which most texts there are times, the likeliest first, and how many are."""
        texts = self.slots.texts(slot)
        fits = Counter(way for text in texts for way in shapes.time_ways(text))
        seconds = fits[TimeFormat.EPOCH_SECONDS, None]
        milliseconds = fits[TimeFormat.EPOCH_MILLISECONDS, None]
        if min(seconds, milliseconds) > _FEW * len(texts):
            both = (TimeFormat.EPOCH_SECONDS_OR_MILLISECONDS, None)
            return [both], seconds + milliseconds
        most = max(fits.values(), default=0)
        return [way for way in shapes.WAYS if most and fits[way] == most], most

    def _likeness_to_a_time(self, slot: Slot) -> float:
        texts = self.slots.texts(slot)
        part = shapes.share(texts, of=self._ways(slot)[1])
        if part <= 1 / 2 or self.slots.coverage(slot) < 1 / 2:
            return 0
        return part + self.slots.coverage(slot) + _named(slot, TIME)

    def _parties(self) -> None:
        for name, hints in (("sender", shapes.SENDER), ("recipients", shapes.RECIPIENT)):
            slot = self._best(partial(self._party, hints=hints), self._free())
            if slot is not None:
                self._take(name, slot, self._why_a_party(slot))
        for name in ("sender", "recipients"):
            if name not in self.fields:
                self._by_shape_alone(name)
            self._doubt_what_is_rare(name)

    def _doubt_what_is_rare(self, name: str) -> None:
        if name in self.fields:
            without = 1 - self.slots.coverage(self.fields[name])
            if without > _FEW / 2:
                self.doubts.append(f"{name}: {without:.0%} of the records have none there")

    def _by_shape_alone(self, name: str) -> None:
        slot = self._best(self._addresses, self._free())
        if slot is None:
            self.doubts.append(
                f"{name}: no place was found; look whether the elements around a record tell it "
                f"(`../@name`), or only a direction (`direction`)"
            )
            return
        self._take(name, slot, self._why_a_party(slot))
        self.doubts.append(f"{name}: by its addresses alone, its name does not say so")

    def _party(self, slot: Slot, hints: frozenset[str]) -> float:
        """How much it is a party with such a name: addresses before names of people."""
        named = _named(slot, hints) or _named_around(slot, hints) / 2
        texts = self.slots.texts(slot)
        if not named or any(shapes.time_ways(text) for text in texts[:1]):
            return 0
        known = sum(1 for text in texts if shapes.is_extension(text))
        return named + 2 * self._addresses(slot) + shapes.share(texts, of=known)

    def _addresses(self, slot: Slot) -> float:
        texts = self.slots.texts(slot)
        part = shapes.share(texts, of=sum(1 for text in texts if shapes.is_address(text)))
        return part if part > 1 / 2 else 0

    def _why_a_party(self, slot: Slot) -> str:
        texts = self.slots.texts(slot)
        number = sum(1 for text in texts if shapes.is_address(text))
        return f"{number} of {len(texts)} texts there are addresses"

    def _file(self) -> None:
        named = self._best(lambda s: _of_a_file(s, frozenset({"name", "filename"})), self._free())
        if named is not None:
            self._take("file_name", named, "its name, and that of the element around it")
        size = self._best(lambda s: _of_a_file(s, SIZE) * self._numbers(s), self._free())
        if size is not None:
            self._take("file_bytes", size, "whole numbers, and its name")
            self.doubts.append("file_bytes: is it in bytes?")

    def _numbers(self, slot: Slot) -> float:
        texts = self.slots.texts(slot)
        return shapes.share(texts, of=sum(1 for text in texts if text.strip().isdecimal()))

    def _body(self) -> None:
        slot = self._best(self._likeness_to_a_body, self._free())
        if slot is None:
            self.doubts.append("body: no place of texts was found; is this archive without them?")
            return
        self._take("body", slot, "its name, or texts of several words")
        if not _named(slot, BODY):
            self.doubts.append("body: by its texts alone, its name does not say so")
        if any(len(row.get(slot, ())) > 1 for row in self.slots.rows):
            self.doubts.append("body: some records hold several; is the record one of their parts?")

    def _likeness_to_a_body(self, slot: Slot) -> float:
        texts = self.slots.texts(slot)
        if self._addresses(slot) or self._likeness_to_a_time(slot):
            return 0
        said = shapes.share(texts, of=sum(1 for text in texts if " " in text.strip()))
        named = _named(slot, BODY) if not slot.attribute or said else 0.0
        return 2 * named + (said if said > 1 / 2 else 0)

    def _ids(self) -> None:
        slot = self._best(self._likeness_to_an_id, self._free())
        if slot is not None:
            self._take("native_id", slot, "a different one in nearly every record, and its name")
            self.doubts.append(
                "native_id: right only if the sender gave it and all copies have the same; "
                "otherwise copies are billed: take the line out"
            )
        elif (slot := self._best(self._likeness_to_a_distant_id, self._free())) is not None:
            self.doubts.append(
                f"native_id: {' '.join(slot.words)!r} is different in nearly every record; name it "
                f"where the sender gave it and all copies have the same"
            )
        conversation = self._best(lambda s: _named(s, CONVERSATION), self._free())
        if conversation is not None:
            self._take("conversation_id", conversation, "its name")

    def _likeness_to_an_id(self, slot: Slot) -> float:
        beside = "sender" in self.fields and slot.element == self.fields["sender"].element
        return self._likeness_to_a_distant_id(slot) if beside else 0

    def _likeness_to_a_distant_id(self, slot: Slot) -> float:
        texts = self.slots.texts(slot)
        different = shapes.share(texts, of=len(set(texts)))
        named = not ID.isdisjoint(slot.words[-1:])
        unlike = CONVERSATION.isdisjoint(slot.words)
        return different if named and unlike and different > 1 - _FEW / 2 else 0


def _named(slot: Slot, hints: frozenset[str]) -> float:
    """1 where that is its name, less where the name says more, 0 where it says other things."""
    own = slot.words
    if not own or hints.isdisjoint(own):
        return 0
    return 1 if len(own) == 1 else 3 / 4


def _named_around(slot: Slot, hints: frozenset[str]) -> float:
    return 0 if hints.isdisjoint(slot.around) else 1


def _of_a_file(slot: Slot, hints: frozenset[str]) -> float:
    about = FILE.isdisjoint(slot.around) and FILE.isdisjoint(slot.words)
    return 0 if about else _named(slot, hints)
