"""XPath for dialects: compiled once, with a few functions of our own.

What is found is given back as text; what a text means is the business of `values.py`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lxml import etree

from eur_pipeline.archives import values

FUNCTIONS_PREFIX = "eur"
_FUNCTIONS_NAMESPACE = "urn:eur-pipeline:functions"
_CALLS_A_FUNCTION = re.compile(rf"\b{FUNCTIONS_PREFIX}:[a-z_]")
_KNOWN_XPATHS = 1024
ANY_ELEMENT = "*"
ANY_DEPTH = "**"


@dataclass(frozen=True, slots=True)
class XPath:
    """A compiled XPath; `$owner` in it is the owner of the record, `$account` who asked for it."""

    expression: Any

    def texts(self, element: etree._Element, owner: str = "", account: str = "") -> list[str]:
        """The text of everything that is found, in document order."""
        found = self.expression(element, owner=owner, account=account)
        if isinstance(found, list):
            return [_text(node) for node in found]
        return [_number_or_text(found)] if found not in ("", False) else []

    def holds(self, element: etree._Element, owner: str = "", account: str = "") -> bool:
        """Whether it is true, or finds something."""
        return bool(self.expression(element, owner=owner, account=account))

    def elements(self, element: etree._Element) -> list[etree._Element]:
        """The elements that are found."""
        return [
            node for node in self.expression(element, owner="", account="") if etree.iselement(node)
        ]


def compile_xpath(expression: str, namespaces: dict[str, str]) -> XPath:
    """Compile the expression; raises ValueError where it is none or a prefix is not declared."""
    return _compiled(expression, frozenset(namespaces.items()))


# Compiling those of a dialect anew takes as long as reading a small archive.
@lru_cache(_KNOWN_XPATHS)
def _compiled(expression: str, namespaces: frozenset[tuple[str, str]]) -> XPath:
    known = {**dict(namespaces), FUNCTIONS_PREFIX: _FUNCTIONS_NAMESPACE}
    # Functions cost time at every evaluation; most expressions call none.
    extensions = _FUNCTIONS if _CALLS_A_FUNCTION.search(expression) else None
    try:
        compiled = etree.XPath(expression, namespaces=known, extensions=extensions)
        compiled(etree.Element("probe"), owner="", account="")
    except etree.XPathError as error:
        raise ValueError(f"expected an XPath, found {expression!r} ({error})") from None
    return XPath(compiled)


@dataclass(frozen=True, slots=True)
class RecordPath:
    """Where records stand: element names from the root, with `*` and `**`."""

    steps: tuple[str, ...]

    @classmethod
    def parse(cls, path: str, namespaces: dict[str, str]) -> "RecordPath":
        """The path `a/p:b/*/**/c`; raises ValueError on an unknown prefix or an empty step."""
        steps = tuple(_step(step, namespaces) for step in path.strip("/").split("/"))
        if steps[-1] == ANY_DEPTH:
            raise ValueError(f"expected an element's name at the end of {path!r}, found **")
        return cls(steps)

    def accepts_root(self, tag: str) -> bool:
        """Whether the path can begin at a root element of that name."""
        return self.steps[0] in (tag, ANY_ELEMENT, ANY_DEPTH)

    def matches(self, tags: Sequence[str]) -> bool:
        """Whether the elements, from the root, are the way to a record."""
        return _matches(self.steps, tags)


def _matches(steps: Sequence[str], tags: Sequence[str]) -> bool:
    if not steps or not tags:
        return not steps and not tags
    # From the end: most elements are no records, and their last name says so.
    *before, last = steps
    if last == ANY_DEPTH:
        return any(_matches(before, tags[:length]) for length in range(len(tags) + 1))
    return last in (tags[-1], ANY_ELEMENT) and _matches(before, tags[:-1])


def _step(step: str, namespaces: dict[str, str]) -> str:
    if step in (ANY_ELEMENT, ANY_DEPTH):
        return step
    prefix, colon, name = step.rpartition(":")
    if not name or (colon and prefix not in namespaces):
        raise ValueError(f"expected an element's name with a declared prefix, found {step!r}")
    return f"{{{namespaces[prefix]}}}{name}" if colon else name


def _text(node: Any) -> str:
    return "".join(map(str, node.itertext())) if etree.iselement(node) else str(node)


def _number_or_text(found: object) -> str:
    whole = isinstance(found, float) and found.is_integer()
    return str(int(found)) if whole else str(found)  # type: ignore[call-overload]


def _bare(_context: object, found: Any) -> str:
    return values.bare_address(_first(found))


def _url_file_name(_context: object, found: Any) -> str:
    return values.url_file_name(_first(found))


def _first(found: Any) -> str:
    if isinstance(found, list):
        return _text(found[0]) if found else ""
    return str(found)


_FUNCTIONS = {
    (_FUNCTIONS_NAMESPACE, "bare"): _bare,
    (_FUNCTIONS_NAMESPACE, "url_file_name"): _url_file_name,
}
