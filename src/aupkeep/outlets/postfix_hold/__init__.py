"""The power `hold_mail` at a Postfix: an access map, verified by asking, undone line by line."""

from aupkeep.outlets.postfix_hold.power import PostfixHold, main_cf_lines

__all__ = ["PostfixHold", "main_cf_lines"]
