"""Every rule about rows can be broken, and then says so: each has a damage that it has to find."""

import datetime as dt
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from eur_pipeline.billing.invoices.issuing import issue
from eur_pipeline.models import build, load_models
from eur_pipeline.models.model import ModelTest
from eur_pipeline.models.running import Run
from eur_pipeline.models.testing import run_test
from eur_pipeline.project import Project
from tests.billing.allocation_world import write_bills
from tests.models.lake_project import write_archive
from tests.models.rebuilt import rebuilt
from tests.rating.boundary_cases import NOON, SITES, Case
from tests.rating.world import World

pytestmark = pytest.mark.xdist_group("invariants")

LINES, PARTS = "charge_lines_monthly", "bill_allocations_monthly"
BILLED = "billed_lines_monthly"
RATED, STATES = "intermediate.int_uses_rated", "billing_states_daily"
# What is lost, doubled or changed by one cent, one unit or one message.
DAMAGES = [
    ("archives_reconcile", "update archives set copies = copies + 1"),
    ("bill_allocations_add_up", f"update {PARTS} set amount = amount + 0.01"),
    ("bill_allocations_add_up", f"delete from {PARTS}"),
    (
        "bill_allocations_are_less_than_a_coin_off",
        f"update {PARTS} set amount = amount - 0.01",
    ),
    ("bills_are_allocated", f"update {PARTS} set is_allocated = false"),
    ("charge_lines_are_billed_or_free", f"update {LINES} set free_quantity = free_quantity + 1"),
    ("charge_lines_are_billed_or_free", f"update {LINES} set charge = -0.01"),
    (
        "charge_lines_are_billed_or_free",
        f"update {LINES} set free_quantity = quantity, billed_quantity = 0 where charge > 0",
    ),
    *(
        ("charge_lines_count_every_use", f"{damage} where usage_type = '{usage_type}'")
        for usage_type in ("message", "kilobyte", "active_person", "monthly_fee")
        for damage in (f"update {LINES} set uses = uses + 1", f"delete from {LINES}")
    ),
    ("charge_lines_count_every_use", f"delete from {RATED} where usage_type = 'kilobyte'"),
    (
        "int_uses_rated_has_one_row_per_key",
        f"insert into {RATED} from {RATED} where usage_type = 'kilobyte'",
    ),
    *(
        (f"charges_by_{what}_add_up", damage.format(table=f"charges_by_{what}_monthly"))
        for what in ("person", "department", "cost_centre", "site")
        for damage in (
            "update {table} set charge = charge + 0.01",
            "update {table} set cost = cost - 0.000000000001",
            "update {table} set legal_entity = 'another'",
            "delete from {table}",
        )
    ),
    *(
        (f"billed_by_{what}_adds_up", damage.format(table=f"billed_by_{what}_monthly"))
        for what in ("person", "department", "cost_centre", "site")
        for damage in (
            "update {table} set charge = charge + 0.01",
            "update {table} set cost = cost - 0.000000000001",
            "update {table} set legal_entity = 'another'",
            "delete from {table}",
        )
    ),
    ("assignments_are_of_somebody", "update inputs.assignments set name = 'another'"),
    ("billed_lines_belong_to_a_document", "delete from invoices"),
    ("billed_taxes_are_on_all_billed_lines", f"update {BILLED} set charge = charge + 0.01"),
    ("billed_taxes_are_on_all_billed_lines", "delete from billed_taxes_monthly"),
    ("invoices_are_the_sum_of_their_lines", f"update {BILLED} set number = 'another'"),
    ("invoices_are_the_sum_of_their_lines", "update invoices set net = net - 0.01"),
    ("billed_and_open_adjustments_equal_charges", f"update {BILLED} set uses = uses + 1"),
    *(
        ("billed_and_open_adjustments_equal_charges", f"update {table} set {change}")
        for table, change in (
            (LINES, "site = 'another'"),
            (LINES, "plan = 'another'"),
            (BILLED, "tax_percent = 99"),
            (BILLED, "free_quantity = free_quantity + 1"),
            (BILLED, "unrounded_charge = unrounded_charge + 0.000000000001"),
        )
    ),
    ("billed_and_open_taxes_equal_taxes", "update billed_taxes_monthly set tax = tax + 0.01"),
    ("billed_and_open_taxes_equal_taxes", "delete from billed_taxes_monthly"),
    ("every_message_is_in_one_billing_state", f"delete from {STATES} where state = 'free'"),
    ("every_message_is_in_one_billing_state", f"insert into {STATES} from {STATES}"),
    (
        "every_message_is_in_one_billing_state",
        f"update {STATES} set kind = 'message' where state = 'not_billable'",
    ),
    (
        "every_record_is_a_message_or_a_copy",
        "update intermediate.int_archives_counted set copies = copies - 1",
    ),
    ("every_use_has_a_price", f"update {RATED} set rate_id = null"),
    (
        "messages_are_the_records_that_are_no_copies",
        "delete from messages where kind = 'receipt'",
    ),
    (
        "plans_are_in_the_currency_of_their_legal_entity",
        "update intermediate.int_plans_assigned set currency = 'JPY'",
    ),
    (
        "fees_are_in_the_currency_of_their_legal_entity",
        "update intermediate.int_people_planned set currency = 'JPY'",
    ),
    ("records_have_a_known_dialect", "update intermediate.int_records_keyed set dialect = 'x'"),
    (
        "records_have_one_id_each",
        "insert into staging.stg_lake__records from staging.stg_lake__records",
    ),
    ("rejects_belong_to_an_archive", "update rejects set archive_sha256 = 'x'"),
    ("taxes_are_on_all_charges", "update taxes_by_cost_centre_monthly set net = net + 0.01"),
    ("taxes_are_on_all_charges", "update taxes_by_cost_centre_monthly set gross = gross + 0.01"),
    ("taxes_are_on_all_charges", "delete from taxes_by_cost_centre_monthly"),
    (
        "usage_by_department_equals_usage_by_person",
        "update usage_by_department_daily set messages = messages + 1",
    ),
    ("usage_by_person_equals_messages", "update usage_by_person_daily set messages = 0"),
    *(
        (f"{rule}_usage_by_person", f"update {table} set {column} = {column} + 1")
        for rule, table, columns in (
            ("usage_by_department_equals", "usage_by_department_daily", ("received", "characters")),
            ("usage_by_department_monthly_equals", "usage_by_department_monthly", ("received",)),
            ("usage_by_cost_centre_equals", "usage_by_cost_centre_daily", ("deliveries",)),
            ("usage_by_cost_centre_monthly_equals", "usage_by_cost_centre_monthly", ("messages",)),
            ("usage_by_site_adds_up_to", "usage_by_site_daily", ("own_messages", "own_received")),
            ("usage_by_hour_equals", "usage_by_hour", ("messages", "received")),
            ("usage_by_conversation_equals", "usage_by_conversation_daily", ("deliveries",)),
            (
                "usage_by_conversation_monthly_equals",
                "usage_by_conversation_monthly",
                ("messages",),
            ),
            ("usage_by_weekday_equals", "usage_by_weekday_monthly", ("received",)),
            ("busy_hours_equal", "busy_hours_monthly", ("messages",)),
            ("usage_changes_equal", "usage_changes_monthly", ("sent",)),
        )
        for column in columns
    ),
    (
        "usage_by_site_monthly_equals_usage_by_person_monthly",
        "delete from usage_by_site_monthly",
    ),
    ("usage_by_pair_adds_up_to_deliveries", "delete from usage_by_pair_daily"),
    (
        "usage_by_domain_equals_usage_by_pair",
        "update usage_by_pair_daily set destination = 'external'",
    ),
    (
        "nobody_with_usage_is_without_usage",
        (
            "insert into people_without_usage_monthly select local_month, person_id, name, site, "
            "department, cost_centre, received from usage_by_person_monthly where messages > 0"
        ),
    ),
    ("usage_is_internal_or_external", "update usage_by_person_daily set external = external + 1"),
    ("usage_is_internal_or_external", "update usage_by_person_daily set between_sites = 99"),
    *(
        (f"{table.rpartition('.')[2]}_has_one_row_per_key", f"insert into {table} from {table}")
        for table in (
            "intermediate.int_addresses_classed",
            "usage_by_conversation_daily",
            "usage_by_hour",
            "usage_by_pair_daily",
            "usage_by_person_monthly",
        )
    ),
    (
        "people_without_usage_monthly_has_one_row_per_key",
        (
            "insert into people_without_usage_monthly select local_month, person_id, name, site, "
            "department, cost_centre, 0 from usage_by_person_monthly, range(2)"
        ),
    ),
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A message in every state, a copy, a reject, a fee, a tax, a divided bill, an invoice."""
    world = World([dict(site) for site in SITES])
    for kind in ("message", "file_transfer"):
        for destination in ("internal", "external"):
            row = {"usage_type": kind, "destination": destination, "price": "0"}
            world.add("tariff.csv", **row, currency="CHF")
    world.add("tariff/taxes.csv", site="zurich", percent="8.1")
    case = Case(world, "office")
    case.terms(minimum="5")
    # Both cost centres that have the plan are somebody's.
    case.move("di", "2026-03-20")
    case.rate(price="1")
    case.rate("kilobyte", price="1")
    case.rate("active_person", price="0")
    case.rate("monthly_fee", price="3")
    case.allow("1")
    case.allow("3", "kilobyte")
    case.send(NOON, body_bytes=1000)
    case.send(NOON.replace(minute=1), body_bytes=2000)
    case.send(NOON.replace(minute=2), body_bytes=2000)
    case.send(NOON.replace(minute=3), kind="receipt")
    project = world.write(tmp_path_factory.mktemp("invariants") / "project")
    copies = world.messages["zurich_im"][:1]
    write_archive(project, "b.xml", copies, "zurich_im", NOON, rejects=1)
    bill = {"bill": "carrier", "local_month": f"{NOON:%Y-%m}", "currency": "CHF"}
    write_bills(
        project, [{**bill, "amount": "99.99", "basis": "message", "dimension": "cost_centre"}]
    )
    after = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)
    assert issue(project, NOON.date().replace(day=1), force_reason="a test", now=after).documents
    assert build(project).committed
    return project


@pytest.fixture
def run(built: Project, tmp_path: Path) -> Iterator[Run]:
    """A build whose tables can be damaged before they are tested."""
    with rebuilt(built, tmp_path) as run:
        yield run


@cache
def rules() -> dict[str, ModelTest]:
    tests = [test for model in load_models() for test in model.tests]
    return {test.name: test for test in tests if test.rule == "rows"}


def test_messages_are_in_all_four_states(run: Run) -> None:
    states = run.connection.execute(f"select state, messages from {STATES} order by 1").fetchall()
    assert states == [("billed", 1), ("free", 1), ("in_part", 1), ("not_billable", 1)]


def test_nothing_is_found_where_nothing_is_damaged(run: Run) -> None:
    assert [t.name for t in rules().values() if run_test(run, t).failing_rows] == []


@pytest.mark.parametrize(("name", "damage"), DAMAGES)
def test_a_damage_is_found(run: Run, name: str, damage: str) -> None:
    run.connection.execute(damage)
    assert run_test(run, rules()[name]).failing_rows > 0
