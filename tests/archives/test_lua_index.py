"""The index beside a day file of Prosody, as its versions write it."""

import io

import pytest

from eur_pipeline.archives.lua_index import ENTRY_BYTES, Entry, IndexDamagedError, entries

PRETTY = """\
item({
\t["offset"] = 0;
\t["id"] = "2026-11-23-5cce2f0c214c1e00";
\t["with"] = "56207@presence.example.test";
\t["length"] = 260;
\t["when"] = "2026-11-23T21:02:10Z";
});
"""


def read(text: str) -> list[Entry]:
    return list(entries(io.BytesIO(text.encode())))


def test_an_entry_says_where_a_stanza_lies_when_it_came_and_with_whom() -> None:
    entry = Entry(0, 260, "2026-11-23T21:02:10Z", "56207@presence.example.test")
    assert read(PRETTY * 3) == [entry] * 3


@pytest.mark.parametrize(
    "text",
    [
        'item({offset=7,length=8,when="t",with="w"})',
        'item({ when = "t", with = "w"; ["length"] = 8; ["offset"] = 7 });',
        '\n\n item( {["with"]="w";["when"]="t";["offset"]=7;["length"]=8;["x"]=true;} ) ;\n',
    ],
)
def test_order_separators_and_further_fields_do_not_matter(text: str) -> None:
    assert read(text) == [Entry(7, 8, "t", "w")]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"a\"b\\c\'d", "a\"b\\c'd"),
        (r"\195\169", "é"),
        (r"\xc3\xa9\n", "é\n"),
        ("жанна", "жанна"),
        ("});item({", "});item({"),
        ("two\\\nlines", "two\nlines"),
        (r"\255", "\ufffd"),
    ],
)
def test_texts_are_those_that_lua_reads(written: str, meant: str) -> None:
    (entry,) = read(f'item({{with="{written}"}})')
    assert entry == Entry(None, None, None, meant)


def test_an_entry_can_hold_the_one_that_it_replaces() -> None:
    twice = 'replaces={offset=1,["replaces"]={["offset"]=0;["with"]="});"};with="b"}'
    (entry,) = read(f'item({{offset=2;{twice};with="a"}});\n')
    assert (entry.offset, entry.with_) == (2, "a")
    assert entry.replaces is not None
    assert (entry.replaces.offset, entry.replaces.with_) == (1, "b")
    assert entry.replaces.replaces == Entry(0, None, None, "});")


@pytest.mark.parametrize("number", ["-1", "1.5", "1e3", '"x"', "9" * 16, "nil"])
def test_what_is_no_count_of_bytes_is_none(number: str) -> None:
    assert read(f"item({{offset={number}}})")[0].offset is None


@pytest.mark.parametrize(
    "damage",
    [
        'item("2026-11-23");',
        "item({",
        'item({offset="1});',
        "return 1",
        "\0",
        "item({{}})",
        "item({a={})",
    ],
)
def test_entries_before_the_damage_are_read_and_its_place_is_told(damage: str) -> None:
    index = entries(io.BytesIO((PRETTY + damage).encode()))
    assert next(index).length == 260
    with pytest.raises(
        IndexDamagedError, match=rf"at byte {len(PRETTY.rstrip()) - 1} of the index"
    ):
        list(index)


def test_an_index_that_names_days_only_has_no_entry() -> None:
    with pytest.raises(IndexDamagedError):
        read('item("2026-11-22");\nitem("2026-11-23");\n')


def test_an_entry_without_end_costs_neither_memory_nor_time() -> None:
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1, /) -> bytes:
            self.given += size
            return (
                b"item({" + b"a=1," * (size // 4) if self.given == size else b"a=1," * (size // 4)
            )

    source = Endless()
    with pytest.raises(IndexDamagedError):
        list(entries(source))
    assert source.given <= 4 * ENTRY_BYTES


@pytest.mark.parametrize(
    "text",
    [
        *('item({["' * 5000, 'item({a="' + "\\" * 60_001, "item({a=1" * 5000),
        *("item({" + "a={" * 20_000, "item({" + "a={a=1;" * 10_000 + "}" * 10_000),
    ],
)
def test_no_text_makes_the_search_endless(text: str) -> None:
    with pytest.raises(IndexDamagedError):
        read(text)
