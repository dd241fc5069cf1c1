"""Who is counted and charged for what, on which local day, and to which cent."""

import csv
import datetime as dt
import random
from collections import Counter, defaultdict
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from eur_pipeline.models import build
from eur_pipeline.project import Project
from tests.models.lake_project import Record, make_project, query, record, write_archive

ZONES = {"geneva": "Europe/Zurich", "boston": "America/New_York"}
MOVE = (
    "p1,Anna Huber,,10001,geneva,Sales,C100,,2026-03-10",
    "p1,Anna Huber,,10001,geneva,Support,C200,2026-03-10,",
)
FILES_FREE = ("file_transfer,internal,,,CHF,0", "file_transfer,external,,,CHF,0")


def built(
    path: Path, records: list[Record], collection: str = "geneva_im", **files: Any
) -> Project:
    project = make_project(path, **files)
    write_archive(project, "a.xml", records, collection)
    report = build(project)
    assert report.committed, [failure.message for failure in report.failures]
    return project


def test_the_day_is_that_of_the_senders_site_on_both_sides_of_a_clock_change(
    tmp_path: Path,
) -> None:
    # Zurich is at UTC+1 until 2026-03-29T01:00Z, and at UTC+2 from then on.
    times = ["2026-03-28T22:59", "2026-03-28T23:00", "2026-03-29T21:59", "2026-03-29T22:00"]
    project = built(tmp_path, [record(time) for time in times])
    days = query(
        project,
        "select local_date::varchar, messages from usage_by_person_daily where messages > 0 "
        "order by 1",
    )
    assert days == [("2026-03-28", 1), ("2026-03-29", 2), ("2026-03-30", 1)]


def test_a_site_behind_utc_has_its_own_days_whichever_collection_archived_them(
    tmp_path: Path,
) -> None:
    project = built(
        tmp_path, [record("2026-03-11T03:59", "10003"), record("2026-03-11T04:00", "10003")]
    )
    days = query(project, "select local_date::varchar, site from messages order by 1")
    assert days == [("2026-03-10", "boston"), ("2026-03-11", "boston")]


def test_a_move_of_department_counts_right_on_both_sides(tmp_path: Path) -> None:
    times = ["2026-03-09T22:59:59.999", "2026-03-09T23:00", "2026-03-20T12:00"]
    project = built(tmp_path, [record(time) for time in times], directory=MOVE)
    usage = query(
        project,
        "select local_date::varchar, department, messages from usage_by_department_daily "
        "where messages > 0 order by 1",
    )
    assert usage == [
        ("2026-03-09", "Sales", 1),
        ("2026-03-10", "Support", 1),
        ("2026-03-20", "Support", 1),
    ]
    charges = query(
        project,
        "select cost_centre, department, messages from charges_by_person_monthly order by 1",
    )
    assert charges == [("C100", "Sales", 1), ("C200", "Support", 2)]


def test_senders_who_are_not_in_the_directory_are_counted_as_unknown(tmp_path: Path) -> None:
    records = [
        record("2026-03-10T12:00", "99999"),
        record("2026-03-10T12:00", "who@else.example", recipients=["10001"]),
    ]
    project = built(tmp_path, records)
    (row,) = query(
        project,
        "select person_id, name, site, department, cost_centre, messages "
        "from usage_by_person_daily where messages > 0",
    )
    assert row == ("unknown", "unknown", "geneva", "unknown", "unknown", 2)
    assert query(project, "select cost_centre, charge from charges_by_cost_centre_monthly") == [
        ("unknown", Decimal("0.020"))
    ]


def test_senders_are_found_in_the_directory_whatever_the_case_of_their_address(
    tmp_path: Path,
) -> None:
    directory = ["p1,Anna Huber,Anna.Huber@presence.example,,geneva,Sales,C100,,"]
    senders = ["anna.huber@presence.example", "ANNA.Huber@presence.example"]
    records = [record("2026-03-10T12:00", sender) for sender in senders]
    project = built(tmp_path, records, directory=directory)
    senders_found = "select person_id, messages from usage_by_person_daily where messages > 0"
    assert query(project, senders_found) == [("p1", 2)]


def test_one_recipient_outside_makes_a_message_external_and_it_is_paid_once(tmp_path: Path) -> None:
    records = [
        record("2026-03-10T12:00", recipients=["10002", "10003", "a@else.example"]),
        record("2026-03-10T12:01", recipients=["10002", "10003"]),
        record("2026-03-10T12:02", recipients=["room@presence.example/nick"]),
        record("2026-03-10T12:03", recipients=[]),
    ]
    project = built(tmp_path, records)
    assert query(project, "select destination from messages order by sent_at") == [
        ("external",),
        ("internal",),
        ("internal",),
        ("internal",),
    ]
    assert query(
        project,
        "select internal, external, deliveries from usage_by_person_daily where person_id = 'p1'",
    ) == [(3, 1, 6)]
    assert query(project, "select charge from charges_by_person_monthly") == [(Decimal("0.060"),)]


def test_only_messages_and_file_transfers_are_usage(tmp_path: Path) -> None:
    kinds = ["message", "file_transfer", "edit", "delete", "receipt", "invite", "join", "leave"]
    records = [record("2026-03-10T12:00", kind=kind) for kind in (*kinds, "system")]
    project = built(tmp_path, records)
    counts = "select sum(messages), sum(file_transfers), sum(received) from usage_by_person_daily"
    assert query(project, counts) == [(1, 1, 2)]
    assert query(project, "select count(*) from messages") == [(9,)]


def test_absurd_file_sizes_are_summed_without_overflow(tmp_path: Path) -> None:
    largest = 2**63 - 1
    records = [
        record(f"2026-03-10T12:0{n}", kind="file_transfer", file_bytes=largest) for n in range(3)
    ]
    project = built(tmp_path, records)
    for table in ("usage_by_person_daily", "usage_by_department_daily"):
        (row,) = query(
            project, f"select file_bytes, file_megabytes from {table} where file_transfers > 0"
        )
        assert row == (3 * Decimal(largest), 3 * Decimal(10**9))


def test_a_charge_is_rounded_half_up_once_per_line(tmp_path: Path) -> None:
    tariff = ["message,internal,,,CHF,0.005", "message,external,,,CHF,0.0049", *FILES_FREE]
    records = [record(f"2026-03-{day}T12:00") for day in (10, 11, 12)]
    records.append(record("2026-03-10T12:00", "10003"))
    records.append(record("2026-03-10T12:00", "10002", recipients=["a@else.example"]))
    project = built(tmp_path, records, tariff=tariff)
    charges = query(project, "select person_id, charge from charges_by_person_monthly order by 1")
    assert charges == [("p1", Decimal("0.020")), ("p2", Decimal(0)), ("p3", Decimal("0.010"))]
    centres = query(
        project, "select cost_centre, charge from charges_by_cost_centre_monthly order by 1"
    )
    assert centres == [("C100", Decimal("0.030")), ("C200", Decimal(0))]


def test_a_currency_without_minor_unit_is_charged_in_whole_units(tmp_path: Path) -> None:
    tariff = ["message,internal,,,CHF,1.5", "message,external,,,CHF,1.5", *FILES_FREE]
    tariff = [line.replace("CHF", "JPY") for line in tariff]
    project = make_project(tmp_path, tariff=tariff)
    text = project.config_path.read_text(encoding="utf-8").replace("CHF", "JPY")
    project.config_path.write_text(text, encoding="utf-8")
    write_archive(project, "a.xml", [record("2026-03-10T12:00")])
    build(project)
    charges = query(project, "select currency, charge from charges_by_person_monthly")
    assert charges == [("JPY", Decimal(2))]


def test_the_price_is_that_of_the_local_day(tmp_path: Path) -> None:
    tariff = ["message,internal,,2026-03-10,CHF,1", "message,internal,2026-03-10,,CHF,10"]
    tariff += ["message,external,,,CHF,0", *FILES_FREE]
    project = built(
        tmp_path, [record("2026-03-09T22:59"), record("2026-03-09T23:00")], tariff=tariff
    )
    assert query(project, "select charge from charges_by_person_monthly") == [(Decimal(11),)]


# --- An independent computation, which shares nothing with the models but the project's files.

DIRECTORY = (
    *MOVE,
    "p2,Bo Lind,,10002,geneva,Support,C200,,2026-03-15",
    "p2,Bo Lind,10002@presence.example,,boston,Support,C200,2026-03-15,",
    "p3,Cleo Ray,,10003,boston,Sales,C100,2026-03-05,",
    "p3,Cleo Ray,,10004,boston,Sales,C300,,",
)
TARIFF = (
    "message,internal,,2026-03-20,CHF,0.0125",
    "message,internal,2026-03-20,,CHF,0.013333",
    "message,external,,,CHF,0.035",
    "file_transfer,internal,,,CHF,0.105",
    "file_transfer,external,,,CHF,0.25",
)


def some_records(collection: str, seed: int) -> list[Record]:
    """Messages of five weeks in which both time zones change their clocks."""
    chance = random.Random(seed)
    start = dt.datetime(2026, 2, 26, tzinfo=dt.UTC)
    people = ["10001", "10002", "10003", "10004", "99999", "who@else.example"]
    return [
        record(
            start + dt.timedelta(milliseconds=chance.randrange(36 * 86_400_000)),
            chance.choice(people),
            recipients=chance.sample(people, chance.randint(1, 3)),
            kind=chance.choice(["message", "message", "message", "file_transfer", "receipt"]),
            body=f"{collection} {number}",
        )
        for number in range(1500)
    ]


def midnight(day: str, site: str, otherwise: dt.datetime) -> dt.datetime:
    if not day:
        return otherwise
    return dt.datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(ZONES[site]))


def owner_of(sender: str, at: dt.datetime, project: Project) -> dict[str, str] | None:
    """The last of the sender's lines that has begun; here nobody's last line ends."""
    found = None
    with project.directory_path.open(encoding="utf-8") as file:
        for line in csv.DictReader(file):
            address = line["address"] or line["extension"] + "@presence.example"
            if address == sender and at >= midnight(line["valid_from"], line["site"], at):
                found = line
    return found


def price_of(usage_type: str, destination: str, day: str, project: Project) -> Decimal:
    with project.tariff_path.open(encoding="utf-8") as file:
        for line in csv.DictReader(file):
            use = (line["usage_type"], line["destination"])
            if use == (usage_type, destination) and (line["valid_from"] or "0") <= day < (
                line["valid_to"] or "9"
            ):
                return Decimal(line["price"])
    raise AssertionError((usage_type, destination, day))


def test_usage_and_charges_agree_with_an_independent_computation_to_the_cent(
    tmp_path: Path,
) -> None:
    project = make_project(tmp_path, directory=DIRECTORY, tariff=TARIFF)
    usage: Counter[tuple[str, str, str]] = Counter()
    lines: defaultdict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    for seed, site in enumerate(ZONES):
        records = some_records(site, seed)
        write_archive(project, "a.xml", records, f"{site}_im")
        for one in records:
            if one["kind"] == "receipt":
                continue
            entry = owner_of(one["sender"], one["sent_at"], project)
            zone = ZoneInfo(ZONES[entry["site"] if entry else site])
            day = str(one["sent_at"].astimezone(zone).date())
            person = entry["person_id"] if entry else "unknown"
            centre = entry["cost_centre"] if entry else "unknown"
            outside = any(not r.endswith("@presence.example") for r in one["recipients"])
            destination = "external" if outside else "internal"
            usage[day, person, one["kind"]] += 1
            place = (entry["site"], entry["department"]) if entry else (site, "unknown")
            line = (day[:7], person, centre, one["kind"], *place)
            lines[line] += price_of(one["kind"], destination, day, project)
    assert build(project).committed
    cent = Decimal("0.01")
    charges: defaultdict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for (month, person, centre, *_), total in lines.items():
        charges[month, person, centre] += total.quantize(cent, ROUND_HALF_UP)
    centres: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for (month, _, centre), charge in charges.items():
        centres[month, centre] += charge

    found = query(
        project,
        "select local_date::varchar, person_id, sum(messages)::int, sum(file_transfers)::int "
        "from usage_by_person_daily group by all",
    )
    counted = {(day, person, "message"): n for day, person, n, _ in found if n}
    counted |= {(day, person, "file_transfer"): n for day, person, _, n in found if n}
    assert counted == dict(usage)
    month = "strftime(local_month, '%Y-%m')"
    rows = query(
        project, f"select {month}, person_id, cost_centre, charge from charges_by_person_monthly"
    )
    assert {row[:3]: row[3] for row in rows} == charges
    rows = query(
        project, f"select {month}, cost_centre, charge from charges_by_cost_centre_monthly"
    )
    assert {row[:2]: row[2] for row in rows} == dict(centres)
