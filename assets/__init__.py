"""The Dagster code location: what is materialised, when, and how it is checked."""

import warnings

import dagster as dg

# The version is pinned, and backfill policies have been beta for long: one warning for every asset
# at every start would only hide those that matter.
warnings.filterwarnings("ignore", category=dg.BetaWarning)
