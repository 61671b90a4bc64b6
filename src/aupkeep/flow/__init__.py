"""The only joiner: the stream from bytes to findings, and one module an act.

In: settings, inlets, store. Out: acts, each with its entry in the record, in one transaction.
"""
