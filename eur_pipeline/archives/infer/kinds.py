"""What the records are about: by a place with few different words, else by what they hold."""

from collections import Counter
from dataclasses import dataclass, field

from eur_pipeline.archives.infer import shapes
from eur_pipeline.archives.infer.choice import Choice
from eur_pipeline.archives.infer.slots import Prefixes, Slot
from eur_pipeline.archives.record import Kind

_MOST = 12
# So much of a place without such a name must be words that are known.
_MOSTLY = 3 / 4
_NAMES = frozenset({"kind", "type", "event", "action", "category", "class"})
# Told apart by name, or they would pass for messages where they have a text.
_NO_MESSAGES = ("typing", "composing", "paused", "presence", "status", "login", "logout")
_WORDS = (
    (Kind.FILE_TRANSFER, ("file", "transfer", "attachment")),
    (Kind.EDIT, ("edit", "correct", "replace", "update")),
    (Kind.DELETE, ("delete", "retract", "remove", "recall")),
    (Kind.RECEIPT, ("receipt", "read", "delivered", "displayed", "ack", "reaction")),
    (Kind.INVITE, ("invit",)),
    (Kind.JOIN, ("join", "enter")),
    (Kind.LEAVE, ("leave", "left", "part", "exit")),
    (Kind.MESSAGE, ("text", "message", "chat", "im", "msg", "normal", "groupchat")),
)


@dataclass(slots=True)
class Kinds:
    """A dialect's `kinds`, with doubts.

    Attributes:
        rules: (XPath, kind) in their order.
    """

    rules: list[tuple[str, Kind]] = field(default_factory=list)
    reason: str = "no place names them; a file or a text says it"
    doubts: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, choice: Choice, prefixes: Prefixes) -> "Kinds":
        """What the records of the choice say."""
        kinds = cls()
        slot = _slot(choice)
        if slot is None:
            kinds._by_contents(choice, prefixes)
        else:
            kinds._by_words(choice, slot, prefixes.xpath(slot))
        if not any(kind is Kind.MESSAGE for _, kind in kinds.rules):
            kinds.doubts.append("kinds: nothing is a message, so nothing is billed as one")
        return kinds

    def _by_words(self, choice: Choice, slot: Slot, path: str) -> None:
        self.reason = "a place with few different words"
        for word, number in Counter(choice.slots.texts(slot)).most_common():
            kind = _kind(word) or _kind_by_body(choice, slot, word)
            if kind is None or _is_no_message(word):
                self.doubts.append(f"kinds: {word!r} ({number} records) is taken for system")
                continue
            self.rules.append((f"{path} = '{word}'", kind))
            self._doubt_messages_without_text(choice, slot, word, kind)
            if _kind(word) is None:
                self.doubts.append(f"kinds: {word!r} is a message only because it has a text")

    def _doubt_messages_without_text(
        self, choice: Choice, slot: Slot, word: str, kind: Kind
    ) -> None:
        body = choice.fields.get("body")
        rows = [row for row in choice.slots.rows if word in row.get(slot, ())]
        number = sum(1 for row in rows if body not in row)
        if kind is Kind.MESSAGE and number:
            self.doubts.append(
                f"kinds: {number} of {len(rows)} records {word!r} have no text; are they messages?"
            )

    def _by_contents(self, choice: Choice, prefixes: Prefixes) -> None:
        for name, kind in (("file_name", Kind.FILE_TRANSFER), ("body", Kind.MESSAGE)):
            if name in choice.fields:
                self.rules.append((prefixes.xpath(choice.fields[name]), kind))
        self.doubts.append(
            "kinds: whatever has a text is a message; edits, receipts and the like have to be "
            "told apart by hand"
        )


def _slot(choice: Choice) -> Slot | None:
    candidates = [slot for slot in choice.slots.all() if slot not in choice.fields.values()]
    likely = [slot for slot in candidates if _is_set_of_words(choice, slot)]
    return max(likely, key=lambda slot: _known(choice, slot), default=None)


def _is_set_of_words(choice: Choice, slot: Slot) -> bool:
    texts = choice.slots.texts(slot)
    different = set(texts)
    return (
        1 <= len(different) <= _MOST
        and choice.slots.coverage(slot) > 1 / 2
        and all(map(shapes.is_word, different))
        and (not _NAMES.isdisjoint(slot.words) or _speaks_for_itself(choice, slot))
    )


def _speaks_for_itself(choice: Choice, slot: Slot) -> bool:
    """Whether its words tell several kinds, whatever its name is."""
    texts = choice.slots.texts(slot)
    kinds = {_kind(word) for word in texts} - {None}
    known = sum(1 for word in texts if _kind(word) or _is_no_message(word))
    return len(kinds) > 1 and shapes.share(texts, of=known) > _MOSTLY


def _known(choice: Choice, slot: Slot) -> float:
    texts = choice.slots.texts(slot)
    return shapes.share(texts, of=sum(1 for text in texts if _kind(text)))


def _kind(word: str) -> Kind | None:
    found = (part for kind, parts in _WORDS for part in parts if _says(word, part))
    part = next(found, None)
    return next((kind for kind, parts in _WORDS if part in parts), None)


def _is_no_message(word: str) -> bool:
    return any(_says(word, part) for part in _NO_MESSAGES)


def _says(word: str, part: str) -> bool:
    return any(w == part or (len(part) > 3 and w.startswith(part)) for w in shapes.words(word))


def _kind_by_body(choice: Choice, slot: Slot, word: str) -> Kind | None:
    """A message where most records with that word have a text."""
    body = choice.fields.get("body")
    rows = [row for row in choice.slots.rows if word in row.get(slot, ())]
    said = [row for row in rows if body and any(text.strip() for text in row.get(body, ()))]
    return Kind.MESSAGE if shapes.share(map(str, rows), of=len(said)) > 1 / 2 else None
