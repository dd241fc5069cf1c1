"""Dagster resources: each knows the project's path and hands out one part of the core."""
