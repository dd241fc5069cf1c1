"""By what charges can be compared: the columns of a line that make up one row of the answer."""

from collections.abc import Mapping

# Every row also has month, legal entity and currency.
DIMENSIONS: Mapping[str, tuple[str, ...]] = {
    "cost_centre": ("cost_centre",),
    "person": ("person_id", "cost_centre"),
    "department": ("department", "site"),
    "site": ("site",),
    "usage_type": ("usage_type",),
    "plan": ("plan",),
}
