"""`eur tariff`: why a message costs what it costs, and what it would cost.

Why is found in `eur_pipeline.billing.explaining`; the commands that try a tariff stand in
`tariff_trial.py`.
"""

from collections.abc import Iterator
from dataclasses import asdict
from decimal import Decimal
from typing import Annotated

import typer

from eur_pipeline import analyst
from eur_pipeline.billing.explaining import Explanation, UseExplained
from eur_pipeline.billing.explaining import explain as explain_message
from eur_pipeline.cli.commands import group
from eur_pipeline.cli.console import AsJson, ProjectDir, out, print_json, printable
from eur_pipeline.cli.tariff_trial import accept_plans, try_plans

tariff = group("Ask what usage costs, why, and what it would cost.")
tariff.command("try")(try_plans)
tariff.command("accept")(accept_plans)


@tariff.callback()
def _of_tariffs() -> None:
    """Ask what usage costs, why, and what it would cost."""


@tariff.command()
def explain(
    message_id: Annotated[
        str, typer.Argument(metavar="MESSAGE_ID", help="As in the table `messages`.")
    ],
    directory: ProjectDir = None,
    as_json: AsJson = False,
) -> None:
    """Show plan, rate, time band, allowance and tiers of one message.

    Amounts are unrounded: a charge is rounded once per line of the bill, not per message.
    """
    explanation = explain_message(analyst.open(directory), message_id)
    if as_json:
        print_json({**asdict(explanation), "charge": str(explanation.charge)})
        return
    for line in _described(explanation):
        out.print(printable(line), markup=False, highlight=False, soft_wrap=True)


def _described(found: Explanation) -> Iterator[str]:
    time = f"{found.local_quarter // 4:02}:{found.local_quarter % 4 * 15:02}"
    yield f"{found.kind} {found.message_id} of {found.person_id}, {found.cost_centre}"
    yield f"sent {found.sent_at:%Y-%m-%d %H:%M:%S} UTC: {found.local_date}, the quarter from {time}"
    if found.plan is None:
        yield f"not billable: it is of kind {found.kind}"
        return
    yield f"plan {found.plan}, by its {found.assigned_by}; counted together: {found.holder}"
    for use in found.uses:
        yield from _of_use(use)
    yield f"in all: {_plain(found.charge)} {found.currency}, rounded once per line of the bill"


def _of_use(use: UseExplained) -> Iterator[str]:
    to = f" to {use.address or 'nobody'} ({use.destination})" if use.destination != "none" else ""
    yield f"{use.usage_type}{to}: {_plain(use.quantity)} units"
    yield f"  rate {use.rate_id} ({use.tiering})"
    if use.allowance_key:
        yield (
            f"  allowance {use.allowance_key}: {_plain(use.allowance)} a month, "
            f"{_plain(use.used_before)} used before, {_plain(use.free)} of this free"
        )
    for part in use.parts:
        mark_up = f", with mark-up {_plain(part.charge)}" if part.charge != part.cost else ""
        yield (
            f"  tier {part.tier} (from {_plain(part.tier_from)}): {_plain(part.amount)} x "
            f"{_plain(part.price)} = {_plain(part.cost)}{mark_up}"
        )


def _plain(amount: Decimal) -> str:
    """Without trailing zeros and exponent."""
    return f"{amount.normalize():f}"
