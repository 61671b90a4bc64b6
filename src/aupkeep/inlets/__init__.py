"""Doors in: one folder a source; they yield signals and nothing else.

In: files, journals, sockets. Out: blocks of bytes with their place. Never: a parsed field.
"""
