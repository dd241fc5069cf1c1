"""Listings are taken apart as asyncssh does it, which is asked here; damaged ones are refused."""

import stat
from contextlib import aclosing

import asyncssh
import pytest
from asyncssh.packet import SSHPacket, String, UInt32
from hypothesis import given
from hypothesis import strategies as st

from eur_pipeline.collect.directory import entries_of
from eur_pipeline.collect.remote import Attributes
from eur_pipeline.collect.server import ArchiveServer
from eur_pipeline.project import Project
from tests.conftest import Remote

NUMBERS = st.integers(0, 2**32 - 1)
MODES = st.sampled_from([0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK, stat.S_IFSOCK, 0o150000])


@st.composite
def attributes(draw: st.DrawFn) -> asyncssh.SFTPAttrs:
    """What a server of SFTP 3 may say of an entry, each of it or not."""
    said = asyncssh.SFTPAttrs()
    if draw(st.booleans()):
        said.size = draw(st.integers(0, 2**64 - 1))
    if draw(st.booleans()):
        said.uid, said.gid = draw(NUMBERS), draw(NUMBERS)
    if draw(st.booleans()):
        said.permissions = draw(MODES) | 0o640
    if draw(st.booleans()):
        said.atime, said.mtime = draw(NUMBERS), draw(NUMBERS)
    said.extended = draw(
        st.lists(st.tuples(st.binary(max_size=9), st.binary(max_size=9)), max_size=2)
    )
    return said


NAMES = st.lists(
    st.builds(asyncssh.SFTPName, st.binary(max_size=30), st.binary(max_size=30), attributes()),
    max_size=4,
)


def answer(names: list[asyncssh.SFTPName]) -> bytes:
    """How asyncssh's server writes it."""
    return UInt32(len(names)) + b"".join(name.encode(3) for name in names)


def as_asyncssh_reads(name: asyncssh.SFTPName) -> tuple[bytes, Attributes]:
    read = asyncssh.SFTPName.decode(SSHPacket(name.encode(3)), 3)
    said = read.attrs
    assert isinstance(read.filename, bytes)
    return read.filename, Attributes(said.size, said.uid, said.permissions, said.mtime)


@given(NAMES)
def test_entries_are_those_that_asyncssh_reads(names: list[asyncssh.SFTPName]) -> None:
    assert list(entries_of(answer(names))) == [as_asyncssh_reads(name) for name in names]


@given(NAMES, st.data())
def test_a_part_that_is_cut_anywhere_is_refused(
    names: list[asyncssh.SFTPName], data: st.DataObject
) -> None:
    whole = answer(names)
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    with pytest.raises(asyncssh.SFTPBadMessage):
        list(entries_of(cut))


def test_what_follows_a_part_is_refused() -> None:
    with pytest.raises(asyncssh.SFTPBadMessage, match="after its end"):
        list(entries_of(answer([asyncssh.SFTPName(b"a.xml")]) + b"x"))


def test_attributes_of_later_versions_are_refused() -> None:
    entry = String(b"a.xml") + String(b"") + UInt32(0x10)
    with pytest.raises(asyncssh.SFTPBadMessage, match="0x10"):
        list(entries_of(UInt32(1) + entry))


def test_a_flag_that_some_servers_set_without_meaning_it_changes_nothing() -> None:
    said = asyncssh.SFTPAttrs(atime=1, mtime=2).encode(3)
    flagged = UInt32(int.from_bytes(said[:4], "big") | 0x20) + said[4:]
    content = UInt32(1) + String(b"a.xml") + String(b"") + flagged
    assert list(entries_of(content)) == [(b"a.xml", Attributes(None, None, None, 2))]


def test_a_folder_of_many_parts_is_listed_whole(project: Project, remote: Remote) -> None:
    names = [f"{n:04}.xml" for n in range(500)]
    for name in names:
        remote.put(name, b"<a/>")
    with ArchiveServer.of(project, project.config.collections[0]) as server:
        listing = server.list()
    assert [file.name for file in listing.files] == names
    assert listing.left_alone == {}


def test_a_listing_that_is_not_read_to_its_end_closes_its_folder(
    project: Project, remote: Remote
) -> None:
    for n in range(500):
        remote.put(f"{n:04}.xml", b"<a/>")

    async def read_the_first_part(server: ArchiveServer) -> int:
        async with aclosing(server.entries()) as listing:
            return len(await anext(listing))

    with ArchiveServer.of(project, project.config.collections[0]) as server:
        assert 0 < server.run(read_the_first_part(server)) < 500
        # Whatever the first left to be answered, the second is not answered by it.
        assert len(server.list().files) == 500
