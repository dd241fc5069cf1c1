"""What a plan is made of: its terms, rates, tiers and allowances, as plain values.

Where they are written is the business of the modules that read the files; what they mean is said in
docs/rating.md.
"""

from dataclasses import dataclass, field
from decimal import Decimal

from eur_pipeline.billing.csv_file import Row
from eur_pipeline.billing.periods import Period

CLASSES = ("internal", "between_sites", "external")
# The destination and the time of what has neither.
NONE = "none"
# How the destination of a rate for a prefix begins, among those of offers and in a rate's name: a
# prefix can be called like a class.
PREFIX = "prefix:"

# How many steps, the whole numbers that allowances and tiers count, an unrounded unit has.
STEPS = {
    **dict.fromkeys(("message", "file_transfer", "delivery", "conversation"), 1),
    **dict.fromkeys(("active_person", "monthly_fee"), 1),
    "kilobyte": 1_000,
    "file_megabyte": 1_000_000,
}
USAGE_TYPES = tuple(STEPS)
# What every plan has a rate for, so that every billed message has a price.
BASIC = ("message", "file_transfer")
WITHOUT_DESTINATION = ("active_person", "monthly_fee")
# Lines that come from a holder's sum, not from uses; they can be taxed like those.
LIMITS = ("minimum", "maximum")


def classes_of(usage_type: str) -> tuple[str, ...]:
    """The classes of destination that uses of this type can have."""
    return (NONE,) if usage_type in WITHOUT_DESTINATION else CLASSES


def applies_to(destination: str, wanted: str) -> int | None:
    """How near a destination as written comes to a class: 0 is nearest, None does not apply."""
    order = {
        "between_sites": ("between_sites", "internal", ""),
        NONE: ("",),
    }.get(wanted, (wanted, ""))
    return order.index(destination) if destination in order else None


@dataclass(frozen=True)
class PlanTerms:
    """What holds for a plan as a whole; amounts are per holder and month.

    Attributes:
        scope: Whose uses are counted together: person or cost_centre.
        prorate: Whether fees and minimum are due for the days of the plan only.
    """

    plan: str
    currency: str
    scope: str
    minimum: Decimal | None
    maximum: Decimal | None
    prorate: bool
    period: Period


@dataclass(frozen=True)
class Tier:
    """One price of a rate.

    Attributes:
        tier_from: Steps (packages, where it is tiered by package) before it begins.
        markup_percent: On the cost.
        markup_fixed: Per unit or package.
    """

    tier_from: int
    price: Decimal
    markup_percent: Decimal
    markup_fixed: Decimal


@dataclass(frozen=True)
class Unit:
    """What a price is for; one for each usage type of a plan.

    Attributes:
        steps: Bytes, or ones, in a unit that is rounded to; 1 where nothing is rounded.
        value: Units that a step of the rounded quantity is worth.
    """

    steps: int
    rounding: str
    value: Decimal

    def in_steps(self, units: Decimal) -> int | None:
        """So many units in steps; None where that is no whole number."""
        steps = units / self.value
        return int(steps) if steps == steps.to_integral_value() else None


@dataclass(frozen=True)
class Rate:
    """One version of a rate.

    Attributes:
        destination: A class, or empty for all.
        prefix: Of an address, or of a domain when it begins with @; empty = none.
        time_band: Empty = whenever no band has a rate.
        package_steps: Steps in a package, where it is tiered by package; else 1.
        row: Where it was written.
    """

    plan: str
    usage_type: str
    destination: str
    prefix: str
    time_band: str
    period: Period
    tiering: str
    unit: Unit
    package_steps: int
    tiers: tuple[Tier, ...]
    row: Row = field(compare=False, repr=False)

    @property
    def key(self) -> str:
        """What its versions have in common; tiers are counted by it."""
        target = PREFIX + self.prefix if self.prefix else self.destination or "all"
        parts = (self.plan, self.usage_type, target)
        return "/".join((*parts, self.time_band) if self.time_band else parts)

    @property
    def rate_id(self) -> str:
        """Its name among all versions of all rates."""
        return f"{self.key} from {self.period.valid_from or 'always'}"


@dataclass(frozen=True)
class Allowance:
    """Free units per holder and month, in steps; destination is a class, or empty for all."""

    plan: str
    usage_type: str
    destination: str
    steps: int
    period: Period

    @property
    def key(self) -> str:
        """What is used up together."""
        return "/".join((self.plan, self.usage_type, self.destination or "all"))
