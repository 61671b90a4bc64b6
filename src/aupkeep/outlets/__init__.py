"""Doors out: one folder a power, channel or alarm; they do as told and say what they saw.

In: orders, letters, checkpoints. Out: changes in the world, and what a look at it shows. Never: a
decision, or a claim that was not looked at. `kinds` lists the powers.
"""
