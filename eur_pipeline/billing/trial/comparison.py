"""What months cost as they are rated and with the tried tariff, side by side: plain values."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

_ONE_DECIMAL = Decimal("0.1")


@dataclass(frozen=True)
class Sums:
    """An amount as it is rated, and as the tried tariff makes it; both in one currency."""

    rated: Decimal = Decimal(0)
    tried: Decimal = Decimal(0)

    @property
    def difference(self) -> Decimal:
        """What the tried tariff adds."""
        return self.tried - self.rated

    @property
    def percent(self) -> Decimal | None:
        """The difference in percent of what is rated, to one decimal; None where that is 0."""
        if not self.rated:
            return None
        share = 100 * self.difference / abs(self.rated)
        return share.quantize(_ONE_DECIMAL, ROUND_HALF_UP)

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(self.rated + other.rated, self.tried + other.tried)


@dataclass(frozen=True, order=True)
class Party:
    """Whom or what a row is about.

    Attributes:
        labels: The values of the dimension's columns, in their order.
        name: A person's, where the row is about one.
    """

    legal_entity: str
    currency: str
    labels: tuple[str, ...]
    name: str = ""


@dataclass(frozen=True)
class MonthCompared:
    """One local month.

    Attributes:
        charges: Of every party that either tariff charges, sums of rounded lines, without tax.
        taxes: The same of taxes, by legal entity and currency; labels are empty.
        billed: What standing invoices charge for the month, by billing account; accounts without
            one are left out.
    """

    month: dt.date
    charges: Mapping[Party, Sums]
    taxes: Mapping[Party, Sums]
    billed: Mapping[Party, Decimal]

    def adjustment(self, party: Party) -> Decimal | None:
        """What would be added to an account's bill; None where the month is not invoiced to it."""
        if party not in self.billed:
            return None
        return self.charges.get(party, Sums()).tried - self.billed[party]


@dataclass(frozen=True)
class Comparison:
    """All months that were tried; `by` is the dimension, as `cost_centre`."""

    by: str
    months: tuple[MonthCompared, ...]

    @property
    def charges(self) -> dict[Party, Sums]:
        """Over all months."""
        return _added(month.charges for month in self.months)

    @property
    def taxes(self) -> dict[Party, Sums]:
        """Over all months, by legal entity and currency."""
        return _added(month.taxes for month in self.months)

    @property
    def adjustments(self) -> dict[Party, Decimal]:
        """What would be added to the bills of months that are invoiced, over all months."""
        added: defaultdict[Party, Decimal] = defaultdict(Decimal)
        for month in self.months:
            for party in month.billed:
                added[party] += month.adjustment(party) or 0
        return dict(sorted(added.items()))

    @property
    def is_equal(self) -> bool:
        """Whether the tried tariff changes neither a charge nor a tax."""
        sums = (*self.charges_of_months(), *self.taxes_of_months())
        return not any(one.difference for one in sums)

    def charges_of_months(self) -> Iterable[Sums]:
        """Every charge of every month."""
        return (sums for month in self.months for sums in month.charges.values())

    def taxes_of_months(self) -> Iterable[Sums]:
        """Every tax of every month."""
        return (sums for month in self.months for sums in month.taxes.values())


def totals(charges: Mapping[Party, Sums]) -> dict[Party, Sums]:
    """The sums of legal entities and currencies; labels are empty."""
    return _added([{Party(p.legal_entity, p.currency, ()): sums} for p, sums in charges.items()])


def _added(parts: Iterable[Mapping[Party, Sums]]) -> dict[Party, Sums]:
    added: defaultdict[Party, Sums] = defaultdict(Sums)
    for part in parts:
        for party, sums in part.items():
            added[party] += sums
    return dict(sorted(added.items()))
