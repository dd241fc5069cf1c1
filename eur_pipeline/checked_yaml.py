"""Reads a YAML file into a model; errors name file, line, key, what was found and expected.

What a file may say is its model's business, and where it lies that of whoever reads it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from eur_pipeline.errors import ConfigurationError

M = TypeVar("M", bound=BaseModel)
Location = Sequence[int | str]


@dataclass(frozen=True)
class Wording:
    """What errors about one kind of file say in its own words.

    Attributes:
        unknown_key: What is said of a key that the model does not have.
        secret_keys: Keys by whose value nothing may be quoted, and what is said instead.
    """

    unknown_key: str
    secret_keys: Mapping[str, str]


def read_yaml(text: str, name: str) -> Any:
    """What the text holds; raises ConfigurationError where it is no YAML."""
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise ConfigurationError(f"{name}: not readable as YAML: {error}") from None


def checked(model: type[M], content: object, text: str, name: str, wording: Wording) -> M:
    """The model of the content; a ConfigurationError lists every fault with its line in the text.

    Attributes are those of the model; `name` is how errors call the file.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        faults = (_explain(name, tree, fault, wording) for fault in error.errors())
        raise ConfigurationError("\n".join(faults)) from None


def _explain(name: str, tree: yaml.Node | None, fault: Any, wording: Wording) -> str:
    location, line = _place(tree, fault["loc"])
    key = ".".join(location) or "(the whole file)"
    return f"{name}, line {line}, {key}: {_said(fault, wording)}"


def _said(fault: Any, wording: Wording) -> str:
    location = fault["loc"]
    if location and location[-1] in wording.secret_keys:
        return wording.secret_keys[location[-1]]
    match fault["type"]:
        case "extra_forbidden":
            return wording.unknown_key
        case "missing":
            return "expected this key, found nothing"
        case "value_error":
            return f"expected {fault['ctx']['error']}"
        case _:
            return f"expected: {fault['msg']}; found {fault['input']!r}"


def _place(node: yaml.Node | None, location: Location) -> tuple[list[str], int]:
    """The location as the file has it, and the line of the deepest part that is there."""
    line = 1 if node is None else node.start_mark.line + 1
    keys = []
    for part in location:
        if isinstance(part, int) and node is not None and not isinstance(node, yaml.SequenceNode):
            continue  # one entry stands there without a list around it
        keys.append(str(part))
        node = next((c for k, c in _children(node) if k == part), None)
        line = line if node is None else node.start_mark.line + 1
    return keys, line


def _children(node: yaml.Node | None) -> Iterator[tuple[int | str, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        yield from ((key.value, value) for key, value in node.value)
    elif isinstance(node, yaml.SequenceNode):
        yield from enumerate(node.value)
