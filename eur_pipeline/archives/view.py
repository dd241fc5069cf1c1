"""A record's element as XPaths see it: the text they find in it.

What the text means is the business of those who ask.
"""

from dataclasses import dataclass

from lxml import etree

from eur_pipeline.archives.xpath import XPath


class FieldError(ValueError):
    """A field of a record cannot be read.

    Attributes:
        field: The field's name.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


@dataclass(frozen=True, slots=True)
class View:
    """The element that fields are read from, whose copy it is, and whose archive."""

    element: etree._Element
    owner: str = ""
    account: str = ""

    def texts(self, paths: tuple[XPath, ...]) -> list[str]:
        """Everything that the first path with a finding finds; blank addresses and ids are none."""
        for path in paths:
            if found := [
                t for t in path.texts(self.element, self.owner, self.account) if t.strip()
            ]:
                return found
        return []

    def text(self, paths: tuple[XPath, ...]) -> str | None:
        """The first text found."""
        return next(iter(self.texts(paths)), None)

    def body(self, paths: tuple[XPath, ...]) -> str | None:
        """The first body found, which may well be empty."""
        for path in paths:
            if found := path.texts(self.element, self.owner, self.account):
                return found[0]
        return None

    def holds(self, path: XPath) -> bool:
        """Whether the path is true, or finds something."""
        return path.holds(self.element, self.owner, self.account)
