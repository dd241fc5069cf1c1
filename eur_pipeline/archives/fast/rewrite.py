"""Makes records plain that are not: lxml reads them and writes them anew, as serializers do.

Comments and instructions are gone then, sections are text, quotes double, references characters.
"""

from lxml import etree

from eur_pipeline.archives.fast.chunk import NotPlainError


def rewritten(content: bytes, root: bytes, name: str) -> bytes:
    """The content of an element with that start tag and name; NotPlainError where it is no XML."""
    end = f"</{name}>".encode()
    try:
        element = etree.fromstring(root + content + end, _parser())
    except etree.XMLSyntaxError:
        raise NotPlainError from None
    text: bytes = etree.tostring(element, encoding="utf-8")
    # A serializer escapes every > in values, so this one ends the start tag.
    return text[text.index(b">") + 1 : -len(end)]


def _parser() -> etree.XMLParser:
    """One that reads as the reader does."""
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
