"""Addresses, times and names from the texts of archives."""

import datetime as dt

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from eur_pipeline.archives import values
from eur_pipeline.archives.values import TimeFormat


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Joe@Presence.Example/Desk/1", "Joe@presence.example"),
        ("  56207 ", "56207@presence.example"),
        ("+41449990000", "+41449990000@presence.example"),
        ("56207/phone", "56207@presence.example"),
        ("Presence.Example", "presence.example"),
        ("a@b@C.d", "a@b@c.d"),
        ("56207 /phone", "56207@presence.example"),
        ("sip:56207@Presence.Example;transport=tls", "56207@presence.example"),
        (" SIPS:Dana@x.y?subject=a", "Dana@x.y"),
        ("tel:56207", "56207@presence.example"),
        ("tel:+41449990000;phone-context=x", "+41449990000@presence.example"),
        ("xmpp:a@B.c/phone", "a@b.c"),
        ("sip:sip: 56207", "56207@presence.example"),
        ("sipuser@b.c", "sipuser@b.c"),
        ("", ""),
    ],
)
def test_an_address_is_bare_and_its_domain_in_lower_case(text: str, address: str) -> None:
    assert values.bare_address(text, "Presence.Example") == address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("56207", "56207@x.y"),
        ("56207/phone", "56207@x.y"),
        ("5620", "5620"),
        ("562071", "562071"),
        ("+5620", "+5620"),
        ("+41449990000", "+41449990000"),
        ("٥٦٢٠٧", "٥٦٢٠٧"),
        ("56207@other.example", "56207@other.example"),
    ],
)
def test_where_extensions_have_a_length_other_numbers_stay_bare(text: str, address: str) -> None:
    assert values.bare_address(text, "x.y", extension_length=5) == address


def test_without_a_presence_domain_an_extension_stays_one() -> None:
    assert values.bare_address("56207") == "56207"


@given(st.text())
@example("0 /")
@example("sip:0;sip:1")
def test_making_an_address_bare_twice_changes_nothing_more(text: str) -> None:
    once = values.bare_address(text, "x.y")
    assert values.bare_address(once, "x.y") == once


@pytest.mark.parametrize(
    ("time_format", "text"),
    [
        (TimeFormat.ISO, "2026-03-09"),
        (TimeFormat.ISO, "2026-02-30T00:00:00Z"),
        (TimeFormat.ISO, "0001-01-01T00:00:00+14:00"),
        (TimeFormat.EPOCH_SECONDS, "1e9"),
        (TimeFormat.EPOCH_SECONDS, "999999999999999"),
        (TimeFormat.EPOCH_SECONDS, "99999999999999999999"),
        (TimeFormat.EPOCH_MILLISECONDS, "٣"),
        (TimeFormat.EPOCH_MILLISECONDS, "NaN"),
    ],
)
def test_what_is_no_instant_says_which_format_was_expected(
    time_format: TimeFormat, text: str
) -> None:
    with pytest.raises(ValueError, match=time_format.replace("_", " ")):
        values.instant(text, time_format, dt.UTC)


@pytest.mark.parametrize(
    ("text", "readable"),
    [
        ("1989-12-31T23:59:59.999999Z", False),
        ("1990-01-01T00:00:00Z", True),
        ("2100-01-01T00:00:00Z", True),
        ("2100-01-01T00:00:00.000001Z", False),
        ("0001-01-01T12:00:00Z", False),
        ("9999-12-31T23:59:59Z", False),
    ],
)
def test_a_time_from_1990_until_2100_is_one(text: str, readable: bool) -> None:
    if readable:
        assert values.instant(text, TimeFormat.ISO, dt.UTC).isoformat()[:10] == text[:10]
        return
    with pytest.raises(ValueError, match=f"from 1990 until 2100, found '{text}'"):
        values.instant(text, TimeFormat.ISO, dt.UTC)


@given(st.integers(631_152_000_000, 4_102_444_800_000))
def test_every_millisecond_is_told_apart(milliseconds: int) -> None:
    found = values.instant(str(milliseconds), TimeFormat.EPOCH_MILLISECONDS, dt.UTC)
    assert found - dt.datetime(1970, 1, 1, tzinfo=dt.UTC) == dt.timedelta(milliseconds=milliseconds)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        (" 18233\n", 18233),
        ("999999999999999", 999_999_999_999_999),
        ("1000000000000000", None),
        ("-1", None),
        ("1.5", None),
        ("12 KB", None),
        ("٣", None),
        ("", None),
    ],
)
def test_a_size_is_a_whole_number_of_up_to_15_digits_or_not_stated(
    text: str, size: int | None
) -> None:
    assert values.size(text) == size


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://x.y/a/Q1%20%E2%80%9Cr%E2%80%9D.pdf?x=/y#/z", "Q1 “r”.pdf"),
        ("https://x.y/план 9.xlsx", "план 9.xlsx"),
        ("https://[broken/a.txt?b", "a.txt"),
        ("https://x.y", ""),
        ("%FF.bin", "\ufffd.bin"),
        ("https://h/%00", "\ufffd"),
        ("https://h/a%1Bb", "a\ufffdb"),
        ("https://h/%EF%BF%BE%EF%BF%BF.txt", "\ufffd\ufffd.txt"),
        ("https://h/a%09b%F0%9F%98%80", "a\tb😀"),
    ],
)
def test_a_file_is_named_by_the_last_part_of_its_urls_path(url: str, name: str) -> None:
    assert values.url_file_name(url) == name
