"""Stage 4: rules over rows.

In: attributed frames by kind, in order, and the state so far. Out: findings (openings, growth,
ends) and the new state. Never: a database, a file, a clock, a customer's name looked up.
"""
