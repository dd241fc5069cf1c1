"""Many deliveries: `python -m tests.rating.delivery_proof [EXAMPLES]`, 200 of each property.

The properties are those of `test_deliveries.py` and `test_documents.py`, where a few are tried.
"""

import sys
import time
from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from rich.console import Console

from tests.rating import test_deliveries, test_documents
from tests.rating.deliveries import SOME_DELIVERIES

PROPERTIES = (
    test_deliveries.test_order_splitting_and_repetition_of_archives_change_no_bill,
    test_documents.test_invoices_are_equal_to_the_byte_however_archives_arrive_before_issue,
    test_documents.test_invoices_credit_notes_and_adjustments_are_the_invoice_had_all_come_in_time,
)
console = Console(highlight=False)


def main() -> None:
    """Try each property that often; a counterexample is shrunk and raised."""
    examples = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    more = settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    for prove in PROPERTIES:
        started = time.monotonic()
        more(given(**SOME_DELIVERIES)(_undecorated(prove)))()
        name = prove.__name__.removeprefix("test_").replace("_", " ")
        console.print(f"{name}: {examples:,} deliveries, {time.monotonic() - started:,.0f} s")


def _undecorated(prove: Callable[..., None]) -> Callable[..., None]:
    """What hypothesis was given, for it to be given again with other settings."""
    inner: Callable[..., None] = vars(prove)["hypothesis"].inner_test
    return inner


if __name__ == "__main__":
    main()
