"""Alarms to a web address of the operator's own: a chat, a pager."""

from aupkeep.outlets.webhook.post import Webhook

__all__ = ["Webhook"]
