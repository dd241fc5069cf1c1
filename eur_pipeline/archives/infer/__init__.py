"""Proposes a dialect for archives of an unknown layout, from samples.

shapes    what a text looks like, and what a name suggests
survey    which elements there are, and which of them is the record
slots     where in the records texts stand
choice    which slot is which field, with reasons and doubts
kinds     what the records are about
proposal  the dialect's file, and the first records it reads
"""
