"""Public Sigma rules made our own: other names of fields, our kinds of events, tests made for them.

In: the text of public rules and a clause. Out: documents of a policy's rule files in the strict
form, or the reasons why a rule cannot be taken.
"""
