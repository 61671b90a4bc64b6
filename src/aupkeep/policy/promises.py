"""What a provider cannot take back: duties that hold as soon as a policy names them.

In: nothing. Out: tables from duties and clauses to what must go with them.
"""

from __future__ import annotations

from typing import Final

from aupkeep.base.clock import HOUR
from aupkeep.policy.model import Measure

#: Duties that hold as long as the policy names them: `enabled: false` is refused.
MANDATORY: Final = ("must-notify", "graduated", "dmca", "48-hours")

#: Duties that must go with a clause wherever a policy has that clause.
CLAUSE_DUTIES: Final = {"csam": ("must-notify",)}

#: Measures without which a duty is an empty word: reserved, and in each step that follows from it.
DUTY_MEASURES: Final = {"must-notify": (Measure.NOTIFY_AUTHORITY.value, Measure.PRESERVE.value)}

#: Duties that name their own clock: the longest `within` they allow, in microseconds.
LONGEST_WITHIN: Final = {"48-hours": 48 * HOUR}
