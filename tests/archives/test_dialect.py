"""Dialects as customers write them: what works, and what the errors say."""

import io
from pathlib import Path

import pytest

from eur_pipeline.archives.dialect import dialect_names, load_dialect
from eur_pipeline.archives.reader import read_archive
from eur_pipeline.archives.record import Record, Reject
from eur_pipeline.archives.sections import Overlap
from eur_pipeline.errors import ConfigurationError

MINIMAL = """\
description: test
records: log/entry
fields:
  sent_at: {xpath: "@at", format: iso}
  sender: who
"""

RELATIVE = "{xpath: a, format: seconds_after_previous, start: {xpath: b, format: iso}}"


def _write(folder: Path, content: str, name: str = "own") -> Path:
    (folder / f"{name}.yml").write_text(content, encoding="utf-8")
    return folder


def _read(folder: Path, content: str) -> list[Record | Reject]:
    dialect = load_dialect("own", folder)
    return list(read_archive(io.BytesIO(content.encode()), dialect, presence_domain=None))


def _records(folder: Path, content: str) -> list[Record]:
    return [item for item in _read(folder, content) if isinstance(item, Record)]


def test_every_built_in_dialect_loads() -> None:
    assert {"avaya-ps", "prosody-xmlarchive", "xep-0136", "xep-0227", "xmpp-mam"} <= set(
        dialect_names()
    )
    for name in dialect_names():
        assert load_dialect(name).name == name


def test_a_projects_own_dialect_wins_over_the_built_in_of_that_name(tmp_path: Path) -> None:
    assert load_dialect("avaya-ps", _write(tmp_path, MINIMAL, "avaya-ps")).description == "test"
    assert dialect_names(tmp_path) == dialect_names()


def test_a_project_without_dialects_has_the_built_in_ones(tmp_path: Path) -> None:
    assert load_dialect("avaya-ps", tmp_path / "none").name == "avaya-ps"


def test_copies_are_possible_within_five_minutes_unless_a_dialect_says_otherwise(
    tmp_path: Path,
) -> None:
    dialect = load_dialect("own", _write(tmp_path, MINIMAL))
    assert dialect.overlap is Overlap.POSSIBLE
    assert dialect.copy_skew_milliseconds == 0
    assert dialect.copy_window_seconds == 300


def test_a_customers_layout_is_read_without_code(tmp_path: Path) -> None:
    _write(
        tmp_path,
        """\
description: a log with namespaces, Zurich wall clock, and the owner outside of the records
namespaces: {p: "urn:log"}
records: ["p:log/*/p:im", "p:log/**/p:file"]
content: p:data
fields:
  sent_at: {xpath: "../@at", format: iso, time_zone: Europe/Zurich}
  sender: ["p:real", "p:from"]
  recipients: p:to[. != $owner]
  owner: ancestor::p:log/@user
  body: p:text
  native_id: concat('n-', ../@number)
kinds: [{when: "p:text", kind: message}]
other_kind: leave
""",
    )
    first, second = _records(
        tmp_path,
        '<log xmlns="urn:log" user="me@x.y">'
        '<day><im at="2026-07-01T12:00:00" number="1"><data><from>a@x.y</from><to>me@x.y</to>'
        "<to>b@x.y</to><text>hi</text></data></im></day>"
        '<a><b><file at="2026-01-01T12:00:00Z" number="2"><data><from>a@x.y</from>'
        "<real>c@x.y</real></data></file></b></a></log>",
    )
    assert first.sent_at.isoformat() == "2026-07-01T10:00:00+00:00"
    assert (first.sender, first.recipients, first.owner) == ("a@x.y", ("b@x.y",), "me@x.y")
    assert (first.kind, first.body, first.native_id) == ("message", "hi", "n-1")
    assert second.sent_at.isoformat() == "2026-01-01T12:00:00+00:00"
    assert (second.kind, second.sender) == ("leave", "c@x.y")


def test_one_key_may_stand_alone_or_in_a_list(tmp_path: Path) -> None:
    alone = load_dialect("own", _write(tmp_path, MINIMAL))
    listed = MINIMAL.replace("{xpath", "[{xpath").replace("iso}", "iso}]").replace("who", "[who]")
    assert load_dialect("own", _write(tmp_path, listed)).fields == alone.fields


@pytest.mark.parametrize(
    ("added", "flat"),
    [
        ("", True),
        ("ignore: '@x'", True),
        ("envelope: log/head", False),
        ("participants: present", False),
        ("file_transfers: {start: a, end: b, key: c}", False),
    ],
)
def test_a_dialect_is_flat_where_each_record_stands_for_itself(
    tmp_path: Path, added: str, flat: bool
) -> None:
    assert load_dialect("own", _write(tmp_path, MINIMAL + added)).is_flat is flat


@pytest.mark.parametrize(
    ("format_", "text"),
    [
        ("epoch_seconds_or_milliseconds", "1773014400250"),
        ("epoch_seconds_or_milliseconds", "1773014400.25"),
        ("dotnet_ticks", "639086112002500000"),
        ("pattern, pattern: '%m/%d/%Y %I:%M:%S.%f %p %z'", "03/09/2026 01:00:00.25 AM +0100"),
        ("iso", "2026-03-09T01:00:00.250+01:00"),
        ("iso", "20260309T00:00:00.25"),
        ("epoch_milliseconds", "1773014400250"),
        ("epoch_seconds", "1773014400.25"),
    ],
)
def test_times_are_read_in_the_declared_format(tmp_path: Path, format_: str, text: str) -> None:
    _write(tmp_path, MINIMAL.replace("format: iso", f"format: {format_}"))
    (record,) = _records(tmp_path, f'<log><entry at="{text}"><who>a@x.y</who></entry></log>')
    assert record.sent_at.isoformat() == "2026-03-09T00:00:00.250000+00:00"


def test_where_a_dialect_says_so_an_archive_may_hold_other_things_only(tmp_path: Path) -> None:
    _write(tmp_path, MINIMAL.replace("log/entry", "log/entry\nrecords_expected: false"))
    assert _read(tmp_path, "<log><note/></log>") == []


def test_an_xpath_that_fails_on_one_record_costs_that_record_alone(tmp_path: Path) -> None:
    _write(tmp_path, MINIMAL.replace("sender: who", "sender: who[not(@n) or count('words')]"))
    good = '<entry at="2026-03-09T00:00:00Z"><who>a@x.y</who></entry>'
    bad = good.replace("<who>", '<who n="1">').replace("a@x.y", "secret words")
    first, second, third = _read(tmp_path, f"<log>{good}{bad}{good}</log>")
    assert isinstance(first, Record)
    assert isinstance(third, Record)
    assert isinstance(second, Reject)
    assert (second.ordinal, second.field) == (2, "record")
    assert "XPaths" in second.reason
    assert "words" not in second.reason
    assert "secret words" in second.raw


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("description: test", "descripton: test", "descripton: no such key"),
        ("  sender: who\n", "", "fields.sender: expected this key"),
        ("format: iso", "format: dmy", "fields.sent_at.format: expected"),
        ("sender: who", "sender: 'who['", "fields.sender: expected an XPath, found 'who['"),
        ("sender: who", "sender: 'p:who'", "fields.sender: expected an XPath, found 'p:who'"),
        ("sender: who", "sender: 'eur:no_such(who)'", "fields.sender: expected an XPath"),
        ("log/entry", "log/p:entry", "records: expected an element's name"),
        ("log/entry", "log//entry", "records: expected an element's name"),
        ("log/entry", "log/**", "records: expected an element's name at the end"),
        ("log/entry", "log/entry\noverlap: maybe", "overlap: expected"),
        ("log/entry", "log/entry\nother_kind: chat", "other_kind: expected"),
        ("log/entry", "log/entry\nname: other", "name: no such key"),
        ("log/entry", "log/entry\nnamespaces: {eur: 'urn:x'}", "namespaces: expected another"),
        ("log/entry", "log/entry\nkinds: [{when: ')', kind: edit}]", "kinds.0.when: expected an"),
        ("log/entry", "log/entry\ncompanion_suffix: ../x", "companion_suffix: expected"),
        ("log/entry", "log/entry\nowner_in_name: USER", "owner_in_name: expected"),
        ("format: iso", "format: pattern", "line 4, fields.sent_at: expected a `pattern` with"),
        ("format: iso", "format: iso, pattern: '%Y'", "fields.sent_at: expected a `pattern` with"),
        (
            "format: iso",
            "format: pattern, pattern: '%H:%M'",
            "line 4, fields.sent_at: expected a pattern of strptime",
        ),
        (
            "format: iso",
            "format: seconds_after_previous",
            "fields.sent_at: expected a `start` with",
        ),
        (
            "format: iso",
            "format: seconds_after_previous, start: {xpath: a, format: seconds_after_previous}",
            "fields.sent_at: expected a `start` that is an instant",
        ),
        ("format: iso", "format: iso, start: {xpath: a, format: iso}", "fields.sent_at: expected"),
        ('{xpath: "@at", format: iso}', "[]", "line 4, fields.sent_at: expected"),
        (
            "  sender: who",
            f"  sender: who\n  original_sent_at: {RELATIVE}",
            "line 4, fields: expected an `original_sent_at`",
        ),
        (
            "  sender: who",
            "direction: {sent: a, received: ')', other: b}",
            "line 5, direction.received: expected an XPath, found ')'",
        ),
        (
            "log/entry",
            "log/entry\nfile_transfers: {start: a, end: b}",
            "line 3, file_transfers.key: expected this key",
        ),
        ("log/entry", "log/entry\nenvelope: [log/a, 'log/q:b']", "line 3, envelope.1: expected an"),
        ("log/entry", "log/entry\nignore: [a, ')']", "line 3, ignore.1: expected an XPath"),
        ("log/entry", "log/entry\nparticipants: all", "line 3, participants: expected"),
        (MINIMAL, "[", "not readable as YAML"),
        (MINIMAL, "- a", "expected the keys of a dialect"),
    ],
)
def test_a_mistake_is_reported_with_file_and_key(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    _write(tmp_path, MINIMAL.replace(old, new))
    with pytest.raises(ConfigurationError) as caught:
        load_dialect("own", tmp_path)
    assert str(tmp_path / "own.yml") in str(caught.value)
    assert said in str(caught.value)


def test_an_unknown_dialect_is_answered_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"avaya-ps, .*own, .*xmpp-mam"):
        load_dialect("../etc/passwd", _write(tmp_path, MINIMAL))


def test_a_dialect_can_extend_another_and_replace_single_fields(tmp_path: Path) -> None:
    _write(tmp_path, MINIMAL.replace("records:", "namespaces: {p: 'urn:p'}\nrecords:"), "base")
    own = "description: mine\nextends: base\nnamespaces: {q: 'urn:q'}\n"
    own += "fields: {body: 'p:text | q:text'}\n"
    dialect = load_dialect("own", _write(tmp_path, own))
    assert dialect.namespaces == {"p": "urn:p", "q": "urn:q"}
    assert (dialect.records, dialect.fields.sender) == (("log/entry",), ("who",))
    assert dialect.fields.body == ("p:text | q:text",)
    assert (dialect.name, dialect.description) == ("own", "mine")


def test_a_projects_dialect_can_extend_the_built_in_one_of_its_name(tmp_path: Path) -> None:
    _write(tmp_path, "extends: xmpp-mam\nother_kind: message", "xmpp-mam")
    dialect = load_dialect("xmpp-mam", tmp_path)
    assert dialect.other_kind == "message"
    assert dialect.fields == load_dialect("xmpp-mam").fields


@pytest.mark.parametrize("name", ["own", "nobody", "../own"])
def test_what_is_extended_must_be_there_and_lead_in_no_circle(tmp_path: Path, name: str) -> None:
    _write(tmp_path, "extends: base", "own")
    _write(tmp_path, f"extends: {name}", "base")
    with pytest.raises(ConfigurationError, match="extends: expected another dialect") as caught:
        load_dialect("own", tmp_path)
    assert str(tmp_path / "base.yml") in str(caught.value)
