"""Trials of the detection engine on made-up days: what `aupkeep bench` measures.

In: the events and rules of `demo.hosting`. Out: a Parquet file, hits, findings and seconds.
"""
