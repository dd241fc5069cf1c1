"""What of a line each tier of a rate made, kept as it is written.

A month has millions of them, which the warehouse writes out together; they are values only where
somebody looks at them.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ConfigDict, GetCoreSchemaHandler, TypeAdapter
from pydantic_core import CoreSchema, core_schema

from eur_pipeline.billing.invoices.canonical import Amount, canonical


@dataclass(frozen=True, slots=True)
class TierUsed:
    """What of a line one tier of one rate made; tier 0 is the quantity before it was priced."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    rate: str
    tier: int
    uses: int
    quantity: Amount
    free_quantity: Amount
    cost: Amount
    charge: Amount


_TIERS = TypeAdapter(tuple[TierUsed, ...])


@dataclass(frozen=True, slots=True)
class TiersUsed:
    """All of a line, by rate and tier; `canonical` is their list in its canonical form."""

    canonical: str = "[]"

    @classmethod
    def of(cls, tiers: Iterable[TierUsed]) -> "TiersUsed":
        """Those that are values."""
        return cls(canonical(_TIERS.dump_python(tuple(tiers), mode="json")))

    def __iter__(self) -> Iterator[TierUsed]:
        return iter(_TIERS.validate_json(self.canonical))

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        values = handler.generate_schema(tuple[TierUsed, ...])
        return core_schema.union_schema(
            [
                core_schema.is_instance_schema(cls),
                core_schema.no_info_after_validator_function(cls.of, values),
            ],
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda tiers: json.loads(tiers.canonical)
            ),
        )


NO_TIERS = TiersUsed()
