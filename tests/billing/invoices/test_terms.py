"""What a rate applied to is frozen with it: an old invoice can be justified from itself."""

import datetime as dt
import json
from pathlib import Path

import pytest

from eur_pipeline.billing.invoices.canonical import canonical
from eur_pipeline.billing.invoices.comparing import changes
from eur_pipeline.billing.invoices.document import BandSpan, Content, Document
from eur_pipeline.project import Project
from tests.models.lake_project import record

from .months import (
    MARCH,
    RATES,
    arrive,
    documents,
    invoiced_project,
    issue_month,
    write_tariff_folder,
)

PEAK = "office,message,,,peak,,,,,,,,0.50,,"
TO_PARTNERS = "office,message,,@partner.example,,,,,,,,,0.20,,"
BANDS = ("peak,mon-fri,08:00,18:00", "peak,sat,08:00,12:00")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Six messages of Anna's on working days, the last at half past six in the evening."""
    project = invoiced_project(tmp_path / "project")
    rates = (*RATES, PEAK, TO_PARTNERS)
    holidays = ("geneva,2026-03-19,St Joseph",)
    write_tariff_folder(project, rates=rates, time_bands=BANDS, holidays=holidays)
    sent = [record(f"2026-03-{day:02}T12:00") for day in range(2, 7)]
    outside = record("2026-03-06T12:30", recipients=["x@partner.example"])
    arrive(project, 0, [*sent, outside, record("2026-03-06T17:30")])
    return project


def invoiced(project: Project) -> Content:
    """Of March, for Anna's cost centre."""
    (document,) = issue_month(project, MARCH).documents
    return document.content


def reasons(project: Project) -> tuple[str, ...]:
    (change,) = changes(Project(project.path), MARCH).accounts
    return change.reasons


def test_a_rate_has_its_destination_prefix_and_the_spans_of_its_band(project: Project) -> None:
    rates = {rate.rate: rate for rate in invoiced(project).rates}
    assert {(r.destination, r.prefix) for r in rates.values()} == {
        ("", ""),
        ("", "@partner.example"),
    }
    assert rates["office/message/all/peak from always"].band == (
        BandSpan(days="sat", start="08:00", end="12:00"),
        BandSpan(days="mon tue wed thu fri", start="08:00", end="18:00"),
    )
    assert rates["office/message/all from always"].band == ()


def test_a_site_has_the_holidays_of_the_month(project: Project) -> None:
    units = {(unit.kind, unit.unit): unit for unit in invoiced(project).hierarchy}
    assert units["site", "geneva"].holidays == (dt.date(2026, 3, 19),)
    assert units["department", "Sales"].holidays is None


def test_a_band_that_ends_later_is_named(project: Project) -> None:
    invoiced(project)
    write_tariff_folder(project, time_bands=[BANDS[0].replace("18:00", "20:00"), BANDS[1]])
    assert reasons(project) == (
        "rate office/message/all from always is used no more",
        "rate office/message/all/peak from always: band 2 end 18:00 -> 20:00",
    )


def test_a_holiday_that_was_forgotten_is_named(project: Project) -> None:
    invoiced(project)
    write_tariff_folder(project, holidays=["geneva,2026-03-06,late"])
    assert reasons(project) == (
        "holiday: 2026-03-06 is one of geneva",
        "holiday: 2026-03-19 was one of geneva",
    )


def test_the_form_of_an_invoice_is_its_values_as_json_with_sorted_keys(project: Project) -> None:
    content = invoiced(project)
    assert any(line.rated_by for line in content.lines)
    values = content.model_dump(mode="json")
    form = json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert content.canonical == form
    # The warehouse wrote the tiers; read from a file, they are written anew from their values.
    assert Content.model_validate_json(form).canonical == form


def test_a_document_that_does_not_say_so_keeps_its_form_and_hash(project: Project) -> None:
    invoiced(project)
    (now,) = documents(project).values()
    # As it was written before rates had these fields, and sites their holidays.
    values = now.model_dump(mode="json")
    for rate in values["content"]["rates"]:
        for name in ("destination", "prefix", "band"):
            del rate[name]
    for unit in values["content"]["hierarchy"]:
        unit.pop("holidays", None)
    before = (canonical(values) + "\n").encode()
    assert Document.from_bytes(before).to_bytes() == before
    assert Document.from_bytes(before).content.sha256 != now.content.sha256
