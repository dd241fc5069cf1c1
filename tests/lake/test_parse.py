"""`eur parse`: archives to Parquet without a project."""

import gzip
import json
import zipfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner, Result

from eur_pipeline.cli.parse import parse
from eur_pipeline.lake import schema
from eur_pipeline.starter import create_starter

CASES = Path(__file__).parents[1] / "cases"
AVAYA = CASES / "avaya-ps"
MAM = CASES / "xmpp-mam"
PROSODY = CASES / "prosody-xmlarchive"


@pytest.fixture
def output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("EUR_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "out.parquet"


def _eur_parse(*arguments: object) -> Result:
    app = typer.Typer()
    app.command()(parse)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_records_of_all_files_land_in_one_file_with_the_lakes_columns(output: Path) -> None:
    result = _eur_parse(AVAYA / "normal.xml", AVAYA / "special.xml", "-o", output)
    assert result.exit_code == 0
    table = pq.ParquetFile(output).read()
    assert table.schema.equals(schema.MESSAGES)
    rows = table.to_pylist()
    assert [row["archive_name"] for row in rows] == ["normal.xml"] * 5 + ["special.xml"] * 5
    assert {row["collection"] for row in rows} == {""}
    assert {row["upload_hour"] for row in rows} == {None}
    assert {row["body_hash"] for row in rows} == {None}
    assert rows[0]["body"] == "Can you check the 10y?"
    assert "10 records of 2 of 2 files" in result.stdout


def test_a_file_name_that_is_no_utf8_is_told_and_stored_in_clean_text(output: Path) -> None:
    odd = output.parent / b"caf\xe9.xml".decode("utf-8", "surrogateescape")
    odd.write_bytes((AVAYA / "normal.xml").read_bytes())
    result = _eur_parse(odd, AVAYA / "special.xml", "-o", output, "--json")
    assert result.exit_code == 0
    told = json.loads(result.stdout)["files"]
    assert told[0]["path"].endswith("/caf\\xe9.xml")
    names = pq.ParquetFile(output).read(["archive_name"]).column(0).to_pylist()
    assert set(names) == {"caf\\xe9.xml", "special.xml"}


@pytest.mark.parametrize(
    ("path", "dialect"),
    [
        (AVAYA / "normal.xml", "avaya-ps"),
        (MAM / "mam_56207.xml", "xmpp-mam"),
        (CASES / "xep-0136" / "stream.xml", "xep-0136"),
        (CASES / "xep-0227" / "56210@presence.example.test.xml", "xep-0227"),
        (CASES / "actiance-filedump" / "seconds.xml", "actiance-filedump"),
        (CASES / "bloomberg-ib" / "chat.xml", "bloomberg-ib"),
        (CASES / "lync-persistent-chat" / "rooms.xml", "lync-persistent-chat"),
        (CASES / "openfire" / "jive.audit-20260309-000.xml", "openfire"),
        (PROSODY / "presence%2eexample%2etest/archive/56209%402026%2d11%2d23.xml", PROSODY.name),
    ],
)
def test_the_dialect_follows_from_the_root_element_and_is_told(
    output: Path, path: Path, dialect: str
) -> None:
    result = _eur_parse(path, "-o", output)
    assert result.exit_code == 0
    assert f"read as dialect {dialect}" in result.stderr
    assert set(pq.ParquetFile(output).read()["dialect"].to_pylist()) == {dialect}


def test_a_chosen_dialect_is_not_told_again(output: Path) -> None:
    result = _eur_parse(AVAYA / "normal.xml", "-o", output, "--dialect", "avaya-ps")
    assert result.exit_code == 0
    assert result.stderr == ""


def test_a_project_in_the_current_folder_lends_its_dialects(output: Path) -> None:
    own = output.parent / "dialects" / "ours.yml"
    own.parent.mkdir()
    own.write_text(
        "description: ours\nrecords: chats/chat\n"
        "fields: {sent_at: {xpath: '@at', format: iso}, sender: '@by'}\n",
        encoding="utf-8",
    )
    archive = output.parent / "a.xml"
    archive.write_bytes(b'<chats><chat at="2026-03-09T00:00:00Z" by="56207"/></chats>')
    result = _eur_parse(archive, "-o", output, "--presence-domain", "x.y")
    assert result.exit_code == 0
    (row,) = pq.ParquetFile(output).read().to_pylist()
    assert (row["dialect"], row["sender"]) == ("ours", "56207@x.y")


def test_of_two_dialects_that_read_a_file_the_projects_own_is_taken(output: Path) -> None:
    own = output.parent / "dialects" / "zz-ours.yml"
    own.parent.mkdir()
    own.write_text("extends: actiance-filedump\ndescription: ours\n", encoding="utf-8")
    archive = CASES / "actiance-filedump" / "seconds.xml"
    assert f"{archive}: read as dialect zz-ours" in _eur_parse(archive, "-o", output).stderr


def test_packed_files_are_read_as_what_they_hold(output: Path) -> None:
    packed, both = output.parent / "a.bin", output.parent / "b.bin"
    packed.write_bytes(gzip.compress((AVAYA / "normal.xml").read_bytes()))
    with zipfile.ZipFile(both, "w") as archive:
        archive.writestr("photo.png", b"\x89PNG")
        archive.write(AVAYA / "special.xml")
        archive.write(AVAYA / "bad-records.xml")
    result = _eur_parse(packed, both, "-o", output)
    assert result.exit_code == 0
    assert f"{both}: read as dialect avaya-ps" in result.stderr
    assert "bad-records.xml, record 7, sender: expected an address" in result.stderr
    ids = [row["record_id"].partition("-") for row in pq.ParquetFile(output).read().to_pylist()]
    assert [int(number) for _, _, number in ids] == [*range(1, 6), *range(1, 7), 12, 13, 14, 17]


def test_a_project_in_the_current_folder_lends_its_limits(output: Path) -> None:
    configuration = create_starter(output.parent / "project").config_path
    text = configuration.read_text(encoding="utf-8").replace(
        "element_depth: 200", "element_depth: 2"
    )
    (output.parent / "eur.yaml").write_text(text, encoding="utf-8")
    result = _eur_parse(AVAYA / "normal.xml", "-o", output)
    assert result.exit_code == 1
    assert "limits.element_depth" in result.stderr


def test_rejects_are_told_with_number_and_reasons_and_are_no_failure(output: Path) -> None:
    result = _eur_parse(AVAYA / "bad-records.xml", "-o", output)
    assert result.exit_code == 0
    assert "7 records could not be read" in result.stderr
    assert "record 2, sender: expected an address, found nothing" in result.stderr
    assert pq.ParquetFile(output).metadata.num_rows == 5


@pytest.mark.parametrize("bad", [AVAYA / "broken.xml", AVAYA / "dtd.xml", AVAYA / "none.xml"])
def test_a_file_that_cannot_be_read_is_a_failure_but_the_others_are_written(
    output: Path, bad: Path
) -> None:
    result = _eur_parse(bad, AVAYA / "normal.xml", "-o", output)
    assert result.exit_code == 1
    assert bad.name in result.stderr
    names = pq.ParquetFile(output).read()["archive_name"].to_pylist()
    assert names == ["normal.xml"] * 5


def test_where_nothing_could_be_read_an_older_output_stays(output: Path) -> None:
    output.write_bytes(b"older")
    unknown = output.parent / "unknown.xml"
    unknown.write_bytes(b"<log/>")
    result = _eur_parse(unknown, "-o", output)
    assert result.exit_code == 1
    assert "avaya-ps, " in result.stderr
    assert ", xmpp-mam" in result.stderr
    assert output.read_bytes() == b"older"
    assert sorted(path.name for path in output.parent.iterdir()) == ["out.parquet", "unknown.xml"]


def test_an_endless_name_of_a_root_is_cut_off_in_the_error(output: Path) -> None:
    unknown = output.parent / "unknown.xml"
    unknown.write_bytes(b"<" + b"a" * 5_000 + b"/>")
    result = _eur_parse(unknown, "-o", output)
    assert result.exit_code == 1
    assert "a" * 80 in result.stderr
    assert "a" * 81 not in result.stderr


def test_a_program_gets_one_json_object(output: Path) -> None:
    result = _eur_parse(AVAYA / "broken.xml", AVAYA / "bad-records.xml", "-o", output, "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    broken, bad = found["files"]
    assert (broken["records"], broken["records_before"]) == (0, 1)
    assert "line 4" in broken["error"]
    assert (bad["records"], bad["rejects"], bad["error"]) == (5, 7, None)
    assert len(bad["reasons"]) == 5
    assert found["output"] == str(output)


def test_outside_of_a_project_no_upload_bounds_a_records_time(output: Path) -> None:
    archive = output.parent / "a.xml"
    archive.write_bytes(
        b'<im-archive><message time="4102444800000"><from>1@x.y</from></message></im-archive>'
    )
    assert _eur_parse(archive, "-o", output).exit_code == 0
    assert pq.ParquetFile(output).metadata.num_rows == 1


def test_an_output_is_asked_for(output: Path) -> None:
    assert _eur_parse(AVAYA / "normal.xml").exit_code == 2


def test_names_within_an_archive_cannot_steer_the_terminal(output: Path) -> None:
    path = output.parent / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("\x1b[2Jevil.xml", "<im-archive><message></im-archive>")
    result = _eur_parse(path, "-o", output)
    assert result.exit_code == 1
    assert "\x1b" not in result.stderr
    assert "evil.xml" in result.stderr
