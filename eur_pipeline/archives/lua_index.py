"""The index beside one of Prosody's day files: where each stanza lies, and when it was archived.

Prosody writes such lists as Lua: `item({ ["offset"] = 0; ["when"] = "..."; });` one after another.
What lies at an offset is the business of `prosody.py`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from eur_pipeline.archives.containers import Readable

# Real entries take some 150 bytes; the longest address has 3,071.
ENTRY_BYTES = 64 * 1024

# A stanza that was replaced, say withdrawn by a moderator, has its old entry in the new one.
_MOST_REPLACEMENTS = 8

_SIMPLE = rb'"(?:[^"\\]|\\.)*+"|[-+.0-9a-zA-Z_]++'
_KEY = rb'(?:\[\s*+"(?:[^"\\]|\\.)*+"\s*+\]|[A-Za-z_][A-Za-z_0-9]*+)'


def _fields(value: bytes) -> bytes:
    """A pattern for what stands in a table of such values."""
    return rb"\s*+(?:" + _KEY + rb"\s*+=\s*+(?:" + value + rb")\s*+[;,]?+\s*+)*+"


def _values() -> bytes:
    value = _SIMPLE
    for _ in range(_MOST_REPLACEMENTS):
        value = _SIMPLE + rb"|\{" + _fields(value) + rb"\}"
    return value


_ENTRY = re.compile(rb"[\s;]*+item\s*+\(\s*+\{(" + _fields(_values()) + rb")\}\s*+\)", re.S)
_FIELD = re.compile(rb"(" + _KEY + rb")\s*+=\s*+(" + _values() + rb")", re.S)
_ESCAPE = re.compile(rb"\\(?:([0-9]{1,3})|x([0-9a-fA-F]{2})|z\s*+|(.))", re.S)
_ESCAPED = {
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
    b"a": b"\a",
    b"b": b"\b",
    b"f": b"\f",
    b"v": b"\v",
}
_COUNT = re.compile(r"[0-9]{1,15}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One stanza's entry; what it does not say, or not as expected, is None.

    Attributes:
        offset: The stanza's first byte in the day file.
        length: How many bytes it has, with the line break after it.
        when: When it was archived, as it stands there.
        with_: The other side's address; in a room's file what kind of stanza it is.
        replaces: The entry of the stanza in whose place this one was put later.
    """

    offset: int | None
    length: int | None
    when: str | None
    with_: str | None
    replaces: "Entry | None" = None


class IndexDamagedError(ValueError):
    """What follows in the index is no entry.

    Attributes:
        position: Its first byte in the index.
    """

    def __init__(self, position: int) -> None:
        super().__init__(f"expected an entry item({{...}}); at byte {position:,} of the index")
        self.position = position


def entries(index: Readable) -> Iterator[Entry]:
    """Every entry, in order; IndexDamagedError where something else stands."""
    pending, position = b"", 0
    while content := index.read(ENTRY_BYTES):
        pending += content
        read = 0
        while match := _ENTRY.match(pending, read):
            yield _entry(match[1])
            read = match.end()
        position += read
        pending = pending[read:]
        if len(pending) > 2 * ENTRY_BYTES:
            raise IndexDamagedError(position)
    if pending.strip(b"; \t\r\n"):
        raise IndexDamagedError(position)


def _entry(fields: bytes) -> Entry:
    found = {_text(key.strip(b"[] \t\r\n")): value for key, value in _FIELD.findall(fields)}
    texts = {key: _text(value) for key, value in found.items() if not value.startswith(b"{")}
    replaced = found.get("replaces", b"")
    return Entry(
        offset=_count(texts.get("offset")),
        length=_count(texts.get("length")),
        when=texts.get("when"),
        with_=texts.get("with"),
        replaces=_entry(replaced[1:-1]) if replaced.startswith(b"{") else None,
    )


def _text(token: bytes) -> str:
    """A Lua string's text; a name or number as it stands."""
    inside = token[1:-1] if token.startswith(b'"') else token
    return _ESCAPE.sub(_unescaped, inside).decode(errors="replace")


def _unescaped(match: re.Match[bytes]) -> bytes:
    decimal, hexadecimal, character = match.groups()
    if decimal:
        return bytes([int(decimal) % 256])
    if hexadecimal:
        return bytes.fromhex(hexadecimal.decode())
    return b"" if character is None else _ESCAPED.get(character, character)


def _count(text: str | None) -> int | None:
    return int(text) if text is not None and _COUNT.fullmatch(text) else None
