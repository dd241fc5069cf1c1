"""What usage is charged by: the directory of people and the tariff.

The SQL models do the charging; this room reads and checks what they charge by.
"""
