"""Finding the rate of every message, beside adding up the same messages.

The tariff is that of `company.py`: three time bands, and fifty versions of every rate. The join is
cut out of the model's own SQL: before it a use has its payer, plan and destination, after it the
rate of its time. The models' whole way there is told beside it.
"""

import re
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from eur_pipeline.models import build, load_models
from eur_pipeline.models.inputs import variables
from eur_pipeline.models.sql import literal
from eur_pipeline.models.templates import compile_sql
from tests.bench.billing import models_before, rating_models
from tests.bench.company import MONTH, lake_writer, write_company
from tests.bench.measuring import ROUNDS, Case

MESSAGES = 1_000_000
MODEL = "int_uses_rated"
PARENTS = ("int_deliveries_located", "int_plans_assigned")
# Both add up to the same groups, of which nothing but the totals is fetched.
_TOTALS = "select count(*), sum(uses), sum(found) from ({}) as groups"
_READ = _TOTALS.format(
    "select local_date, payer, usage_type, count(*) as uses, sum(body_bytes) as found "
    "from uses_found group by all"
)
_FOUND = _TOTALS.format(
    "select local_date, payer, usage_type, count(*) as uses, count(rate_id) as found "
    "from ({}) as rated group by all"
)


@contextmanager
def a_month_of_messages(folder: Path) -> Iterator[Case]:
    """The rate of each, by the model's own SQL."""
    project = write_company(folder / "project")
    with lake_writer(project) as lake:
        lake.write_month(MONTH, MESSAGES)
    for select in (models_before(rating_models()), PARENTS):
        assert build(project, select).committed
    with duckdb.connect(folder / "uses.duckdb") as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set threads = 2")
        connection.execute(f"attach {literal(project.warehouse_path)} as warehouse (read_only)")
        whole = _model_sql()
        connection.execute(f"create table uses_found as {_up_to_uses(whole)}")
        join = _FOUND.format(_from_uses_on(whole))

        def add_up() -> None:
            connection.execute(_READ).fetchall()

        def find_rates() -> None:
            _, uses, found = connection.execute(join).fetchone() or (0, 0, 0)
            assert uses == found == MESSAGES

        yield Case(
            what=f"find the rates of {MESSAGES:,} messages",
            floor="add up the same messages",
            subject=find_rates,
            rival=add_up,
            target=2.5,
            note=lambda: f"{MODEL} as a whole takes {_seconds(connection, whole):.2f} s",
        )


def _model_sql() -> str:
    models = {model.name: model for model in load_models()}

    def relation(name: str) -> str:
        return f"warehouse.{name if '.' in name else models[name].table}"

    return compile_sql(models[MODEL].template, MODEL, relation, variables())


def _up_to_uses(sql: str) -> str:
    return sql.removesuffix("select * from final") + "select * from uses"


def _from_uses_on(sql: str) -> str:
    replaced, times = re.subn(
        r"\nuses as \(\n.*?\n\),\n", "\nuses as (select * from uses_found),\n", sql, flags=re.DOTALL
    )
    assert times == 1
    return replaced


def _seconds(connection: duckdb.DuckDBPyConnection, sql: str) -> float:
    rounds = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        connection.execute(_FOUND.format(sql)).fetchall()
        rounds.append(time.perf_counter() - begun)
    return statistics.median(rounds)
