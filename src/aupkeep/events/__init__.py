"""Stage 2: one row of a columnar schema for everything that happened.

In: parsed signals. Out: Polars frames by kind (`events.schema`), with ids, order and lateness;
what does not fit is counted and kept. Never: a customer, a rule, a file, a clock.
"""
