"""`python -m aupkeep` is the command `aupkeep`."""

from aupkeep.cli import main

main()
