"""The company is the same for the same seed, and its directory can be used as it is."""

import csv
import datetime as dt
import unicodedata
from itertools import pairwise

import pytest

from eur_pipeline.errors import PermanentError
from eur_pipeline.simulator.company import OFFICES, Company

MOVE_ON = dt.date(2026, 3, 10)
COMPANY = Company.make(seed=1, users=200)


def rows(company: Company) -> list[dict[str, str]]:
    return list(csv.DictReader(company.directory_csv(move_on=MOVE_ON).splitlines()))


def test_the_directory_has_the_columns_that_a_project_expects() -> None:
    header = COMPANY.directory_csv(move_on=MOVE_ON).splitlines()[0]
    assert header == (
        "person_id,name,address,extension,site,department,cost_centre,valid_from,valid_to"
    )


def test_every_person_has_a_five_digit_extension_of_their_own() -> None:
    extensions = [person.extension for person in COMPANY.people]
    assert len(set(extensions)) == 200
    assert all(len(e) == 5 and e.isdecimal() for e in extensions)
    assert COMPANY.people[7].address == f"{extensions[7]}@presence.example"
    assert "56207@presence.example" in {person.address for person in COMPANY.people}


def test_both_sites_have_people_even_in_the_smallest_company() -> None:
    company = Company.make(seed=3, users=4)
    assert [len(company.at(office)) for office in OFFICES] == [2, 2]


def test_same_seed_same_people_other_seed_others() -> None:
    assert Company.make(seed=1, users=200) == COMPANY
    assert Company.make(seed=2, users=200) != COMPANY


def test_names_have_letters_beyond_ascii() -> None:
    names = "".join(person.name for person in COMPANY.people)
    assert not names.isascii()
    assert unicodedata.is_normalized("NFC", names)


def test_at_any_date_a_person_has_exactly_one_row() -> None:
    for day in (MOVE_ON - dt.timedelta(days=1), MOVE_ON, MOVE_ON + dt.timedelta(days=1)):
        text = day.isoformat()
        valid = [
            row["person_id"]
            for row in rows(COMPANY)
            if row["valid_from"] <= text and (text < row["valid_to"] or not row["valid_to"])
        ]
        assert sorted(valid) == sorted(person.person_id for person in COMPANY.people)


def test_who_moves_has_another_department_and_cost_centre_from_the_move_date_on() -> None:
    moves = [
        (before, after)
        for before, after in pairwise(rows(COMPANY))
        if before["person_id"] == after["person_id"]
    ]
    assert moves
    for before, after in moves:
        assert before["valid_to"] == after["valid_from"] == MOVE_ON.isoformat()
        assert before["valid_from"] == after["valid_to"] == ""
        assert before["department"] != after["department"]
        assert before["cost_centre"] != after["cost_centre"]


def test_a_cost_centre_belongs_to_one_department_of_one_site() -> None:
    owners = {(r["cost_centre"], r["site"], r["department"]) for r in rows(COMPANY)}
    assert len({cost_centre for cost_centre, _, _ in owners}) == len(owners)


@pytest.mark.parametrize("users", [0, 3, 50_001])
def test_an_impossible_size_is_explained(users: int) -> None:
    with pytest.raises(PermanentError, match=rf"{users} users.*expected 4 to 50000"):
        Company.make(seed=1, users=users)
