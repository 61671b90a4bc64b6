"""The web face: queue and case for analysts, notices for customers, the policy for everybody.

In: requests. Out: pages, rendered here, without a script. A view loads by `store.queries`, does at
most one act of `flow`, and renders; it never writes rows itself. `serving.application` builds the
ASGI application of one installation. Never: a decision, a file, a letter.
"""
