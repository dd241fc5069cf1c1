"""Who has which address, and from which instant on."""

import datetime as dt
from pathlib import Path

import pytest

from eur_pipeline.billing.directory import DirectoryEntry, read_directory
from eur_pipeline.errors import ConfigurationError
from tests.models.lake_project import CONFIGURATION, make_project


def entries(path: Path, *lines: str) -> tuple[DirectoryEntry, ...]:
    return read_directory(make_project(path, directory=lines))


def fault(path: Path, *lines: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        entries(path, *lines)
    return str(caught.value)


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def test_an_extension_gets_the_presence_domain_of_its_sites_collection(tmp_path: Path) -> None:
    (entry,) = entries(tmp_path, "p1,Anna,,10001,geneva,Sales,C1,,")
    assert entry.address == "10001@presence.example"


def test_an_address_wins_over_the_extension_and_is_lower_cased(tmp_path: Path) -> None:
    (entry,) = entries(tmp_path, "p1,Anna,Anna.H@Other.Example,10001,geneva,Sales,C1,,")
    assert entry.address == "anna.h@other.example"


def test_an_empty_validity_is_for_ever(tmp_path: Path) -> None:
    (entry,) = entries(tmp_path, "p1,Anna,,10001,geneva,Sales,C1,,")
    assert (entry.start_at, entry.end_at) == (None, None)


def test_days_begin_at_midnight_of_the_entrys_own_site(tmp_path: Path) -> None:
    zurich, new_york = entries(
        tmp_path,
        "p1,Anna,,10001,geneva,Sales,C1,2026-03-10,2026-04-01",
        "p2,Bo,,10002,boston,Sales,C1,2026-03-10,2026-04-01",
    )
    assert (zurich.start_at, zurich.end_at) == (utc("2026-03-09T23:00"), utc("2026-03-31T22:00"))
    assert (new_york.start_at, new_york.end_at) == (
        utc("2026-03-10T04:00"),
        utc("2026-04-01T04:00"),
    )


def test_a_contiguous_successor_in_another_time_zone_takes_over_at_its_own_midnight(
    tmp_path: Path,
) -> None:
    before, after = entries(
        tmp_path,
        "p1,Anna,,10001,geneva,Sales,C1,,2026-03-10",
        "p1,Anna,10001@presence.example,,boston,Sales,C1,2026-03-10,",
    )
    assert before.end_at == after.start_at == utc("2026-03-10T04:00")


def test_a_spreadsheets_byte_order_mark_and_further_columns_do_no_harm(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    content = project.directory_path.read_text(encoding="utf-8")
    lines = [line + ",note" for line in content.splitlines()]
    project.directory_path.write_text("\ufeff" + "\r\n".join(lines), encoding="utf-8")
    assert [entry.person_id for entry in read_directory(project)] == ["p1", "p2", "p3"]


def test_lines_without_any_text_are_skipped_and_still_counted(tmp_path: Path) -> None:
    message = fault(tmp_path, ",,,,,,,,", "", "p1,Anna,,10001,mars,Sales,C1,,")
    assert "directory.csv, line 4, site: expected one of company, geneva, boston" in message
    assert "found 'mars'" in message


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("shared,Anna,,10001,geneva,Sales,C1,,", "expected an id other than unknown and shared"),
        (",Anna,,10001,geneva,Sales,C1,,", "line 2, person_id: expected some text; found nothing"),
        ("p1,Anna,,10001,geneva,Sales,,,", "line 2, cost_centre: expected some text"),
        ("p1,Anna,,,geneva,Sales,C1,,", "line 2, extension: expected digits"),
        ("p1,Anna,,10001,company,Sales,C1,,", "line 2, address: expected an address"),
        ("p1,Anna,anna,,geneva,Sales,C1,,", "line 2, address: expected an address such as"),
        ("p1,Anna,,10001,geneva,Sales,C1,10.3.2026,", "valid_from: expected a date such as"),
        ("p1,Anna,,10001,geneva,Sales,C1,2026-02-30,", "found '2026-02-30'"),
        ("p1,Anna,,1,geneva,S,C1,2026-03-10,2026-03-10", "expected a date after valid_from"),
        ("p1,Anna,,10001,geneva", "line 2, department: expected some text"),
        ("p1,Anna,,10001,geneva,Sales,C1,,,,more", "not readable as comma-separated"),
    ],
)
def test_a_fault_is_named_with_line_column_and_what_was_expected(
    tmp_path: Path, line: str, expected: str
) -> None:
    assert expected in fault(tmp_path, line)


def test_an_address_cannot_be_valid_twice_at_one_time(tmp_path: Path) -> None:
    message = fault(
        tmp_path,
        "p1,Anna,,10001,geneva,Sales,C1,,2026-03-11",
        "p2,Bo,10001@presence.example,,geneva,Sales,C1,2026-03-10,",
    )
    assert "line 3, valid_from" in message
    assert "10001@presence.example" in message
    assert "line 2" in message


@pytest.mark.parametrize(
    ("until", "since"), [("2026-03-10", "2026-03-11"), ("2026-03-10", "2026-04-30")]
)
def test_a_person_cannot_be_missing_for_a_while(tmp_path: Path, until: str, since: str) -> None:
    message = fault(
        tmp_path,
        f"p1,Anna,anna@presence.example,,geneva,Sales,C1,,{until}",
        f"p1,Anna,a.huber@presence.example,,boston,Sales,C1,{since},",
    )
    assert f"line 3, valid_from: expected {until}, the day on which line 2 ends: p1" in message
    assert f"found '{since}'" in message


@pytest.mark.parametrize(
    ("until", "since", "reason"),
    [("2026-03-10", "2026-05-01", ""), ("2026-03-10", "2026-03-20", "left")],
)
def test_who_was_away_for_a_whole_month_or_had_left_may_come_back(
    tmp_path: Path, until: str, since: str, reason: str
) -> None:
    project = make_project(tmp_path)
    header = project.directory_path.read_text(encoding="utf-8").splitlines()[0]
    lines = [
        header + ",end_reason",
        f"p1,Anna,,10001,geneva,Sales,C1,,{until},{reason}",
        f"p1,Anna,,10001,geneva,Sales,C1,{since},,",
    ]
    project.directory_path.write_text("\n".join(lines), encoding="utf-8")
    assert len(read_directory(project)) == 2


def test_a_gap_of_one_address_is_none_while_the_person_has_another(tmp_path: Path) -> None:
    entries(
        tmp_path,
        "p1,Anna,,10001,geneva,Sales,C1,,2026-03-10",
        "p1,Anna,,10001,geneva,Sales,C1,2026-03-20,",
        "p1,Anna,anna@presence.example,,geneva,Sales,C1,2026-03-01,2026-04-01",
    )


def test_a_line_break_within_quotes_counts_as_a_line(tmp_path: Path) -> None:
    message = fault(
        tmp_path,
        '"p1","Anna\nHuber",,10001,geneva,Sales,C1,,',
        "p2,Bo,,10002,mars,Sales,C1,,",
    )
    assert "directory.csv, line 4, site" in message


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    lines = project.directory_path.read_text(encoding="utf-8").splitlines()
    doubled = "\n".join([lines[0] + ",site", *(line + ",boston" for line in lines[1:])])
    project.directory_path.write_text(doubled, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="line 1, site: expected this column once"):
        read_directory(project)


def test_spellings_that_differ_in_case_are_one_address(tmp_path: Path) -> None:
    message = fault(
        tmp_path,
        "p1,Anna,anna@presence.example,,geneva,Sales,C1,,",
        "p2,Bo,Anna@Presence.example,,geneva,Sales,C1,,",
    )
    assert "line 3, valid_from" in message


def test_an_extension_is_refused_where_the_sites_collections_disagree(tmp_path: Path) -> None:
    other = CONFIGURATION.replace("boston_im, site: boston", "boston_im, site: geneva").replace(
        "presence.example,\n     host: 127.0.0.1, user: avaya, password_env: PASSWORD, "
        "remote_path: /b",
        "second.example,\n     host: 127.0.0.1, user: avaya, password_env: PASSWORD, "
        "remote_path: /b",
    )
    project = make_project(tmp_path, ["p1,Anna,,10001,geneva,S,C1,,"], configuration=other)
    with pytest.raises(ConfigurationError, match=r"presence\.example, second\.example"):
        read_directory(project)


def test_a_missing_column_is_named_with_those_there_are(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    project.directory_path.write_text("person_id,name\np1,Anna\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"line 1, address: .*found person_id, name"):
        read_directory(project)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00"])
def test_a_file_that_is_no_csv_is_refused(tmp_path: Path, content: bytes) -> None:
    project = make_project(tmp_path)
    project.directory_path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"directory\.csv"):
        read_directory(project)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    project.directory_path.unlink()
    with pytest.raises(ConfigurationError, match=r"directory\.csv: no such file"):
        read_directory(project)
