"""Stage 7: one measure on one target for one case.

In: a decision, what is armed, what people say. Out: sanctions and the moves that are allowed; what
a power is asked and answers. Never: a door; powers are handed in by the flow.
"""
