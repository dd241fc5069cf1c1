"""Rating: generated worlds, and an independent computation of what they have to cost."""
