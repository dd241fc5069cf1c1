"""Rows in the lake, and how they get there."""
