"""Stage 6: what the policy says to do about a case, and why.

In: policy, case, history, profile, instant. Out: a decision with its reasons as a tree. Never: a
side effect; the same arguments give the same decision.
"""
