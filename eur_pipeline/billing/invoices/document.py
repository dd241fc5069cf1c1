"""What stands in a document.

Plain values; where they come from is the business of `contents.py`, where they lie that of
`register.py`, and how they are written that of `canonical.py`.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import Context, Decimal
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    SerializerFunctionWrapHandler,
    model_serializer,
)

from eur_pipeline.billing.invoices.canonical import (
    Amount,
    Money,
    canonical,
    canonical_list,
    canonical_object,
)
from eur_pipeline.billing.invoices.tiers import NO_TIERS, TiersUsed
from eur_pipeline.config import MINOR_UNIT_DIGITS

FORMAT = 1
# Sums of DECIMAL(38, 12) and their like are exact.
_EXACT = Context(prec=76)


class Kind(StrEnum):
    """An invoice, or what takes a whole invoice back."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


_STRICT = ConfigDict(extra="forbid")


class _Part(BaseModel):
    """A part of a document; those there are thousands of are data classes, ten times as quick."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class _GrownPart(_Part):
    """A part to which fields were added: documents that do not say them keep form and hash."""

    @model_serializer(mode="wrap")
    def _as_said(self, serialize: SerializerFunctionWrapHandler) -> dict[str, object]:
        said = self.model_fields_set
        return {name: value for name, value in serialize(self).items() if name in said}


def money(amount: Decimal, currency: str) -> Decimal:
    """The amount with as many decimals as the currency's smallest coin asks for."""
    digits = MINOR_UNIT_DIGITS.get(currency, 2)
    return amount.quantize(Decimal(1).scaleb(-digits), context=_EXACT)


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Their exact sum."""
    found = Decimal(0)
    for amount in amounts:
        found = _EXACT.add(found, amount)
    return found


class Account(NamedTuple):
    """Who is billed, in which currency: a cost centre of a legal entity."""

    legal_entity: str
    cost_centre: str
    currency: str

    def __str__(self) -> str:
        return f"{self.legal_entity} {self.cost_centre}"


class LineKey(NamedTuple):
    """What makes a line: whatever has an equal key is added up."""

    local_month: dt.date
    person_id: str
    department: str
    site: str
    plan: str
    usage_type: str
    tax_percent: Decimal


@dataclass(frozen=True, slots=True)
class Numbers:
    """What of a line can be added up.

    Attributes:
        quantity: Units used; of these `free_quantity` cost nothing.
        unrounded_charge: At twelve decimals; `charge` is rounded to the currency's minor unit.
    """

    __pydantic_config__ = _STRICT

    uses: int
    quantity: Amount
    free_quantity: Amount
    cost: Amount
    unrounded_charge: Amount
    charge: Money

    def __add__(self, other: "Numbers") -> "Numbers":
        add = _EXACT.add
        return Numbers(
            self.uses + other.uses,
            add(self.quantity, other.quantity),
            add(self.free_quantity, other.free_quantity),
            add(self.cost, other.cost),
            add(self.unrounded_charge, other.unrounded_charge),
            add(self.charge, other.charge),
        )

    def __neg__(self) -> "Numbers":
        minus = _EXACT.minus
        return Numbers(
            -self.uses,
            minus(self.quantity),
            minus(self.free_quantity),
            minus(self.cost),
            minus(self.unrounded_charge),
            minus(self.charge),
        )

    @property
    def is_nothing(self) -> bool:
        """Whether all of them are zero."""
        return not (
            self.uses
            or self.quantity
            or self.free_quantity
            or self.cost
            or self.unrounded_charge
            or self.charge
        )


NUMBERS = tuple(field.name for field in fields(Numbers))


@dataclass(frozen=True, slots=True)
class Line:
    """One line.

    Attributes:
        rated: Of an adjustment, what its month comes to now;
        billed: and what was billed before.
        rated_by: How it came about, as rated now.
    """

    __pydantic_config__ = _STRICT

    local_month: dt.date
    is_adjustment: bool
    person_id: str
    name: str | None
    department: str
    site: str
    plan: str
    usage_type: str
    tax_percent: Amount
    numbers: Numbers
    rated: Numbers | None = None
    billed: Numbers | None = None
    rated_by: TiersUsed = NO_TIERS

    @property
    def key(self) -> LineKey:
        """What makes it a line of its own."""
        return LineKey(
            self.local_month,
            self.person_id,
            self.department,
            self.site,
            self.plan,
            self.usage_type,
            self.tax_percent,
        )


class TaxLine(_Part):
    """The tax of one rate on the lines of one usage month."""

    local_month: dt.date
    tax_percent: Amount
    net: Money
    tax: Money

    @property
    def key(self) -> tuple[dt.date, Decimal]:
        """What makes it a line of its own."""
        return self.local_month, self.tax_percent


class TierTerms(_Part):
    """One price of a rate; `tier_from` in units, or packages."""

    tier: int
    tier_from: Amount
    price: Amount
    markup_factor: Amount
    markup_fixed: Amount


class BandSpan(_Part):
    """A part of the days of a time band, on the clock at the wall."""

    days: str
    start: str
    end: str


class RateTerms(_GrownPart):
    """A rate as it was.

    Attributes:
        destination: A class, or empty for all that no other rate is for.
        prefix: Of an address, or of a domain when it begins with @; empty = none.
        band: When its time band is; none where it has no band.
    """

    rate: str
    time_band: str
    tiering: str
    rounding: str
    unit_size: int
    package_size: int
    valid_from: dt.date | None
    valid_to: dt.date | None
    destination: str | None = None
    prefix: str | None = None
    band: tuple[BandSpan, ...] | None = None
    tiers: tuple[TierTerms, ...]


class AllowanceTerms(_Part):
    """Free units per holder and month, by class of destination."""

    allowance: str
    destination: str
    units: Amount


class PlanTerms(_Part):
    """The terms of a plan in one month, as they were."""

    plan: str
    local_month: dt.date
    scope: str
    minimum: Amount | None
    maximum: Amount | None
    is_prorated: bool
    allowances: tuple[AllowanceTerms, ...]


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the directory had a person on some days of a month; both ends within the month."""

    __pydantic_config__ = _STRICT

    local_month: dt.date
    first_day: dt.date
    last_day: dt.date
    name: str
    site: str
    department: str
    cost_centre: str


class PersonPlaced(_Part):
    """A person and the months' placements."""

    person_id: str
    placements: tuple[Placement, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """What a department or cost centre was called on some days of a month."""

    __pydantic_config__ = _STRICT

    local_month: dt.date
    first_day: dt.date
    last_day: dt.date
    name: str


@dataclass(frozen=True, slots=True)
class Above:
    """What was above on some days of a month; level 1 is directly above."""

    __pydantic_config__ = _STRICT

    local_month: dt.date
    first_day: dt.date
    last_day: dt.date
    ancestor: str
    level: int


class Unit(_GrownPart):
    """A site, department or cost centre: its names, and what was above it.

    Attributes:
        kind: site, department or cost_centre.
        holidays: Of a site, in the months of its lines.
    """

    kind: str
    unit: str
    names: tuple[Named, ...]
    above: tuple[Above, ...]
    holidays: tuple[dt.date, ...] | None = None


class Content(_Part):
    """What is owed and why; everything as it was. The part of a document that is hashed.

    Attributes:
        month: The invoice month, by its first day.
        credits: Of a credit note: the number of the invoice that it takes back.
    """

    kind: Kind
    legal_entity: str
    cost_centre: str
    currency: str
    month: dt.date
    credits: str | None = None
    lines: tuple[Line, ...]
    taxes: tuple[TaxLine, ...]
    net: Money
    tax: Money
    gross: Money
    rates: tuple[RateTerms, ...] = ()
    plans: tuple[PlanTerms, ...] = ()
    people: tuple[PersonPlaced, ...] = ()
    hierarchy: tuple[Unit, ...] = ()

    @property
    def account(self) -> Account:
        """Who is billed."""
        return Account(self.legal_entity, self.cost_centre, self.currency)

    @cached_property
    def canonical(self) -> str:
        """The canonical form: what is hashed is also what is filed."""
        values = self.model_dump(mode="json", exclude={"lines": {"__all__": {"rated_by"}}})
        lines = (
            _object(of_line, rated_by=line.rated_by.canonical)
            for line, of_line in zip(self.lines, values.pop("lines"), strict=True)
        )
        return _object(values, lines=canonical_list(lines))

    @property
    def sha256(self) -> str:
        """The hash of the canonical form."""
        return hashlib.sha256(self.canonical.encode()).hexdigest()


def _object(values: dict[str, object], **forms: str) -> str:
    """The canonical form of these values, and of others that are in theirs already."""
    return canonical_object({name: canonical(value) for name, value in values.items()} | forms)


class Forced(_Part):
    """Why an invoice was issued all the same, and what was in the way."""

    reason: str
    obstacles: tuple[str, ...]


class Document(_Part):
    """An issued document.

    Attributes:
        issue_date: The day of issue at the legal entity, in `time_zone`.
        reason: Why an invoice was credited.
    """

    format: int = FORMAT
    number: str
    issued_at: dt.datetime
    issue_date: dt.date
    time_zone: str
    reason: str | None = None
    forced: Forced | None = None
    content_sha256: str
    content: Content

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """What such a file says; raises pydantic's ValidationError."""
        return cls.model_validate_json(data)

    def to_bytes(self) -> bytes:
        """The file's one form."""
        values = self.model_dump(mode="json", exclude={"content"})
        return f"{_object(values, content=self.content.canonical)}\n".encode()
