"""`eur quarantine`: what is shown of what could not be read, and what is not."""

import datetime as dt
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from eur_pipeline.cli import app
from eur_pipeline.errors import PermanentError
from eur_pipeline.lake.ingest import ingest_hour
from tests.archives.reading import CASES

from .conftest import HOUR, House

BAD = (CASES / "avaya-ps" / "bad-records.xml").read_bytes()
BROKEN = (CASES / "avaya-ps" / "broken.xml").read_bytes()
NEXT = HOUR + dt.timedelta(hours=1)


@pytest.fixture
def ids(house: House) -> list[str]:
    """The ids of a broken archive and of one with rejects."""
    manifests = [house.land("broken.xml", BROKEN), house.land("bad\x1b[2J.xml", BAD, NEXT)]
    for hour in (HOUR, NEXT):
        ingest_hour(house.project, house.collection, hour)
    return [manifest.sha256[:16] for manifest in manifests]


def eur(house: House, *arguments: str) -> Result:
    directory = str(house.project.path)
    return CliRunner().invoke(app, ["quarantine", *arguments, "--dir", directory])


def test_an_empty_quarantine_says_so(house: House) -> None:
    result = eur(house, "list")
    assert result.exit_code == 0
    assert (result.stdout, result.stderr) == ("", "nothing is in quarantine\n")


def test_each_archive_is_a_line_that_no_name_can_break(house: House, ids: list[str]) -> None:
    broken, bad = eur(house, "list").stdout.splitlines()
    assert broken.startswith(f"{ids[0]}  im  2026-03-09T01Z  broken.xml: set aside after 1 records")
    assert bad == f"{ids[1]}  im  2026-03-09T02Z  bad\\x1b[2J.xml: 7 of 12 records rejected"


def test_a_program_gets_one_json_object(house: House, ids: list[str]) -> None:
    found = json.loads(eur(house, "list", "--json").stdout)["archives"]
    assert [archive["id"] for archive in found] == ids
    assert [archive["set_aside"] for archive in found] == [True, False]


def test_rejects_are_shown_with_place_and_reason_but_without_what_people_wrote(
    house: House, ids: list[str]
) -> None:
    shown = eur(house, "show", ids[1][:6]).stdout
    assert "record 2 at line 4, sender: expected an address, found nothing" in shown
    assert "nobody wrote this" not in shown + eur(house, "show", ids[1], "--json").stdout


def test_the_records_own_text_is_shown_when_it_is_asked_for(house: House, ids: list[str]) -> None:
    assert "nobody wrote this" in eur(house, "show", ids[1], "--raw").stdout
    (archive,) = json.loads(eur(house, "show", ids[1], "--raw", "--json").stdout)["archives"]
    assert "nobody wrote this" in archive["rejected"][0]["raw"]


def test_where_bodies_are_not_kept_there_is_no_text_to_show(house: House, ids: list[str]) -> None:
    house.configure("bodies: keep", "bodies: hash")
    ingest_hour(house.project, house.collection, NEXT)
    shown = eur(house, "show", ids[1], "--raw").stdout
    assert shown.count("(not kept)") == 7
    assert "nobody wrote this" not in shown


@pytest.mark.parametrize("command", ["show", "retry"])
def test_an_unknown_id_is_a_failure(house: House, ids: list[str], command: str) -> None:
    result = eur(house, command, "no-such-id")
    assert isinstance(result.exception, PermanentError)
    assert "'no-such-id'; `eur quarantine list` shows what is" in str(result.exception)


def test_a_retry_marks_the_hours_and_says_who_reads_them(house: House, ids: list[str]) -> None:
    one = eur(house, "retry", ids[0], "--json")
    assert json.loads(one.stdout) == {"hours": {"im": ["2026-03-09 01:00:00+00:00"]}}
    everything = eur(house, "retry")
    assert everything.stdout == "im: 2 upload hours are to be read again\n"
    assert "`eur run`" in everything.stderr


def test_hours_that_were_read_well_are_read_again_on_demand(house: House, tmp_path: Path) -> None:
    house.land("a.xml", (CASES / "avaya-ps" / "normal.xml").read_bytes())
    assert "nothing is to be read again" in eur(house, "retry").stderr
    assert eur(house, "retry", "--every-hour").stdout.startswith("im: 1 upload hours")
