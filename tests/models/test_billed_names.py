"""A person is called what the last document calls them, however many documents there are."""

import duckdb
import pytest

from eur_pipeline.models import load_models
from eur_pipeline.models.inputs import variables
from eur_pipeline.models.templates import compile_sql

LINES = """
    create table lines as
    select
        number, name, date '2026-03-01' as local_month, 'swiss_ag' as legal_entity,
        'CHF' as currency, 'C1' as cost_centre, 'p1' as person_id, 'Sales' as department,
        'geneva' as site, 'office' as plan, 'message' as usage_type, 8.1 as tax_percent, 1 as uses,
        1.0 as quantity, 0.0 as free_quantity, 1.0 as cost, 1.0 as unrounded_charge, 1.0 as charge
    from (select unnest($numbers) as number, unnest($names) as name)
"""


@pytest.mark.parametrize("model", ["int_lines_billed", "billed_by_person_monthly"])
@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("swiss_ag-2026-00009", "swiss_ag-2026-00010"),
        ("swiss_ag-2026-99999", "swiss_ag-2026-100000"),
        ("swiss_ag-2026-100000", "swiss_ag-2027-00001"),
        ("ag-1-2026-99999", "ag-1-2026-100000"),
    ],
)
def test_the_name_is_that_of_the_last_document(model: str, earlier: str, later: str) -> None:
    (template,) = (m.template for m in load_models() if m.name == model)
    with duckdb.connect() as connection:
        names = {"numbers": [later, earlier], "names": ["Anna Huber-Lind", "Anna Huber"]}
        connection.execute(LINES, names)
        sql = compile_sql(template, model, lambda _: "lines", variables())
        found = connection.execute(f"select name from ({sql})").fetchall()
    assert found == [("Anna Huber-Lind",)]
