"""Ground: errors with places, instants and ids as values, canonical JSON and hashes.

In: nothing. Out: words that every stage may use. Never: a clock, a file, a network, a database.
"""
