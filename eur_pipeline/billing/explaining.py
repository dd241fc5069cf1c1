"""Why one message costs what it costs: plan, rate, allowance and tiers of each of its uses.

Everything is read from the published database as the models left it; nothing is rated here.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any

from eur_pipeline.analyst import Published, QueryError
from eur_pipeline.models.sql import literal

_MESSAGE = """
    select
        located.message_id, located.sent_at, located.local_date, located.local_quarter,
        located.kind, located.person_id, located.site, located.cost_centre,
        plans.plan, plans.assigned_by, plans.holder, plans.currency
    from intermediate.int_messages_located as located
    left join intermediate.int_plans_assigned as plans
        on
            located.kind in ('message', 'file_transfer')
            and located.local_date = plans.local_date
            and located.person_id = plans.person_id
            and located.name = plans.name
            and located.site = plans.site
            and located.department = plans.department
            and located.cost_centre = plans.cost_centre
    where located.message_id = {message_id}
"""
# A row per use and tier; a use that an allowance covers wholly has no tier.
_USES = """
    select
        uses.usage_type, uses.recipient, uses.destination,
        lower(deliveries.recipient) as address, uses.rate_id,
        rates.time_band, rates.tiering,
        uses.steps * rates.unit_value as quantity,
        counted.allowance_key,
        counted.allowance_steps * rates.unit_value as allowance,
        counted.steps_before * rates.unit_value as used_before,
        coalesce(counted.free_steps, 0) * rates.unit_value as free,
        tiers.tier,
        tiers.tier_from * rates.price_value as tier_from,
        coalesce(tiered.priced, uses.steps) * rates.price_value as amount,
        tiers.price, tiers.markup_factor, tiers.markup_fixed
    from intermediate.int_uses_rated as uses
    inner join inputs.rates as rates on uses.rate_id = rates.rate_id
    left join intermediate.int_deliveries_located as deliveries
        on
            uses.message_id = deliveries.message_id
            and (
                (uses.usage_type = 'delivery' and uses.recipient = deliveries.recipient)
                or (uses.usage_type <> 'delivery' and deliveries.is_farthest)
            )
    left join intermediate.int_uses_counted as counted
        on
            uses.message_id = counted.message_id
            and uses.recipient = counted.recipient
            and uses.usage_type = counted.usage_type
    left join intermediate.int_uses_tiered as tiered
        on
            uses.message_id = tiered.message_id
            and uses.recipient = tiered.recipient
            and uses.usage_type = tiered.usage_type
    left join inputs.rate_tiers as tiers
        on
            uses.rate_id = tiers.rate_id
            and (tiered.tier = tiers.tier or (not uses.is_counted and tiers.tier = 1))
    where
        uses.message_id = {message_id}
        and (not uses.is_counted or counted.message_id is not null)
    order by uses.usage_type, uses.recipient, tiers.tier
"""


@dataclass(frozen=True)
class TierPart:
    """What of a use is priced by one tier.

    Attributes:
        amount: Units, or packages.
    """

    tier: int
    tier_from: Decimal
    amount: Decimal
    price: Decimal
    markup_factor: Decimal
    markup_fixed: Decimal

    @property
    def cost(self) -> Decimal:
        """Without mark-up, unrounded."""
        return self.amount * self.price

    @property
    def charge(self) -> Decimal:
        """With mark-up, unrounded."""
        return self.cost * self.markup_factor + self.amount * self.markup_fixed


@dataclass(frozen=True)
class UseExplained:
    """One use of the message; quantities in units.

    Attributes:
        address: The recipient's that decided the destination; None where there is none.
        time_band: Empty where the rate is for all times that no band has.
        allowance_key: None where no allowance counts.
    """

    usage_type: str
    recipient: str
    destination: str
    address: str | None
    rate_id: str
    time_band: str
    tiering: str
    quantity: Decimal
    allowance_key: str | None
    allowance: Decimal
    used_before: Decimal
    free: Decimal
    parts: tuple[TierPart, ...]

    @property
    def charge(self) -> Decimal:
        """Of all its parts, unrounded."""
        return sum((part.charge for part in self.parts), Decimal(0))


@dataclass(frozen=True)
class Explanation:
    """A message with its uses; one that is not billable has neither plan nor uses.

    Attributes:
        local_quarter: Quarter of an hour on the local clock, from 0.
        assigned_by: person, cost_centre or site: whose assignment gave the plan.
        holder: Whose uses are counted together.
    """

    message_id: str
    sent_at: dt.datetime
    local_date: dt.date
    local_quarter: int
    kind: str
    person_id: str
    site: str
    cost_centre: str
    plan: str | None
    assigned_by: str | None
    holder: str | None
    currency: str | None
    uses: tuple[UseExplained, ...]

    @property
    def charge(self) -> Decimal:
        """Of all uses; it is rounded only as a part of its lines."""
        return sum((use.charge for use in self.uses), Decimal(0))


def explain(published: Published, message_id: str) -> Explanation:
    """Why the message costs what it costs; a QueryError when there is no such message."""
    messages = _rows(published, _MESSAGE, message_id)
    if not messages:
        raise QueryError(
            f"there is no message {message_id!r}; expected an id as in the table `messages`"
        )
    uses = groupby(
        _rows(published, _USES, message_id), key=lambda row: (row["usage_type"], row["recipient"])
    )
    return Explanation(**messages[0], uses=tuple(_use(list(rows)) for _, rows in uses))


_OF_TIER = ("tier", "tier_from", "amount", "price", "markup_factor", "markup_fixed")


def _use(rows: list[dict[str, Any]]) -> UseExplained:
    parts = tuple(_part(row) for row in rows if row["tier"] is not None)
    first = {name: value for name, value in rows[0].items() if name not in _OF_TIER}
    for name in ("allowance", "used_before"):
        first[name] = first[name] or Decimal(0)
    return UseExplained(**first, parts=parts)


def _part(row: dict[str, Any]) -> TierPart:
    return TierPart(**{name: row[name] for name in _OF_TIER})


def _rows(published: Published, sql: str, message_id: str) -> list[dict[str, Any]]:
    with published.answer(sql.format(message_id=literal(message_id))) as answer:
        names: Iterable[str] = answer.names
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
