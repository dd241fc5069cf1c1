"""Invoices and credit notes: drawn up from the models, numbered, and filed for ever.

The rules are in docs/invoices.md. What a month costs is found by the models alone.
"""
