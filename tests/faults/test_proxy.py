"""The network that fails on command does so, and forwards otherwise."""

import socket
import socketserver
import threading
import time
from collections.abc import Iterator

import pytest

from tests.faults.proxy import End, Link, TcpProxy

ANSWER = bytes(range(256)) * 1000


class _Echo(socketserver.BaseRequestHandler):
    """Says ANSWER at once, and then whatever it hears."""

    def handle(self) -> None:
        self.request.sendall(ANSWER)
        while data := self.request.recv(1 << 16):
            self.request.sendall(data)


class _EchoServer(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that were cut off are what is tested here."""


@pytest.fixture
def proxy() -> Iterator[TcpProxy]:
    """A proxy before a server that answers."""
    with _EchoServer(("127.0.0.1", 0), _Echo) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        with TcpProxy("127.0.0.1", server.server_address[1]) as proxy:
            yield proxy
        server.shutdown()


def connect(proxy: TcpProxy) -> socket.socket:
    connection = socket.create_connection((proxy.host, proxy.port))
    connection.settimeout(5)
    return connection


def receive(connection: socket.socket, size: int) -> bytes:
    """That many bytes, or as many as there are before the end."""
    received = b""
    while len(received) < size and (data := connection.recv(1 << 16)):
        received += data
    return received


def test_a_link_forwards_both_ways(proxy: TcpProxy) -> None:
    with connect(proxy) as connection:
        assert receive(connection, len(ANSWER)) == ANSWER
        connection.sendall(ANSWER[:9])
        assert receive(connection, 9) == ANSWER[:9]


def test_the_first_connection_is_cut_and_the_second_is_not(proxy: TcpProxy) -> None:
    proxy.plan(Link(End.CUT, after_bytes=40_000))
    with connect(proxy) as connection:
        assert receive(connection, len(ANSWER)) == ANSWER[:40_000]
    with connect(proxy) as connection:
        assert receive(connection, len(ANSWER)) == ANSWER
    assert (proxy.accepted, proxy.failed) == (2, 1)


def test_a_reset_is_one(proxy: TcpProxy) -> None:
    proxy.plan(Link(End.RESET))
    with connect(proxy) as connection, pytest.raises(ConnectionResetError):
        connection.recv(1)


def test_a_stalled_link_says_nothing_and_stays_open(proxy: TcpProxy) -> None:
    proxy.plan(Link(End.STALL, after_bytes=10))
    with connect(proxy) as connection:
        assert receive(connection, 10) == ANSWER[:10]
        connection.settimeout(0.1)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        connection.sendall(b"is anybody there?")


def test_a_black_hole_swallows_everything(proxy: TcpProxy) -> None:
    proxy.plan(then=Link(End.STALL))
    with connect(proxy) as connection:
        connection.sendall(ANSWER)
        connection.settimeout(0.1)
        with pytest.raises(TimeoutError):
            connection.recv(1)


@pytest.mark.parametrize("end", [End.CUT, End.RESET])
def test_open_connections_are_struck_at_the_moment(proxy: TcpProxy, end: End) -> None:
    with connect(proxy) as connection:
        receive(connection, len(ANSWER))
        proxy.strike(end)
        try:
            assert connection.recv(1) == b""
            assert end is End.CUT
        except ConnectionResetError:
            assert end is End.RESET


def test_a_round_trip_delays_and_takes_no_bandwidth(proxy: TcpProxy) -> None:
    proxy.plan(then=Link(round_trip_seconds=0.1))
    with connect(proxy) as connection:
        receive(connection, len(ANSWER))
        begun = time.monotonic()
        for _ in range(100):
            connection.sendall(b".")
        assert receive(connection, 100) == b"." * 100
        # A hundred round trips one after the other would take 10 s.
        assert 0.1 <= time.monotonic() - begun < 5


def test_a_throttled_link_takes_its_time(proxy: TcpProxy) -> None:
    proxy.plan(then=Link(bytes_per_second=1_000_000))
    begun = time.monotonic()
    with connect(proxy) as connection:
        assert receive(connection, len(ANSWER)) == ANSWER
    assert time.monotonic() - begun >= 0.1
