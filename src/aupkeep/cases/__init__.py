"""Stage 5: findings about one customer and one clause, with a clock.

In: findings and the cases that are open. Out: cases opened or added to. Never: a frame, a measure,
a database, the present.
"""
