"""Damaged and hostile archives without end: `make fuzz`, and a short form among the tests."""
