"""The canonical form of documents: JSON with sorted keys and no spaces, the same for equal values.

What a document says is the business of `document.py`. Its form is put together from its parts, so
that what there are hundreds of thousands of is written once, and not by way of a dict.
"""

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Annotated

from pydantic import PlainSerializer

# One for all: to make one takes longer than most of what it encodes.
_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def canonical(values: object) -> str:
    """The form of plain values: of numbers, texts, lists and dicts."""
    return _ENCODER.encode(values)


def canonical_object(forms: Mapping[str, str]) -> str:
    """The form of an object whose values have theirs already."""
    return "{" + ",".join(f"{canonical(key)}:{forms[key]}" for key in sorted(forms)) + "}"


def canonical_list(forms: Iterable[str]) -> str:
    """The form of a list of such values."""
    return "[" + ",".join(forms) + "]"


def plain(amount: Decimal) -> str:
    """Without exponent and needless zeros, so that equal amounts are equal texts."""
    text = f"{amount:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


# A quantity, price or unrounded amount; money has as many digits as it was given.
Amount = Annotated[Decimal, PlainSerializer(plain, when_used="json")]
Money = Annotated[Decimal, PlainSerializer(lambda amount: f"{amount:f}", when_used="json")]
