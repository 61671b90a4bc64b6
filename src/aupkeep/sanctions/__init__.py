"""Stage 7: one measure on one target for one case.

In: a decision. Out: proposed sanctions and the moves that are allowed. Never: a door; powers are
handed in.
"""
