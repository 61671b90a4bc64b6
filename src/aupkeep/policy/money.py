"""Amounts of money: whole minor units of a currency, never a float.

In: an amount and a code of ISO 4217. Out: the amount as people write it. The codes are those in
use as legal tender; how many digits the minor unit has is the standard's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_TWO = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD "
    "CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ "
    "GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL "
    "MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR "
    "PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT "
    "TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW"
)
_THREE = "BHD IQD JOD KWD LYD OMR TND"

#: Code -> digits of its minor unit.
CURRENCIES: Final[Mapping[str, int]] = (
    dict.fromkeys(_NONE.split(), 0)
    | dict.fromkeys(_TWO.split(), 2)
    | dict.fromkeys(_THREE.split(), 3)
)


def written(amount: int, currency: str) -> str:
    """Return an amount in minor units as people write it: `500.00 SAR`, `-12 JPY`.

    Raises `KeyError` for a code that is no currency.
    """
    digits = CURRENCIES[currency]
    sign, whole = ("-" if amount < 0 else ""), abs(amount)
    if not digits:
        return f"{sign}{whole} {currency}"
    units, rest = divmod(whole, 10**digits)
    return f"{sign}{units}.{rest:0{digits}d} {currency}"
