"""Another tariff tried on months that were rated: what they would cost, beside what they cost.

Nothing of the project is changed by a trial. It reads the published database, and rates in a
database of its own, which is gone afterwards. Putting a tariff in place is `accepting.py`'s job.
"""

from eur_pipeline.billing.trial.comparison import Comparison, MonthCompared, Party, Sums, totals
from eur_pipeline.billing.trial.dimensions import DIMENSIONS
from eur_pipeline.billing.trial.trying import try_tariff

__all__ = [
    "DIMENSIONS",
    "Comparison",
    "MonthCompared",
    "Party",
    "Sums",
    "totals",
    "try_tariff",
]
