"""Jinja as the models use it: `ref`, `source`, `var` and `config`, and nothing else.

The result is SQL text; which relation stands for a name is decided by the caller.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from jinja2 import StrictUndefined, TemplateError
from jinja2 import Template as JinjaTemplate
from jinja2.sandbox import SandboxedEnvironment

from eur_pipeline.errors import ModelError
from eur_pipeline.models.model import Template

# A name stands for one relation everywhere in a query.
Relations = Callable[[str], str]

_environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)


def read_template(text: str, where: str) -> Template:
    """Find out what a template refers to and how it is configured; raises ModelError."""
    refs: dict[str, None] = {}
    sources: dict[str, None] = {}
    settings: dict[str, Any] = {}

    def ref(name: str) -> str:
        refs[name] = None
        return name

    def source(schema: str, name: str) -> str:
        sources[f"{schema}.{name}"] = None
        return name

    _render(text, where, ref=ref, source=source, var=str, config=settings.update)
    return Template(text, tuple(refs), tuple(sources), settings)


def compile_sql(
    template: Template, where: str, relation: Relations, variables: Mapping[str, object]
) -> str:
    """The template's SQL with relations and variables filled in; raises ModelError."""

    def var(name: str) -> object:
        if name not in variables:
            raise ModelError(f"{where}: no variable {name!r}; there are {', '.join(variables)}")
        return variables[name]

    return _render(
        template.text,
        where,
        ref=relation,
        source=lambda schema, name: relation(f"{schema}.{name}"),
        var=var,
        config=lambda **_: "",
    ).strip()


def _render(text: str, where: str, **functions: Callable[..., object]) -> str:
    functions["config"] = _returning_nothing(functions["config"])
    try:
        return _parsed(text).render(functions)
    except (TemplateError, TypeError) as error:
        raise ModelError(
            f"{where}: {error}; a model may use ref, source, var and config"
        ) from error


@cache
def _parsed(text: str) -> JinjaTemplate:
    # Parsing takes longer than rendering, and every build renders each template anew.
    return _environment.from_string(text)


def _returning_nothing(function: Callable[..., object]) -> Callable[..., str]:
    def config(**settings: object) -> str:
        function(**settings)
        return ""

    return config
