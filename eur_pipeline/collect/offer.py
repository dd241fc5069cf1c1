"""What an SSH server offers to speak: its first words, which come unencrypted and without login.

Only to explain a handshake that failed: a server that finds no common language may hang up without
a word. Nothing is trusted or decided by it.
"""

import socket
import struct
from collections.abc import Sequence
from contextlib import suppress
from typing import BinaryIO

from eur_pipeline.collect.algorithms import CIPHERS, HOST_KEYS, KEY_EXCHANGES, MACS

_GREETING = b"SSH-2.0-eur_pipeline\r\n"
# RFC 4253: lines before the greeting are allowed; a packet has up to 35,000 bytes.
_LONGEST_LINE = 1024
_MOST_LINES = 50
_LONGEST_PACKET = 35_000
_KEXINIT = 20
_COOKIE_BYTES = 16

# The order of the lists in a server's first packet; the later ones do not matter here.
_KINDS = ("key exchange", "host key", "encryption", "encryption to us", "MAC", "MAC to us")


def what_is_missing(host: str, port: int, seconds: float) -> str | None:
    """What an outdated server has and should have; None where it has all, or says nothing.

    Waits that many seconds for each answer.
    """
    with (
        suppress(OSError, ValueError, struct.error),
        socket.create_connection((host, port), timeout=seconds) as link,
        link.makefile("rb") as stream,
    ):
        link.sendall(_GREETING)
        return _missing(_offer(stream))
    return None


def _offer(stream: BinaryIO) -> dict[str, list[str]]:
    """The server's algorithms by kind; a ValueError where it does not speak SSH."""
    for _ in range(_MOST_LINES):
        if stream.readline(_LONGEST_LINE).startswith(b"SSH-"):
            break
    (length,) = struct.unpack(">I", stream.read(4))
    packet = stream.read(min(length, _LONGEST_PACKET))
    if packet[1:2] != bytes([_KEXINIT]):
        raise ValueError("no list of algorithms")
    lists, at = [], 2 + _COOKIE_BYTES
    for _ in _KINDS:
        (size,) = struct.unpack_from(">I", packet, at)
        lists.append(packet[at + 4 : at + 4 + size].decode("ascii").split(","))
        at += 4 + size
    return dict(zip(_KINDS, lists, strict=True))


def _missing(offer: dict[str, list[str]]) -> str | None:
    needed: dict[str, Sequence[str]] = {
        "key exchange": KEY_EXCHANGES,
        "host key": HOST_KEYS,
        "encryption": CIPHERS,
    }
    cipher = next((name for name in CIPHERS if name in offer["encryption"]), "")
    if cipher.endswith("-ctr"):
        needed["MAC"] = MACS
    for kind, expected in needed.items():
        if not set(expected) & set(offer[kind]):
            return (
                f"its {kind} algorithms are {', '.join(offer[kind])}; "
                f"expected one of {', '.join(expected)}"
            )
    return None
