"""Aupkeep keeps a hosting provider's acceptable use policy, from raw line to decided case."""

__version__ = "0.1.0"
