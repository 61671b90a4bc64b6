"""Stage 1: what came in, word for word, with where and when.

In: bytes from an inlet. Out: parsed lines, datagrams and reports, and what could not be read, with
the reason. Never: a customer, a rule, a file handle.
"""
