"""The fast way to read flat dialects: whole columns at a time, or not at all."""
