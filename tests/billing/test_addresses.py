"""Who is behind an address: by the full address, by an alias, by the extension at a site."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from eur_pipeline.billing.addresses import read_addresses
from eur_pipeline.billing.directory import read_directory
from eur_pipeline.errors import ConfigurationError
from eur_pipeline.project import Project
from tests.models.lake_project import CONFIGURATION, make_project, write_aliases

ANNA = "p1,Anna,anna@presence.example,10001,geneva,Sales,C1,,"
BO = "p2,Bo,bo@presence.example,10002,geneva,Sales,C1,,"
TWO_DOMAINS = CONFIGURATION.replace("[presence.example]", "[presence.example, corp.example]")

# Address, collection, by what, person, from, to.
Found = tuple[str, str, str, str, str, str]


def found(project: Project) -> list[Found]:
    return [
        (
            *(entry.address, entry.collection, entry.matched_by, entry.person_id),
            f"{entry.start_at:%d %H:%M}" if entry.start_at else "",
            f"{entry.end_at:%d %H:%M}" if entry.end_at else "",
        )
        for entry in read_addresses(project, read_directory(project))
    ]


def project(path: Path, directory: Iterable[str], aliases: Iterable[str] = ()) -> Project:
    project = make_project(path, directory, configuration=TWO_DOMAINS)
    write_aliases(project, aliases)
    return project


def fault(path: Path, directory: Iterable[str], aliases: Iterable[str] = ()) -> str:
    with pytest.raises(ConfigurationError) as caught:
        found(project(path, directory, aliases))
    return str(caught.value)


def test_an_extension_is_known_at_the_companys_domains_in_its_sites_collection(
    tmp_path: Path,
) -> None:
    assert found(project(tmp_path, [ANNA])) == [
        ("anna@presence.example", "", "address", "p1", "", ""),
        ("10001@corp.example", "geneva_im", "extension", "p1", "", ""),
        ("10001@presence.example", "geneva_im", "extension", "p1", "", ""),
    ]


@pytest.mark.parametrize("extension", ["1001", "100012", "+1001", ""])
def test_an_extension_of_another_length_is_none(tmp_path: Path, extension: str) -> None:
    line = ANNA.replace("10001", extension)
    assert [entry[2] for entry in found(project(tmp_path, [line]))] == ["address"]


def test_the_full_address_of_somebody_else_goes_before_the_extension(tmp_path: Path) -> None:
    other = "p2,Bo,10001@presence.example,,boston,Sales,C1,2026-03-10,2026-03-12"
    assert found(project(tmp_path, [ANNA, other]))[-2:] == [
        ("10001@presence.example", "geneva_im", "extension", "p1", "", "10 04:00"),
        ("10001@presence.example", "geneva_im", "extension", "p1", "12 04:00", ""),
    ]


def test_an_alias_goes_before_the_extension_too(tmp_path: Path) -> None:
    aliases = ["10001@Presence.example,p2,2026-03-10,"]
    entries = found(project(tmp_path, [ANNA, BO], aliases))
    here = [entry[1:] for entry in entries if entry[0] == "10001@presence.example"]
    assert here == [
        ("", "alias", "p2", "09 23:00", ""),
        ("geneva_im", "extension", "p1", "", "09 23:00"),
    ]


def test_an_alias_follows_its_person_from_site_to_site(tmp_path: Path) -> None:
    moves = [
        "p1,Anna,anna@presence.example,,geneva,Sales,C1,,2026-03-10",
        "p1,Anna,a.huber@presence.example,,boston,Support,C2,2026-03-10,",
    ]
    aliases = ["info@presence.example,p1,2026-03-05,2026-03-12"]
    here = [entry for entry in found(project(tmp_path, moves, aliases)) if entry[2] == "alias"]
    assert here == [
        ("info@presence.example", "", "alias", "p1", "04 23:00", "10 04:00"),
        ("info@presence.example", "", "alias", "p1", "10 04:00", "12 04:00"),
    ]


def test_an_alias_can_pass_to_somebody_else(tmp_path: Path) -> None:
    aliases = ["info@presence.example,p1,,2026-03-10", "info@presence.example,p2,2026-03-10,"]
    here = [entry for entry in found(project(tmp_path, [ANNA, BO], aliases)) if entry[2] == "alias"]
    assert [entry[3:] for entry in here] == [("p1", "", "09 23:00"), ("p2", "09 23:00", "")]


@pytest.mark.parametrize(
    ("aliases", "expected"),
    [
        (["info,p1,,"], "aliases.csv, line 2, alias: expected an address such as"),
        (["i@x.example,p9,,"], "line 2, person_id: expected somebody of the directory; found 'p9'"),
        (["i@x.example,p1,,", "I@x.example,p2,2026-03-10,"], "not valid already by line 2"),
        (["Anna@presence.example,p2,,"], "not valid already by directory.csv, line 2"),
    ],
)
def test_a_fault_of_an_alias_names_its_rows(
    tmp_path: Path, aliases: list[str], expected: str
) -> None:
    assert expected in fault(tmp_path, [ANNA, BO], aliases)


def test_an_alias_for_days_without_its_person_is_refused(tmp_path: Path) -> None:
    message = fault(tmp_path, [ANNA + "2026-03-01"], ["i@x.example,p1,2026-03-01,"])
    assert "aliases.csv, line 2, valid_from: expected days on which the directory has p1" in message


def test_two_people_cannot_have_one_extension_at_a_site(tmp_path: Path) -> None:
    message = fault(tmp_path, [ANNA, BO.replace("10002", "10001")])
    assert "line 3, valid_from: expected a date on which extension 10001 at site geneva" in message
    assert "line 2" in message
    found(project(tmp_path, [ANNA, BO.replace("10002,geneva", "10001,boston")]))


def test_one_person_can_have_several_addresses_with_one_extension(tmp_path: Path) -> None:
    second = ANNA.replace("anna@", "also@")
    people = {entry[3] for entry in found(project(tmp_path, [ANNA, second]))}
    assert people == {"p1"}
