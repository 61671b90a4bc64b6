"""Demo: a made-up pair of providers whose raw signals have known truth, and a live mail host.

In: a seed and an instant. Out: bytes as Postfix, OpenSSH, NetFlow exporters and reporters write
them, the holdings of the providers, and the truth about each customer; for what happens live, a
mail host that writes its log as it goes. Never: a clock of its own, and never a parser: this
package sees only `aupkeep.base`, so truth and what is tested against it share no code.
"""
