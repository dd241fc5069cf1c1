"""Notices what no reader of an archive may do: open files or connections, hang, or grow.

Python's own doings are seen by an audit hook. libxml2's are not: it is offered a named pipe, which
would hold it up for ever, and an address at which somebody listens.
"""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import BaseRequestHandler, TCPServer

_FORBIDDEN = ("open", "os.", "socket.", "subprocess.", "shutil.", "tempfile.", "urllib.", "ctypes.")
# Modules that are needed for the first time, such as codecs, come from there.
_LIBRARY = str(Path(os.__file__).parent)


class ForbiddenError(AssertionError):
    """A reader did what it must not."""


class _Watch:
    def __init__(self) -> None:
        self.on = False
        self.hooked = False

    def hook(self, event: str, arguments: tuple[object, ...]) -> None:
        if self.on and event.startswith(_FORBIDDEN) and not _imports(arguments):
            raise ForbiddenError(f"reading an archive led to {event} {arguments!r}")


_watch = _Watch()


def _imports(arguments: tuple[object, ...]) -> bool:
    return bool(arguments) and str(arguments[0]).startswith((_LIBRARY, sys.prefix))


@contextmanager
def watched() -> Iterator[None]:
    """Until the end of the block, opening anything is a ForbiddenError."""
    if not _watch.hooked:
        sys.addaudithook(_watch.hook)
        _watch.hooked = True
    _watch.on = True
    try:
        yield
    finally:
        _watch.on = False


@contextmanager
def traps(folder: Path) -> Iterator[list[str]]:
    """Addresses that nobody may open; a ForbiddenError at the end where somebody connected."""
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    connected = threading.Event()

    class Notice(BaseRequestHandler):
        def handle(self) -> None:
            connected.set()

    with TCPServer(("127.0.0.1", 0), Notice) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            host, port = server.server_address[:2]
            yield [pipe.as_uri(), f"http://{host!s}:{port}/"]
        finally:
            server.shutdown()
    if connected.is_set():
        raise ForbiddenError("reading an archive led to a connection")
