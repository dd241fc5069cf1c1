"""What a server offers is read from whatever it says, and never believed beyond that."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eur_pipeline.collect.algorithms import CIPHERS, HOST_KEYS, KEY_EXCHANGES
from eur_pipeline.collect.offer import what_is_missing


@contextmanager
def saying(*parts: bytes, hang: bool = False) -> Iterator[int]:
    """The port of a server that says that, part by part, and hangs up or is silent."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            caller, _ = listener.accept()
            with caller:
                # What is not read when a connection is closed takes with it what was said.
                caller.recv(1024)
                for part in parts:
                    caller.sendall(part)
                over.wait(10 if hang else 0)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            over.set()
            thread.join()


def packet(*lists: list[str]) -> bytes:
    """A server's first packet with those algorithms."""
    names = [",".join(names).encode() for names in (*lists, *([[]] * (10 - len(lists))))]
    body = b"\x14" + bytes(16) + b"".join(struct.pack(">I", len(n)) + n for n in names) + bytes(5)
    return struct.pack(">IB", len(body) + 5, 4) + body + bytes(4)


GOOD = (KEY_EXCHANGES, HOST_KEYS, CIPHERS, CIPHERS)


@pytest.mark.parametrize(
    ("lists", "missing"),
    [
        (GOOD, None),
        ((["rsa1024-sha1"], *GOOD[1:]), "its key exchange algorithms are rsa1024-sha1; expected"),
        ((KEY_EXCHANGES, ["ssh-dss", "ssh-rsa"], CIPHERS), "its host key algorithms are ssh-dss,"),
        ((KEY_EXCHANGES, HOST_KEYS, ["3des-cbc"]), "its encryption algorithms are 3des-cbc; expec"),
        (
            (KEY_EXCHANGES, HOST_KEYS, ["aes256-ctr"], [], ["hmac-md5"]),
            "its MAC algorithms are hmac-md5; expected",
        ),
    ],
)
def test_what_is_missing_is_named(lists: tuple[list[str], ...], missing: str | None) -> None:
    said = packet(*lists)
    with saying(b"Welcome\r\n", b"SSH-2.0-old\r\n" + said[:50], said[50:]) as port:
        found = what_is_missing("127.0.0.1", port, 5)
    assert found == missing if missing is None else (found or "").startswith(missing)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"SSH-2.0-cut\r\n" + packet(*GOOD)[:40],
        b"SSH-2.0-long\r\n" + b"\xff" * 200,
        b"x" * 200_000,
    ],
)
def test_a_server_that_does_not_say_has_nothing_missing(said: bytes) -> None:
    with saying(said) as port:
        assert what_is_missing("127.0.0.1", port, 5) is None


def test_a_server_that_falls_silent_is_given_up() -> None:
    with saying(b"SSH-2.0-slow\r\n", hang=True) as port:
        assert what_is_missing("127.0.0.1", port, 0.2) is None


@given(st.lists(st.text(max_size=80), max_size=5))
def test_nothing_that_could_be_meant_for_a_terminal_is_repeated(names: list[str]) -> None:
    with saying(b"SSH-2.0-\x1b[2J\r\n" + packet(KEY_EXCHANGES, names)) as port:
        found = what_is_missing("127.0.0.1", port, 5)
    assert found is None or found.isprintable()
