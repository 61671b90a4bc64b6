"""Stage 3: who had it at that instant.

In: event frames, holdings and profiles. Out: the same frames with customer, service, plan and how
sure that is. Never: a rule, a database, today's holder for yesterday's event.
"""
