"""The tests a column can have in a `.yml`, in dbt's words, as queries for the rows that fail.

`ref` stands for the rebuilt part of a table; the table's own name for all of it.
"""

from collections.abc import Mapping
from typing import Any

from eur_pipeline.errors import ModelError
from eur_pipeline.models.grains import Grain
from eur_pipeline.models.model import ModelTest, Severity, Template
from eur_pipeline.models.sql import literal
from eur_pipeline.models.templates import read_template


def column_test(
    model: str, grain: Grain, column: str, test: Any, tables: Mapping[str, str]
) -> ModelTest:
    """The test that one entry of a column's `data_tests` asks for; raises ModelError."""
    rule, details = (test, {}) if isinstance(test, str) else next(iter(test.items()))
    where = f"{model}.{column}, {rule}"
    arguments = details.get("arguments", {})
    condition = _condition(rule, column, arguments)
    query = _query(where, rule, model, column, arguments, tables)
    settings = {"meta": {"grain": grain.value}}
    return ModelTest(
        name=f"{rule}_{model}_{column}",
        model=model,
        rule=rule,
        description=f"{column}: {rule.replace('_', ' ')}.",
        severity=Severity(details.get("config", {}).get("severity", "error")),
        # Not read to find out what is known: parsing hundreds took half the time of loading models.
        template=Template(query, refs=(model,), sources=(), settings=settings),
        condition=condition,
    )


def _condition(rule: str, column: str, arguments: dict[str, Any]) -> str:
    match rule:
        case "not_null":
            return f"{column} is null"
        case "accepted_values":
            values = ", ".join(literal(value) for value in arguments["values"])
            return f"{column} not in ({values})"
    return ""


def _query(
    where: str,
    rule: str,
    model: str,
    column: str,
    arguments: dict[str, Any],
    tables: Mapping[str, str],
) -> str:
    rebuilt = f"{{{{ ref('{model}') }}}}"
    match rule:
        case "not_null":
            return f"select * from {rebuilt} where {_condition(rule, column, arguments)}"
        case "unique":
            # Its twin may lie on a date that was not rebuilt.
            return (
                f"select {column}, count(*) as times from {tables[model]} "
                f"where {column} in (select {column} from {rebuilt}) "
                f"group by {column} having count(*) > 1"
            )
        case "accepted_values":
            return (
                f"select {column}, count(*) as times from {rebuilt} "
                f"where {_condition(rule, column, arguments)} group by {column}"
            )
        case "relationships":
            parent = tables[read_template(f"{{{{ {arguments['to']} }}}}", where).refs[0]]
            return (
                f"select distinct {column} from {rebuilt} where {column} is not null "
                f"and {column} not in (select {arguments['field']} from {parent})"
            )
    raise ModelError(
        f"{where}: expected not_null, unique, accepted_values or relationships as a test"
    )
