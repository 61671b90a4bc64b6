"""How many of the first events of the day each rule about single events hits.

In: nothing. Out: counts by number of events; they were computed once by plain Python.
"""

from __future__ import annotations

#: Number of events -> hits of R01, R02 and so on.
KNOWN: dict[int, tuple[int, ...]] = {
    20_000: (
        *(40, 0, 1830, 162, 118, 1937, 212, 1618, 3, 592),
        *(1, 280, 106, 295, 355, 58, 0, 0, 195, 34),
    ),
    1_000_000: (
        *(2198, 7, 87408, 8036, 5819, 99728, 11089, 81361, 313, 28746),
        *(20, 14106, 4750, 14183, 17274, 3939, 6, 49, 9097, 1985),
    ),
}


def known_hits(count: int) -> dict[str, int]:
    """Return the hits by rule on the first `count` events; nothing where they are not known."""
    return {f"R{number:02}": hits for number, hits in enumerate(KNOWN.get(count, ()), 1)}
