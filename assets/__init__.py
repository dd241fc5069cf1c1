"""The Dagster code location: what is materialised, when, and how it is checked."""
