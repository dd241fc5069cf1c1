"""What an SSH server offers to speak: its first words, which come unencrypted and without login.

Only to explain a handshake that failed: a server that finds no common language may hang up without
a word. Nothing is trusted or decided by it.
"""

import re
import socket
import struct
import time
from collections.abc import Sequence
from contextlib import suppress

from eur_pipeline.collect.algorithms import CIPHERS, HOST_KEYS, KEY_EXCHANGES, MACS

_GREETING = b"SSH-2.0-eur_pipeline\r\n"
# RFC 4253: lines before the greeting are allowed; a packet has up to 35,000 bytes.
_MOST_BYTES = 100_000
_KEXINIT = 20
_COOKIE_BYTES = 16
# RFC 4251. Anybody may be at the other end, and what it says is shown on terminals.
_NAME = re.compile(r"[A-Za-z0-9@.+_-]{1,64}")

# The order of the lists in a server's first packet; the later ones do not matter here.
_KINDS = ("key exchange", "host key", "encryption", "encryption to us", "MAC", "MAC to us")


def what_is_missing(
    host: str, port: int, seconds: float, host_keys: Sequence[str] = HOST_KEYS
) -> str | None:
    """What a server has and should have; None where it has all, or does not say.

    `host_keys`: the kinds of which it should have one.
    """
    end = time.monotonic() + seconds
    data = b""
    with suppress(OSError), socket.create_connection((host, port), timeout=seconds) as link:
        link.sendall(_GREETING)
        while len(data) < _MOST_BYTES and (left := end - time.monotonic()) > 0:
            link.settimeout(left)
            block = link.recv(_MOST_BYTES)
            if not block:
                break
            data += block
            # Half a packet is not understood, and more of it may come.
            with suppress(ValueError, struct.error):
                return _missing(_offer(data), host_keys)
    return None


def _offer(data: bytes) -> dict[str, list[str]]:
    """The server's algorithms by kind; a ValueError or struct.error where they are not there."""
    lines = data[data.index(b"SSH-") :]
    packet = lines[lines.index(b"\n") + 1 :]
    length, _, kind = struct.unpack_from(">IBB", packet)
    if kind != _KEXINIT or len(packet) < length:
        raise ValueError("no list of algorithms")
    lists, at = [], struct.calcsize(">IBB") + _COOKIE_BYTES
    for _ in _KINDS:
        (size,) = struct.unpack_from(">I", packet, at)
        at += 4 + size
        names = packet[at - size : at].decode("ascii", "replace").split(",")
        lists.append([name for name in names if _NAME.fullmatch(name)])
    return dict(zip(_KINDS, lists, strict=True))


def _missing(offer: dict[str, list[str]], host_keys: Sequence[str]) -> str | None:
    needed: dict[str, Sequence[str]] = {
        "key exchange": KEY_EXCHANGES,
        "host key": host_keys,
        "encryption": CIPHERS,
    }
    cipher = next((name for name in CIPHERS if name in offer["encryption"]), "")
    if cipher.endswith("-ctr"):
        needed["MAC"] = MACS
    for kind, expected in needed.items():
        if not set(expected) & set(offer[kind]):
            return (
                f"its {kind} algorithms are {', '.join(offer[kind]) or 'none'}; "
                f"expected one of {', '.join(expected)}"
            )
    return None
