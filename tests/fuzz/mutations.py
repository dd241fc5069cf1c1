"""Ways in which an archive can be damaged, forged or packed, one upon the other.

What comes of reading the result is not decided here.
"""

import gzip
import io
import zipfile
from collections.abc import Callable, Sequence
from random import Random

# A mutation that multiplies stops here: the readers' bounds have tests of their own.
_LONGEST = 400_000
_MOST_MUTATIONS = 4

_XINCLUDE = "http://www.w3.org/2001/XInclude"
_MARKUP = b"< > & ' \" </ /> ]]> <![CDATA[ <!-- --> <?x ?> x: &amp; &#0; &#x10FFFF; &#xD800; &no;"
_VALUES = b"-1 1e9 NaN 0000-00-00T00:00:00Z 9999-12-31T23:59:60Z @ / a@b@c/d/e"
_TOKENS = [
    *_MARKUP.split(),
    *_VALUES.split(),
    *(b"\x00", b"\x01", b"\x1f\x8b", b"PK\x03\x04", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"),
    *(b"\xc0\x80", b"\xed\xa0\x80", b"\xef\xbf\xbf", b"\xf4\x90\x80\x80"),
    *(b"<?xml version='1.1'?>", b"<?xml version='1.0' encoding='UTF-16'?>", b" encoding='klingon'"),
    *(b"<!DOCTYPE a>", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b" xmlns='urn:x'", b" xmlns:x='urn:x'"),
    *(b" xml:lang='de'", b" xml:space='preserve'", b" time='1'"),
    *(b"<a>" * 300, b"<a/>" * 300, b" " * 5000, b"9" * 400),
    *("\u202e\U0001f469\u200d".encode(), "a\u0308@\u2603.example/\u00e9".encode()),
]
_ENCODINGS = [
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "utf-8-sig",
    "latin-1",
    "cp037",
    "utf-7",
]


def mutated(random: Random, content: bytes, others: Sequence[bytes], opens: Sequence[str]) -> bytes:
    """The content after a few mutations; `opens` are addresses that nobody may open."""
    tokens = [*_TOKENS, *(token for address in opens for token in _references(address))]
    for _ in range(random.randint(1, _MOST_MUTATIONS)):
        mutate = random.choice(_MUTATIONS)
        content = mutate(random, content, others, tokens)[:_LONGEST]
    return content


def _references(address: str) -> list[bytes]:
    """Everything in XML that could make a reader open an address."""
    texts = [
        f'<!DOCTYPE a SYSTEM "{address}">',
        f'<!DOCTYPE a [<!ENTITY e SYSTEM "{address}"><!ENTITY % p SYSTEM "{address}"> %p;]>',
        f'<i:include xmlns:i="{_XINCLUDE}" href="{address}"/>',
        f'<i:include xmlns:i="{_XINCLUDE}" href="{address}" parse="text"/>',
        f'<?xml-stylesheet href="{address}"?>',
        f' xmlns:s="http://www.w3.org/2001/XMLSchema-instance" s:schemaLocation="u {address}"',
    ]
    return [text.encode() for text in texts]


Mutation = Callable[[Random, bytes, Sequence[bytes], Sequence[bytes]], bytes]


def _place(random: Random, content: bytes) -> int:
    return random.randint(0, len(content))


def _part(random: Random, content: bytes) -> tuple[int, int]:
    begin = _place(random, content)
    longest = random.choice([4, 100, len(content)])
    return begin, min(len(content), begin + random.randint(0, longest))


def _change_byte(random: Random, content: bytes, _others: object, _tokens: object) -> bytes:
    at = _place(random, content)
    return content[:at] + bytes([random.randint(0, 255)]) + content[at + 1 :]


def _cut(random: Random, content: bytes, _others: object, _tokens: object) -> bytes:
    return content[: _place(random, content)]


def _drop(random: Random, content: bytes, _others: object, _tokens: object) -> bytes:
    begin, end = _part(random, content)
    return content[:begin] + content[end:]


def _repeat(random: Random, content: bytes, _others: object, _tokens: object) -> bytes:
    begin, end = _part(random, content)
    times = random.choice([2, 3, 50, 1000])
    return content[:begin] + (content[begin:end] * times)[:_LONGEST] + content[end:]


def _splice(random: Random, content: bytes, others: Sequence[bytes], _tokens: object) -> bytes:
    other = random.choice(others)
    begin, end = _part(random, other)
    at = _place(random, content)
    return content[:at] + other[begin:end] + content[at:]


def _insert(random: Random, content: bytes, _others: object, tokens: Sequence[bytes]) -> bytes:
    at = random.choice([0, _place(random, content)])
    return content[:at] + random.choice(tokens) + content[at:]


def _recode(random: Random, content: bytes, _others: object, _tokens: object) -> bytes:
    return content.decode("utf-8", "replace").encode(random.choice(_ENCODINGS), "replace")


def _pack(random: Random, content: bytes, others: Sequence[bytes], _tokens: object) -> bytes:
    if random.random() < 0.5:
        return gzip.compress(content, mtime=0)
    file = io.BytesIO()
    method = random.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
    members = [content, *(random.choice(others) for _ in range(random.randint(0, 3)))]
    with zipfile.ZipFile(file, "w", method) as archive:
        for number, member in enumerate(members):
            archive.writestr(zipfile.ZipInfo(f"../{number}"), member, method)
    return file.getvalue()


_MUTATIONS: Sequence[Mutation] = [
    _change_byte, _change_byte, _cut, _drop, _repeat, _splice, _insert, _insert, _recode, _pack,
]  # fmt: skip
