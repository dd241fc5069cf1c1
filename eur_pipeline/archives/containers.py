"""The XML documents in an archive file: the file itself, packed by gzip, or several in a zip.

Told by content, not by name. Nothing is unpacked to disk, and the name of a zip's member is a text
for messages, never a path. What a document says is the reader's business.
"""

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, BinaryIO, Protocol, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from eur_pipeline.archives.limits import DEFAULT_LIMITS, Limits
from eur_pipeline.errors import UnreadableArchiveError

GZIP_MAGIC = b"\x1f\x8b"
ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")  # the second is one without members

# A member is a document or an attachment by what its first bytes say.
_PEEK_BYTES = 64 * 1024
_CHUNK_BYTES = 64 * 1024
# What stands in the piece with the damage is lost, so smaller ones lose less; these cost nothing.
_PIECE_BYTES = 16 * 1024
# So much is harmless whatever its ratio.
_ANY_RATIO_BYTES = 16 * 1024 * 1024
_MAGIC_BYTES = 4
# A zip's directory is in memory as a whole: so many bytes a member (a name, sizes, stamps) ...
_DIRECTORY_BYTES_A_MEMBER = 256
_SMALL_DIRECTORY_BYTES = 128 * 1024
# ... with this before each.
_ENTRY = b"PK\x01\x02"
_ENCRYPTED = 0x1
_LONGEST_NAME = 200


class Readable(Protocol):
    """Something to read from, once and forwards."""

    def read(self, size: int = -1, /) -> bytes:
        """Up to so many next bytes; none at the end."""


@dataclass(frozen=True, slots=True)
class Document:
    """One XML document of an archive, to be read before the next is asked for.

    Attributes:
        member: Its name in the zip that holds it; None where the file holds only this one.
    """

    member: str | None
    source: Readable


@dataclass(slots=True)
class Contents:
    """What an archive file held, counted while it is read.

    Attributes:
        attachments: Members of a zip that are no documents of the dialect; nobody reads them.
    """

    documents: int = 0
    attachments: int = 0


IsDocument = Callable[[bytes], bool]


def documents(
    source: BinaryIO,
    is_document: IsDocument,
    limits: Limits = DEFAULT_LIMITS,
    contents: Contents | None = None,
) -> Iterator[Document]:
    """The documents in a file, in its order; UnreadableArchiveError, also while one is read.

    A member of a zip is asked `is_document` with its first bytes, unpacked, and is an attachment
    where it says no; what lies in no zip is a document in any case.
    """
    contents = contents or Contents()
    head = _filled(source, _MAGIC_BYTES)
    if head.startswith(ZIP_MAGIC):
        yield from _Zip(source, is_document, limits, contents)
        return
    contents.documents += 1
    if head.startswith(GZIP_MAGIC):
        unpacking = _Unpacking(limits, packed_bytes=_size(source))
        yield Document(None, unpacking.unpacked(source, depth=0))
    else:
        yield Document(None, Rejoined(head, source))


class _Unpacking:
    """What one archive unpacks, held to its limits."""

    def __init__(self, limits: Limits, packed_bytes: int) -> None:
        self.limits = limits
        self._unpacked_bytes = 0
        self._by_ratio = max(_ANY_RATIO_BYTES, packed_bytes * limits.unpacked_ratio)

    def count(self, size: int) -> None:
        """So many bytes more were unpacked; an error where that is too much."""
        self._unpacked_bytes += size
        if self._unpacked_bytes > self.limits.unpacked_bytes:
            raise self.limits.exceeded("unpacked_bytes", "bytes in an archive, once unpacked")
        if self._unpacked_bytes > self._by_ratio:
            raise self.limits.exceeded("unpacked_ratio", "unpacked bytes for each one of its own")

    def unpacked(self, source: Readable, depth: int) -> Readable:
        """What lies below all layers of gzip; so many containers are around it already."""
        while (head := _filled(source, _MAGIC_BYTES)).startswith(GZIP_MAGIC):
            depth += 1
            if depth > self.limits.container_depth:
                raise self.limits.exceeded("container_depth", "containers around a document")
            source = _InPieces(_Gunzip(Rejoined(head, source), self))
        if depth and head.startswith(ZIP_MAGIC):
            raise UnreadableArchiveError(
                "expected an XML document in the container, found a zip; unpack it first"
            )
        return Rejoined(head, source)


class _Gunzip:
    """A gzip file, unpacked. Its header is left to zlib too: a name in it can be endless."""

    def __init__(self, packed: Readable, unpacking: _Unpacking) -> None:
        self._packed = packed
        self._unpacking = unpacking
        self._parts = 0
        self._input = b""
        self._begin_part()

    def read(self, size: int = _PIECE_BYTES, /) -> bytes:
        """Up to so many next bytes."""
        while not self._decoder.eof or self._begins_another_part():
            if content := self._decoded(size):
                self._unpacking.count(len(content))
                return content
        return b""

    def _decoded(self, most: int) -> bytes:
        packed = self._input or self._packed.read(_CHUNK_BYTES)
        try:
            content = self._decoder.decompress(packed, most)
        except zlib.error:
            raise UnreadableArchiveError("expected sound gzip data, found damage") from None
        if not (packed or content or self._decoder.eof):
            raise UnreadableArchiveError("expected gzip data up to its end, found it cut off")
        self._input = self._decoder.unused_data or self._decoder.unconsumed_tail
        return content

    def _begins_another_part(self) -> bool:
        """Whether another part follows; zeros may fill the file up."""
        while not (rest := self._input.lstrip(b"\0")):
            self._input = self._packed.read(_CHUNK_BYTES)
            if not self._input:
                return False
        if len(rest) < len(GZIP_MAGIC):
            rest += self._packed.read(_CHUNK_BYTES)
        if not rest.startswith(GZIP_MAGIC):
            raise UnreadableArchiveError("expected nothing after the gzip data, found more")
        self._input = rest
        self._begin_part()
        return True

    def _begin_part(self) -> None:
        self._parts += 1
        limits = self._unpacking.limits
        if self._parts > limits.members:
            raise limits.exceeded("members", "parts in a gzip file")
        self._decoder = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)


class _Zip:
    """The documents of a zip, one after the other."""

    def __init__(
        self, source: BinaryIO, is_document: IsDocument, limits: Limits, contents: Contents
    ) -> None:
        self._source = source
        self._is_document = is_document
        self._limits = limits
        self._contents = contents
        self._unpacking = _Unpacking(limits, _size(source))

    def __iter__(self) -> Iterator[Document]:
        archive, files = self._opened()
        for info in files:
            name = info.filename[:_LONGEST_NAME]
            with in_member(name):
                source = self._document(_opened_member(archive, info, self._unpacking))
            if source is None:
                self._contents.attachments += 1
                continue
            self._contents.documents += 1
            yield Document(name, source)
        if not self._contents.documents:
            raise UnreadableArchiveError(
                f"expected a document of the dialect in the zip, found none "
                f"among {len(files):,} files"
            )

    def _opened(self) -> tuple[ZipFile, list[ZipInfo]]:
        with _explained("expected a sound zip file, found it damaged or cut off"):
            archive = ZipFile(cast(BinaryIO, _Guarded(self._source, self._limits)))
        files = [info for info in archive.infolist() if not info.is_dir()]
        if len(files) > self._limits.members:
            raise _too_many_members(self._limits)
        return archive, files

    def _document(self, member: Readable) -> Readable | None:
        """The document that a member holds, itself or packed by gzip; None for an attachment."""
        head = _filled(member, _PEEK_BYTES)
        source: Readable = Rejoined(head, member)
        if head.startswith(GZIP_MAGIC):
            return self._packed_document(source)
        return source if self._is_document(head) else None

    def _packed_document(self, packed: Readable) -> Readable | None:
        head = b""
        try:
            source = self._unpacking.unpacked(packed, depth=1)
            while len(head) < _PEEK_BYTES and (part := source.read(_PEEK_BYTES)):
                head += part
        except UnreadableArchiveError:
            # People send each other damaged and hostile files: that is no fault of the archive.
            self._unpacking.count(0)
            if not self._is_document(head):
                return None
            raise
        return Rejoined(head, source) if self._is_document(head) else None


class _Guarded(io.RawIOBase):
    """A zip's bytes, for ZipFile: which reads the whole directory at once, whatever its size."""

    def __init__(self, source: BinaryIO, limits: Limits) -> None:
        super().__init__()
        self._source = source
        self._limits = limits
        self._most = max(_SMALL_DIRECTORY_BYTES, limits.members * _DIRECTORY_BYTES_A_MEMBER)

    def read(self, size: int = -1, /) -> bytes:
        """Up to so many next bytes; only a directory is ever asked for in one great piece."""
        if size > self._most:
            raise _too_many_members(self._limits)
        content = self._source.read(size)
        if size > _SMALL_DIRECTORY_BYTES and content.count(_ENTRY) > self._limits.members:
            raise _too_many_members(self._limits)
        return content

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to another place; a place before the beginning is damage."""
        if whence == io.SEEK_SET and offset < 0:
            raise BadZipFile
        return self._source.seek(offset, whence)

    def tell(self) -> int:
        """Where it is."""
        return self._source.tell()

    def seekable(self) -> bool:
        """It is."""
        return True


class _Member:
    """One member of a zip, unpacked."""

    def __init__(self, stream: IO[bytes], unpacking: _Unpacking) -> None:
        self._stream = stream
        self._unpacking = unpacking

    def read(self, size: int = _PIECE_BYTES, /) -> bytes:
        """Up to so many next bytes."""
        with _explained("expected sound zip data, found it damaged or cut off"):
            content = self._stream.read(size)
        self._unpacking.count(len(content))
        return content


class _InPieces:
    """What is unpacked, piece by piece: how much can be read before damage depends on no reader."""

    def __init__(self, unpacked: Readable) -> None:
        self._unpacked = unpacked
        self._piece = memoryview(b"")

    def read(self, size: int = -1, /) -> bytes:
        """Up to so many next bytes, at most a piece."""
        if not self._piece:
            self._piece = memoryview(self._unpacked.read(_PIECE_BYTES))
        end = size if size >= 0 else len(self._piece)
        content, self._piece = bytes(self._piece[:end]), self._piece[end:]
        return content


class Damaged:
    """A source that ends with an error."""

    def __init__(self, error: UnreadableArchiveError) -> None:
        self._error = error

    def read(self, _size: int = -1, /) -> bytes:
        """Raise the error."""
        raise self._error


class Rejoined:
    """A source whose first bytes were looked at already."""

    def __init__(self, head: bytes, source: Readable) -> None:
        self._head = head
        self._source = source

    def read(self, size: int = -1, /) -> bytes:
        """Up to so many next bytes."""
        if not self._head:
            return self._source.read(size)
        if 0 < size < len(self._head):
            part, self._head = self._head[:size], self._head[size:]
            return part
        # What looks at the first bytes of all must find enough of them.
        part, self._head = self._head, b""
        try:
            return part + self._source.read(size - len(part) if size > 0 else _CHUNK_BYTES)
        except UnreadableArchiveError as error:
            # What stands before the damage may be wrong in itself, and is read first.
            self._source = Damaged(error)
            return part


def _opened_member(archive: ZipFile, info: ZipInfo, unpacking: _Unpacking) -> Readable:
    if info.flag_bits & _ENCRYPTED:
        raise UnreadableArchiveError("expected files without a password, found an encrypted one")
    if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise UnreadableArchiveError(
            f"expected files that are stored or deflated, found method {info.compress_type}; "
            f"unpack the archive and pack it with deflate"
        )
    with _explained("expected a sound zip file, found it damaged"):
        return _InPieces(_Member(archive.open(info), unpacking))


@contextmanager
def in_member(name: str | None) -> Iterator[None]:
    """Errors in the block say in which member of a zip the fault is."""
    try:
        yield
    except UnreadableArchiveError as error:
        if name is None:
            raise
        raise UnreadableArchiveError(f"{name}: {error}", error.records_before) from None


@contextmanager
def _explained(reason: str) -> Iterator[None]:
    """Turn what ZipFile raises at damage, which is a lot, into that reason."""
    try:
        yield
    except (
        BadZipFile,
        EOFError,
        RuntimeError,
        ValueError,
        OverflowError,
        struct.error,
        zlib.error,
    ):
        raise UnreadableArchiveError(reason) from None


def _too_many_members(limits: Limits) -> UnreadableArchiveError:
    return limits.exceeded("members", "files in a zip")


def _filled(source: Readable, size: int) -> bytes:
    """So many bytes, fewer only at the end."""
    content = b""
    while len(content) < size and (part := source.read(size - len(content))):
        content += part
    return content


def _size(source: BinaryIO) -> int:
    size = source.seek(0, io.SEEK_END)
    source.seek(0)
    return size
