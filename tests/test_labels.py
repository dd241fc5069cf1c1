"""What files of others are called here: safe to show, and no two alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eur_pipeline.labels import clean

# As a server's bytes are decoded: what is no UTF-8 becomes a surrogate.
PATHS = st.binary(max_size=12).map(lambda path: path.decode("utf-8", "surrogateescape"))


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("a b.xml", "a b.xml"),
        ("ünï ☃.xml", "ünï ☃.xml"),
        ("a\nb\x1b[2J", "a\\x0ab\\x1b[2J"),
        ("a\\b", "a\\\\b"),
        (b"caf\xe9".decode("utf-8", "surrogateescape"), "caf\\xe9"),
        # Turns the rest of the line around: gpj.exe is shown as exe.jpg.
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("a\u2028b", "a\\u2028b"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_what_is_not_seen_is_written_out(path: str, label: str) -> None:
    assert clean(path) == label


def test_a_byte_and_the_character_of_its_number_are_two_names() -> None:
    byte, character = b"\x85".decode("utf-8", "surrogateescape"), "\x85"
    assert clean(byte) != clean(character)


@given(PATHS, PATHS)
def test_no_two_paths_have_one_label(one: str, other: str) -> None:
    assert (clean(one) == clean(other)) == (one == other)


@given(PATHS)
def test_a_label_is_one_printable_line(path: str) -> None:
    assert clean(path).isprintable()
