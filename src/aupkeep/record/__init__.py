"""Stage 8: the append-only, hash-chained account.

In: what each act did, as plain values. Out: canonical entries, a chain a provider, verification.
Never: a change to an entry that exists.
"""
