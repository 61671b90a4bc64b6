"""Ground: read, check, explain and cover a policy folder.

In: the files of a folder as text. Out: a `Policy` value with a content hash, or every fault at
once. Never: a rule's meaning (detection has it), a database, a clock.
"""
